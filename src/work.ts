// LIST of job kinds → what runs; and the way rows and effects are given to their queues.

import type { Redis } from "ioredis";
import { dropOldSlots, openSlot } from "#db/slots.ts";
import { clock, rhythm } from "#queues/clock.ts";
import { gateway } from "#queues/gateway.ts";
import { type QueueName, queueList } from "#queues/index.ts";
import type { RowKeys } from "#queues/keys.ts";
import { type HandlersOf, type OpenQueue, openQueue, openWorker } from "#queues/queue.ts";
import { tasks } from "#queues/tasks.ts";
import { webhook } from "#queues/webhook.ts";
import type { App } from "./app.ts";
import type { RowKey } from "./inbox/line.ts";
import { batch } from "./kernel/batch.ts";
import { reasonOf } from "./kernel/errors.ts";
import type { ChargeId, NoticeId, OrderId, RowId, Slot } from "./kernel/ids.ts";
import { limits } from "./kernel/limits.ts";
import type { Log } from "./kernel/log.ts";
import { endForgottenDeliveries } from "./payments/deliveries.ts";
import type { DuePayments } from "./payments/payments.ts";
import { reconcileDue } from "./payments/reconcile.ts";

type Handlers = HandlersOf<typeof queueList>;
type Doing = Pick<App, "processor" | "performer" | "payments" | "sql" | "clock" | "log">;

/** Job kind → what runs. */
function handlersOf({ processor, performer, payments, sql, clock, log }: Doing): Handlers {
  const processRows = (data: RowKeys) => processor.processKeys(keysOf(data));
  const performFresh = (data: RowKeys) => performer.performRows(keysOf(data), "fresh");
  const performDue = (data: RowKeys) => performer.performRows(keysOf(data), "due");
  return {
    tasks: { "rows.process": processRows, "effects.retry": performDue },
    webhook: { "notices.settle": ({ ids }) => payments.work({ notices: ids as NoticeId[] }) },
    gateway: {
      "requests.do": performFresh,
      "orders.charge": ({ ids }) => payments.work({ orders: ids as OrderId[] }),
      "charges.ask": ({ ids }) => payments.work({ charges: ids as ChargeId[] }),
      "charges.refund": ({ ids }) => payments.work({ refunds: ids as ChargeId[] }),
    },
    clock: {
      async "slots.turn"() {
        const opened = await openSlot(sql, clock.now());
        const dropped = await dropOldSlots(sql);
        if (opened || dropped.length > 0)
          log.info({ fact: "slots.turned", opened, dropped }, "inbox partitions turned");
      },
      async "processes.forget"() {
        await sql`DELETE FROM process WHERE beat_at < clock_timestamp() - interval '1 day'`;
      },
      async "deliveries.check"() {
        await endForgottenDeliveries(sql, clock.now());
      },
      async "books.reconcile"() {
        await reconcileDue(payments.context);
      },
    },
  };
}

const keysOf = (data: RowKeys): RowKey[] => data.rows.map(([slot, id]) => ({ slot: slot as Slot, id: id as RowId }));

export type Queues = {
  tasks: OpenQueue<typeof tasks.jobs>;
  webhook: OpenQueue<typeof webhook.jobs>;
  gateway: OpenQueue<typeof gateway.jobs>;
  clock: OpenQueue<typeof clock.jobs>;
  close(): Promise<void>;
};

export function openQueues(options: { redis: Redis; prefix: string; log: Log }): Queues {
  const open = {
    tasks: openQueue(tasks, options),
    webhook: openQueue(webhook, options),
    gateway: openQueue(gateway, options),
    clock: openQueue(clock, options),
  };
  return { ...open, close: async () => void (await Promise.all(Object.values(open).map((queue) => queue.close()))) };
}

/** Starts the workers of the named queues. */
export function startWorkers(
  app: Doing,
  names: readonly QueueName[],
  options: { redis: Redis; prefix: string },
): { close(): Promise<void> } {
  const handlers = handlersOf(app);
  const workers = queueList
    .filter((queue) => names.includes(queue.name))
    .map((queue) => openWorker(queue, handlers[queue.name], { ...options, log: app.log }));
  return { close: async () => void (await Promise.all(workers.map((worker) => worker.close()))) };
}

export type Giver = {
  /** Gives rows to their queue; false when Redis is away (the rows are safe, the sweep comes back to them). Never throws. */
  giveRows(rows: RowKey[]): Promise<boolean>;
  /** The same for effects that the sweep found: also those whose time to be tried again has come. */
  giveDueEffects(rows: RowKey[]): Promise<boolean>;
  /** The same for rows with requests for payments. */
  giveRequests(rows: RowKey[]): Promise<boolean>;
  giveNotices(ids: NoticeId[]): Promise<boolean>;
  /** Payment work that is due; returns what no queue took. */
  givePayments(due: DuePayments): Promise<Partial<DuePayments>>;
};

export function openGiver(queues: Queues, log: Log): Giver {
  async function give<Item>(items: Item[], add: (some: Item[]) => Promise<void>): Promise<boolean> {
    try {
      for (let from = 0; from < items.length; from += limits.jobIds) await add(items.slice(from, from + limits.jobIds));
      return true;
    } catch (error) {
      log.debug(
        { fact: "queue.refused", items: items.length, reason: reasonOf(error) },
        "Redis took no job; the sweep will",
      );
      return false;
    }
  }

  const pairsOf = (rows: RowKey[]): RowKeys => ({ rows: rows.map(({ slot, id }) => [slot, id]) });
  const giveTask = (kind: keyof typeof tasks.jobs, rows: RowKey[]): Promise<boolean> =>
    give(rows, (some) => queues.tasks.add(kind, pairsOf(some)));
  const giveAsk = (kind: "orders.charge" | "charges.ask" | "charges.refund", ids: number[]): Promise<boolean> =>
    give(ids, (some) => queues.gateway.add(kind, { ids: some }));

  /** One job for what gathers in a while: a job costs more than the row that it carries. */
  const processing = batch<RowKey, boolean>({
    maxItems: limits.jobIds,
    spacingMs: limits.processSpacingMs,
    run: async (rows) => {
      const taken = await giveTask("rows.process", rows);
      return rows.map(() => taken);
    },
  });
  const all = async (taken: Promise<boolean>[]): Promise<boolean> => (await Promise.all(taken)).every(Boolean);

  return {
    giveRows: (rows) => all(rows.map(processing.add)),
    giveDueEffects: (rows) => giveTask("effects.retry", rows),
    // A person waits: each goes at once, and people in one job would wait for one another.
    giveRequests: async (rows) =>
      all(rows.map((row) => give([row], (some) => queues.gateway.add("requests.do", pairsOf(some))))),
    giveNotices: (ids) => give(ids, (some) => queues.webhook.add("notices.settle", { ids: some })),
    async givePayments({ notices, orders, charges, refunds }) {
      const left: Partial<DuePayments> = {};
      if (!(await give(notices, (some) => queues.webhook.add("notices.settle", { ids: some })))) left.notices = notices;
      if (!(await giveAsk("orders.charge", orders))) left.orders = orders;
      if (!(await giveAsk("charges.ask", charges))) left.charges = charges;
      if (!(await giveAsk("charges.refund", refunds))) left.refunds = refunds;
      return left;
    },
  };
}

/** Makes the clock's recurring jobs exist, also after Redis was emptied. */
export async function keepRhythm(queues: Queues): Promise<void> {
  for (const [kind, everyMs] of Object.entries(rhythm))
    await queues.clock.every(kind as keyof typeof rhythm, {}, everyMs);
}
