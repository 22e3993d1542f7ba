// What is open while the program runs, and how it closes: in reverse, drained first.

import type { Redis } from "ioredis";
import { connectDatabase, type Database } from "#db/connect.ts";
import { type QueueName, queueList } from "#queues/index.ts";
import { connectForAdding, connectForWork, waitForRedis } from "#queues/redis.ts";
import { openAtOnce } from "./at-once.ts";
import { type Broadcasting, openBroadcasting } from "./broadcasting.ts";
import { type Inbox, openInbox } from "./inbox/accept.ts";
import { type Lease, openLease } from "./inbox/lease.ts";
import type { RowKey } from "./inbox/line.ts";
import { type Clock, systemClock } from "./kernel/clock.ts";
import type { Config } from "./kernel/config.ts";
import { reasonOf } from "./kernel/errors.ts";
import { closeWithin } from "./kernel/life.ts";
import { limits } from "./kernel/limits.ts";
import type { Log } from "./kernel/log.ts";
import type { Keyring } from "./kernel/secret.ts";
import { startMonitoring } from "./monitoring.ts";
import { endDeliveries } from "./payments/deliveries.ts";
import { payerPlace } from "./payments/payer.ts";
import { openPayments, type Payments } from "./payments/payments.ts";
import { openPerformer, type Performer } from "./perform.ts";
import { openProcessor, type Processor } from "./process.ts";
import { startSweeping } from "./sweeping.ts";
import { type Bots, openBots } from "./telegram/bots.ts";
import { openConversation } from "./telegram/conversation.ts";
import { openMedia } from "./telegram/media.ts";
import { openPace } from "./telegram/pace.ts";
import type { TelegramUpdate } from "./telegram/update.ts";
import { type Giver, openGiver, openQueues, type Queues, startWorkers } from "./work.ts";

export type App = {
  config: Config;
  log: Log;
  clock: Clock;
  sql: Database;
  /** All its connections to PostgreSQL, by what they are for. */
  pools: Record<"line" | "door" | "at_once" | "lease", Database>;
  redis: Redis;
  queues: Queues;
  lease: Lease;
  bots: Bots;
  inbox: Pick<Inbox<TelegramUpdate>, "accept" | "waiting" | "idle">;
  processor: Processor;
  performer: Performer;
  payments: Payments;
  giver: Giver;
  /** In processes that work on `tasks`. */
  broadcasting: Broadcasting | undefined;
  [Symbol.asyncDispose](): Promise<void>;
};

export type AppOptions = {
  config: Config & { databaseUrl: string; redisUrl: string };
  keyring: Keyring;
  log: Log;
  clock?: Clock;
  /** Queues that this process works on. */
  workers: readonly QueueName[];
  /** Processes that share the work, for the parts of a rate that fall to each. */
  processes?: number;
  /** Namespace of the queues in Redis; a Redis Cluster keeps what is in braces on one node. Default `{grimbots}`. */
  prefix?: string;
  /** Whether to sweep, to look for broadcasts, and to watch, by itself. Default true. */
  sweeps?: boolean;
  /** Updates are fetched, in whatever process: no bot has a webhook. Default false. */
  polls?: boolean;
};

