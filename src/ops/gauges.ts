// Metrics that are read when somebody asks: queues, what waits, payments, connections, memory, event loop. A part that is away leaves its
// last value out rather than a wrong one.

import { monitorEventLoopDelay } from "node:perf_hooks";
import { queueList } from "#queues/index.ts";
import type { App } from "../app.ts";
import { metrics } from "../kernel/metrics.ts";
import { readPaymentGauges } from "./payment-gauges.ts";

export type Gauges = { read(): Promise<void> };

export function openGauges(app: App): Gauges {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  return {
    async read() {
      readProcess(app, delay);
      await Promise.all(
        [readQueues(app), readDatabase(app), readPaymentGauges(app)].map((part) =>
          part.catch((error) => app.log.debug({ fact: "gauges.missed", err: error }, "a part is away")),
        ),
      );
    },
  };
}

function readProcess({ inbox, processor, performer }: App, delay: ReturnType<typeof monitorEventLoopDelay>): void {
  metrics.inMemory.set({ place: "accept" }, inbox.waiting());
  metrics.inMemory.set({ place: "process" }, processor.waiting());
  metrics.inMemory.set({ place: "perform" }, performer.waiting());
  metrics.residentBytes.set(process.memoryUsage.rss());
  metrics.eventLoopLag.set({ quantile: "0.5" }, delay.percentile(50) / 1e9);
  metrics.eventLoopLag.set({ quantile: "0.99" }, delay.percentile(99) / 1e9);
  metrics.eventLoopLag.set({ quantile: "1" }, delay.max / 1e9);
  delay.reset();
}

async function readQueues({ queues, clock }: App): Promise<void> {
  for (const { name } of queueList) {
    const queue = queues[name];
    for (const [state, jobs] of Object.entries(await queue.counts()))
      metrics.queueDepth.set({ queue: name, state }, jobs);
    const oldest = await queue.oldestWaiting();
    metrics.queueOldest.set({ queue: name }, oldest ? (clock.now().getTime() - oldest.getTime()) / 1_000 : 0);
  }
}

async function readDatabase({ sql, clock }: App): Promise<void> {
  const [row] = await sql<{ undone: number; oldest: Date | null; pending: number; revoked: number }[]>`
    SELECT (SELECT count(*)::int FROM slot JOIN inbox ON inbox.slot = slot.slot AND inbox.id > swept_row_id AND done_at IS NULL) AS undone,
      (SELECT min(received_at) FROM slot JOIN inbox ON inbox.slot = slot.slot AND inbox.id > swept_row_id AND done_at IS NULL) AS oldest,
      (SELECT count(*)::int FROM slot JOIN effect ON effect.slot = slot.slot AND row_id > swept_effect_row_id AND state = 'pending') AS pending,
      (SELECT count(*)::int FROM bot WHERE status = 'token_revoked') AS revoked`;
  metrics.inboxUndone.set({ measure: "rows" }, row?.undone ?? 0);
  metrics.inboxUndone.set(
    { measure: "oldest_seconds" },
    row?.oldest ? (clock.now().getTime() - row.oldest.getTime()) / 1_000 : 0,
  );
  metrics.effectsPending.set(row?.pending ?? 0);
  metrics.botsRevoked.set(row?.revoked ?? 0);
  const states = await sql<{ state: string | null; connections: number }[]>`
    SELECT state, count(*)::int AS connections FROM pg_stat_activity WHERE application_name = 'grimbots' GROUP BY state`;
  metrics.databaseConnections.reset();
  for (const { state, connections } of states)
    metrics.databaseConnections.set({ state: state ?? "unknown" }, connections);
}
