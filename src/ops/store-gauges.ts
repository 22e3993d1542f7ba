// Metrics of PostgreSQL, Redis, the queues and the disk that are read when somebody asks.

import { statfs } from "node:fs/promises";
import type { Gauge } from "prom-client";
import { queueList } from "#queues/index.ts";
import type { App } from "../app.ts";
import { metrics } from "../kernel/metrics.ts";
import { readRedisMemory } from "./redis-memory.ts";

/** The gauges that each part sets. */
export const queueGauges = [metrics.queueDepth, metrics.queueOldest, metrics.queueWorkers];
export const redisGauges = [metrics.redisPolicyOk, metrics.redisMemory, metrics.redisMemoryMax];
export const diskGauges = [metrics.diskFree, metrics.diskSize];
export const databaseGauges = [
  ...[metrics.databaseConnections, metrics.databaseConnectionsUsed, metrics.databaseConnectionsMax],
  ...[metrics.databaseBytes, metrics.clockSkew],
];

export async function readQueues({ queues, clock }: Pick<App, "queues" | "clock">): Promise<void> {
  await Promise.all(
    queueList.map(async ({ name }) => {
      const queue = queues[name];
      const [counts, oldest, workers] = await Promise.all([queue.counts(), queue.oldestWaiting(), queue.workers()]);
      for (const [state, jobs] of Object.entries(counts)) metrics.queueDepth.set({ queue: name, state }, jobs);
      const ageMs = oldest ? clock.now().getTime() - oldest.getTime() : 0;
      metrics.queueOldest.set({ queue: name }, Math.max(0, ageMs) / 1_000);
      metrics.queueWorkers.set({ queue: name }, workers);
    }),
  );
}

export async function readRedis({ redis }: Pick<App, "redis">): Promise<void> {
  const { usedBytes, limitBytes, policy } = await readRedisMemory(redis);
  metrics.redisUp.set(1);
  setOrForget(metrics.redisMemory, usedBytes);
  setOrForget(metrics.redisMemoryMax, limitBytes);
  setOrForget(metrics.redisPolicyOk, policy === undefined ? undefined : Number(policy === "noeviction"));
}

/** What was not told has no value, rather than an old one or 0. */
function setOrForget(gauge: Gauge, value: number | undefined): void {
  gauge.remove({});
  if (value !== undefined) gauge.set(value);
}

/** PostgreSQL looks at every file of the database for its size. */
const SIZE_EVERY_MS = 60_000;

type Server = { now: Date; used: number; max: number };

/** Opens the reading of PostgreSQL itself. Its clock is compared with this machine's own, whatever clock the program is given. */
export function openDatabaseReading({ sql }: Pick<App, "sql">): () => Promise<void> {
  let sizedMs = Number.NEGATIVE_INFINITY;

  async function readSize(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - sizedMs < SIZE_EVERY_MS) return;
    const [row] = await sql<{ bytes: number }[]>`SELECT pg_database_size(current_database()) AS bytes`;
    sizedMs = nowMs;
    metrics.databaseBytes.set(row?.bytes ?? 0);
  }

  return async () => {
    const askedMs = Date.now();
    const [server] = await sql<Server[]>`
      SELECT clock_timestamp() AS now, count(*)::int AS used, current_setting('max_connections')::int AS max
      FROM pg_stat_activity WHERE backend_type = 'client backend'`;
    metrics.clockSkew.set(((askedMs + Date.now()) / 2 - (server?.now.getTime() ?? askedMs)) / 1_000);
    metrics.databaseUp.set(1);
    metrics.databaseConnectionsUsed.set(server?.used ?? 0);
    metrics.databaseConnectionsMax.set(server?.max ?? 0);
    const states = await sql<{ state: string | null; connections: number }[]>`
      SELECT state, count(*)::int AS connections FROM pg_stat_activity WHERE application_name = 'grimbots' GROUP BY state`;
    metrics.databaseConnections.reset();
    for (const { state, connections } of states)
      metrics.databaseConnections.set({ state: state ?? "unknown" }, connections);
    await readSize();
  };
}

export async function readDisk({ config }: Pick<App, "config">): Promise<void> {
  const { bavail, blocks, bsize } = await statfs(config.dataDir);
  metrics.diskFree.set(bavail * bsize);
  metrics.diskSize.set(blocks * bsize);
}
