// Metrics of the stores, PostgreSQL and Redis, and of the queues that stand in Redis.

import { Gauge } from "prom-client";
import { openCounter, openHistogram } from "./hot.ts";
import { ofAll, ofProcess } from "./registries.ts";

const registers = [ofProcess];
const shared = [ofAll];

export const storeMetrics = {
  queueDepth: new Gauge({
    name: "grimbots_queue_jobs",
    help: "Jobs by queue and state.",
    labelNames: ["queue", "state"],
    registers: shared,
  }),
  queueOldest: new Gauge({
    name: "grimbots_queue_oldest_seconds",
    help: "Age of the oldest waiting job; 0 when none waits.",
    labelNames: ["queue"],
    registers: shared,
  }),
  queueWorkers: new Gauge({
    name: "grimbots_queue_workers",
    help: "Processes that work on a queue now.",
    labelNames: ["queue"],
    registers: shared,
  }),
  jobs: openHistogram({
    name: "grimbots_job_seconds",
    help: "Jobs done by queue, kind and outcome: done, failed.",
    labelNames: ["queue", "job", "outcome"],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10],
    registers,
  }),
  jobsStalled: openCounter({
    name: "grimbots_jobs_stalled_total",
    help: "Jobs whose worker fell silent, so that they were given out again, by queue.",
    labelNames: ["queue"],
    registers,
  }),
  databaseUp: new Gauge({
    name: "grimbots_database_up",
    help: "Whether PostgreSQL answered the last reading: 1 or 0.",
    registers: shared,
  }),
  databaseConnections: new Gauge({
    name: "grimbots_database_connections",
    help: "PostgreSQL connections of this program on the server, by state.",
    labelNames: ["state"],
    registers: shared,
  }),
  databaseConnectionsUsed: new Gauge({
    name: "grimbots_database_connections_used",
    help: "PostgreSQL connections of everybody on the server.",
    registers: shared,
  }),
  databaseConnectionsMax: new Gauge({
    name: "grimbots_database_connections_max",
    help: "PostgreSQL connections that the server allows (max_connections).",
    registers: shared,
  }),
  databaseBytes: new Gauge({
    name: "grimbots_database_bytes",
    help: "Size of the database, read once a minute.",
    registers: shared,
  }),
  databaseRoundTrip: new Gauge({
    name: "grimbots_database_roundtrip_seconds",
    help: "How long the least statement takes in each pool of this process, its wait for a connection included.",
    labelNames: ["pool"],
    registers,
  }),
  clockSkew: new Gauge({
    name: "grimbots_clock_skew_seconds",
    help: "How far this machine's clock is ahead of PostgreSQL's; half of the round trip is in doubt.",
    registers: shared,
  }),
  redisUp: new Gauge({
    name: "grimbots_redis_up",
    help: "Whether Redis answered the last reading: 1 or 0.",
    registers: shared,
  }),
  redisPolicyOk: new Gauge({
    name: "grimbots_redis_noeviction",
    help: "Whether Redis has maxmemory-policy noeviction, as the queues need it: 1 or 0.",
    registers: shared,
  }),
  redisMemory: new Gauge({
    name: "grimbots_redis_memory_bytes",
    help: "Memory that Redis uses.",
    registers: shared,
  }),
  redisMemoryMax: new Gauge({
    name: "grimbots_redis_memory_max_bytes",
    help: "Memory that Redis may use (maxmemory); 0 = no bound.",
    registers: shared,
  }),
};
