// The short way for /start and buttons: decided before it is kept, and kept, decided and saved in one commit. Whatever goes wrong here, the
// update takes the long way (accept → process) instead; nothing is answered 200 that is not committed.

import type { Database } from "#db/connect.ts";
import { decideBatch, giveOut } from "./deciding.ts";
import type { Inbox } from "./inbox/accept.ts";
import { saveArrivals, takeNumbers } from "./inbox/decisions.ts";
import type { Lease } from "./inbox/lease.ts";
import type { Arrival, RowKey } from "./inbox/line.ts";
import { mayHaveCommitted } from "./inbox/uncertain.ts";
import { type Batcher, batch } from "./kernel/batch.ts";
import type { Clock } from "./kernel/clock.ts";
import { RejectedError, reasonOf } from "./kernel/errors.ts";
import type { RowId, Slot } from "./kernel/ids.ts";
import { limits } from "./kernel/limits.ts";
import { type Log, redactTokens } from "./kernel/log.ts";
import { metrics } from "./kernel/metrics.ts";
import { within } from "./kernel/within.ts";
import type { Performer } from "./perform.ts";
import type { Processor } from "./process.ts";
import type { Conversation, TelegramRow } from "./telegram/conversation.ts";
import type { TelegramUpdate } from "./telegram/update.ts";

type TelegramArrival = Arrival<TelegramUpdate>;

export type AtOnce = Pick<Inbox<TelegramUpdate>, "accept" | "waiting" | "idle">;

export function openAtOnce(options: {
  sql: Database;
  lease: Lease;
  clock: Clock;
  log: Log;
  inbox: Inbox<TelegramUpdate>;
  conversation: Conversation;
  performer: Performer;
  processor: Processor;
  enqueueRequests: (rows: RowKey[]) => void;
}): AtOnce {
  const { sql, lease, clock, log, inbox, conversation, processor } = options;

  /** For each arrival: whether it is kept; those that are not take the long way. */
  async function keepAndDecide(arrivals: TelegramArrival[]): Promise<boolean[]> {
    // Two of one chat in a batch would have to know each other's numbers; the second one takes the long way, behind the first.
    const chosen = firstOfEach(arrivals);
    try {
      await keepChosen([...chosen]);
      return arrivals.map((arrival) => chosen.has(arrival));
    } catch (error) {
      // Expected when one of them was kept before. When the connection broke, it may be kept now, and its effects name us.
      if (mayHaveCommitted(error)) inbox.watch([...chosen]);
      log.debug(
        { fact: "at_once.refused", updates: chosen.size, reason: redactTokens(reasonOf(error)) },
        "taking the long way",
      );
      return arrivals.map(() => false);
    }
  }

  async function keepChosen(arrivals: TelegramArrival[]): Promise<void> {
    const beganMs = performance.now();
    const now = clock.now();
    const rows: TelegramRow[] = arrivals.map((arrival) => ({
      ...arrival,
      slot: 0 as Slot,
      id: 0 as RowId,
      attempts: 0,
    }));
    const prepared = await conversation.prepare(rows);
    const [{ slot, ids }, people] = await Promise.all([takeNumbers(sql, rows.length), conversation.load(prepared)]);
    for (const [index, row] of rows.entries()) Object.assign(row, { slot, id: ids[index] });
    const decisions = decideBatch({ conversation, lease }, prepared, people, now);
    // The sweep's mark trusts that a number is committed soon after it was taken, or never.
    if (performance.now() - beganMs > limits.acceptTimeoutMs) throw new Error("the numbers are too old");
    const saved = await saveArrivals(sql, withContent(decisions.document, arrivals), lease.id, now);
    metrics.updatesKept.inc(rows.length);
    giveOut(options, decisions, saved);
    const left = rows.filter((row) => !saved.has(row.id));
    processor
      .process(left)
      .catch((error) => log.error({ fact: "process.failed", reason: reasonOf(error) }, "rows were not processed"));
  }

  const batcher: Batcher<TelegramArrival, boolean> = batch({
    maxItems: limits.acceptBatchRows,
    maxWaiting: limits.acceptWaiting,
    spacingMs: limits.atOnceSpacingMs,
    run: keepAndDecide,
  });

  return {
    async accept(arrival) {
      // The commit may still come after we gave up on it: then all is given out as ever, and the sender's repeat is no news.
      const isKept = await within(limits.acceptTimeoutMs, batcher.add(arrival), tooLate);
      if (!isKept) await inbox.accept(arrival);
    },
    waiting: batcher.waiting,
    idle: batcher.idle,
  };
}

function firstOfEach(arrivals: TelegramArrival[]): Set<TelegramArrival> {
  const first = new Map<string, TelegramArrival>();
  for (const arrival of arrivals) {
    const { message, callback_query: tap, pre_checkout_query: checkout } = arrival.update;
    const name = `${arrival.botId}:${message?.chat.id ?? (tap ?? checkout)?.from.id}`;
    if (!first.has(name)) first.set(name, arrival);
  }
  return new Set(first.values());
}

/** The document's rows are in the order of the arrivals. */
function withContent(document: ReturnType<typeof decideBatch>["document"], arrivals: TelegramArrival[]) {
  const rows = document.rows.map((row, index) => {
    const arrival = arrivals[index] as TelegramArrival;
    const { botId: bot_id, updateId: update_id, body, receivedAt: received_at } = arrival;
    return { ...row, bot_id, update_id, body, received_at };
  });
  return { ...document, rows };
}

const tooLate = (): Error =>
  new RejectedError(503, "The update could not be kept; send it again.", limits.retryAfterSeconds);