export async function openApp(options: AppOptions): Promise<App> {
  const {
    config,
    keyring,
    log,
    clock = systemClock,
    workers,
    processes = 1,
    prefix = "{grimbots}",
    sweeps = true,
    polls = false,
  } = options;
  const ending = new AbortController();
  const { signal } = ending;
  const sql = connectDatabase(config.databaseUrl);
  // The lease has a connection of its own: however busy the others are, it is renewed in time.
  // So do notices of payments: what is being settled is not in their way.
  const door = connectDatabase(config.databaseUrl, { connections: limits.doorConnections });
  // What is decided at once goes over connections of its own: their server processes, always the same, have all of it at hand.
  const atOnceSql = connectDatabase(config.databaseUrl, { connections: limits.atOnceConnections });
  const pulse = connectDatabase(config.databaseUrl, { connections: 1 });
  const lease = await openLease(pulse, log, () => performance.now(), keyring.keyIds);
  const bots = await openBots({ sql, keyring, apiRoot: config.telegramApiRoot, log });
  const redis = connectForAdding(config.redisUrl, log);
  await waitForRedis(redis, limits.redisStartMs);
  const queues = openQueues({ redis, prefix, log });

  const giver = openGiver(queues, log);
  const payments = openPayments({
    ...{ sql, doorSql: door, clock, log, keyring, signal },
    // Asked each time: who listens on any free port knows its address only then.
    publicUrl: () => config.publicUrl,
    splitRecipients: config.commissionRecipients,
    botUrl: async (botId) => (await bots.find(botId))?.apiUrl(),
    onFacts(rows) {
      processor
        .process(rows)
        .catch((error) => log.error({ fact: "process.failed", reason: reasonOf(error) }, "facts were not processed"));
    },
    onNotices: (ids) =>
      void giver.giveNotices(ids).then((taken) => (taken ? undefined : payments.work({ notices: ids }))),
  });
  const media = openMedia(sql, log);
  const pace = openPace({ share: 1 / processes });
  const performer = openPerformer({
    ...{ sql, lease, clock, log, bots, media, pace, signal },
    doRequests: payments.doRequests,
    endDeliveries: (rows) => endDeliveries(sql, rows, clock.now()),
  });
  const conversation = openConversation({
    ...{ sql, bots, mayPay: payments.mayPay },
    seal: (botId, chatId, value) => keyring.seal(value, payerPlace(botId, chatId)),
  });
  const enqueueRequests = (rows: RowKey[]) =>
    void giver.giveRequests(rows).then((taken) => (taken ? undefined : payments.doRequests(rows)));
  const processor = openProcessor({
    sql,
    lease,
    clock,
    log,
    conversation,
    performer,
    enqueueRequests,
    signal,
  });
  const hasRoom = () => processor.waiting() < limits.processWaiting && performer.waiting() < limits.sendsWaiting;
  const longWay = openInbox<TelegramUpdate>({
    sql,
    owner: lease.id,
    clock,
    log,
    hasRoom,
    adopt: performer.adoptRows,
    onKept(atOnce, later) {
      if (later.length > 0) void giver.giveRows(later);
      processor
        .process(atOnce)
        .catch((error) => log.error({ fact: "process.failed", reason: reasonOf(error) }, "rows were not processed"));
    },
  });

  const atOnce = openAtOnce({
    sql: atOnceSql,
    lease,
    clock,
    log,
    inbox: longWay,
    conversation,
    performer,
    enqueueRequests,
  });
  // People whose answer is on its way to its first message.
  let answering = 0;
  const answer: App["inbox"]["accept"] = (arrival) => {
    answering += 1;
    return atOnce.accept(arrival).finally(() => {
      answering -= 1;
    });
  };
  const inbox: App["inbox"] = {
    accept: (arrival) => (arrival.atOnce && hasRoom() ? answer(arrival) : longWay.accept(arrival)),
    waiting: () => atOnce.waiting() + longWay.waiting(),
    async idle() {
      await atOnce.idle();
      await longWay.idle();
    },
  };

  const broadcasting = workers.includes("tasks")
    ? openBroadcasting({
        ...{ sql, lease, clock, log, bots, media, pace, signal, byItself: sweeps },
        isAsked: () => answering > 0,
      })
    : undefined;
  const app: Omit<App, typeof Symbol.asyncDispose> = {
    config,
    log,
    clock,
    sql,
    pools: { line: sql, door, at_once: atOnceSql, lease: pulse },
    redis,
    queues,
    lease,
    bots,
    inbox,
    processor,
    performer,
    payments,
    giver,
    broadcasting,
  };
  const workRedis = workers.length > 0 ? connectForWork(config.redisUrl, log) : undefined;
  const work = workRedis && startWorkers(app, workers, { redis: workRedis, prefix });
  const sweeping = sweeps ? startSweeping(app) : undefined;
  const monitoring = sweeps ? await startMonitoring(app, { workers, polls, byItself: true }) : undefined;

  return {
    ...app,
    async [Symbol.asyncDispose]() {
      const close = (name: string, ms: number, part: () => Promise<unknown>) => closeWithin(name, ms, log, part);
      await close("monitoring", 1_000, async () => monitoring?.stop());
      await close("sweep", 1_000, async () => sweeping?.stop());
      await Promise.all([
        close("workers", limits.drainMs * 0.3, async () => work?.close()),
        close("broadcasts", limits.drainMs * 0.4, async () => broadcasting?.close()),
      ]);
      await close("line", limits.drainMs / 2, async () => {
        await inbox.idle();
        await payments.idle();
        await processor.idle();
        await performer.idle();
      });
      // From here on no send begins; those under way end and are marked while the lease still holds.
      ending.abort();
      await close("sends", limits.drainMs * 0.15, () => performer.idle());
      longWay.close();
      await close("queues", 1_000, () => queues.close());
      redis.disconnect();
      workRedis?.disconnect();
      await close("bots", 1_000, () => bots.close());
      await close("lease", 1_000, () => lease.close());
      await close("database", 2_000, () =>
        Promise.all([sql, door, atOnceSql, pulse].map((pool) => pool.end({ timeout: 1 }))),
      );
    },
  };
}

/** The names of all queues, in order of urgency. */
export const allQueues: readonly QueueName[] = queueList.map((queue) => queue.name);
