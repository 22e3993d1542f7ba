// The benchmark of doing nothing: size of the executable, and memory, CPU and connections of a program that waits.

import { statSync } from "node:fs";
import { Redis } from "ioredis";
import { queueList } from "#queues/index.ts";
import { limits } from "#src/kernel/limits.ts";
import type { Bench } from "./bench.ts";
import { cpuBetween, readCpu, residentBytes, takenByOthers } from "./cpu.ts";
import type { BenchResult } from "./result.ts";
import { bounds, commonFlags, QUICK, runBench, secondsFlag, tell } from "./run.ts";
import type { OpenStage } from "./stage.ts";
import { atMost } from "./targets.ts";
import { megabytes, percent, sharesOf } from "./words.ts";

/** One for the lease and one that listens come on top of the pool. */
const DATABASE_CONNECTIONS = limits.databaseConnections + 2;
/** Two, and one for each queue worked on. */
const REDIS_CONNECTIONS = 2 + queueList.length;
const RESIDENT_MB = 250;
/** What the start has left to do is done by then. */
const SETTLE_MS = 2_000;

export const footprint: Bench = {
  name: "footprint",
  summary: "size of the executable; memory, CPU by process and connections while nothing happens.",
  flags: [
    { ...secondsFlag, means: "How long it is watched. Default: 20." },
    { ...QUICK, means: "Watched for 5 seconds." },
    ...commonFlags,
  ],
  run(flags, lent) {
    const seconds = flags.number("seconds", bounds.seconds) ?? (flags.has("quick") ? 5 : 20);
    return runBench({
      ...{ bench: "footprint", flags, lent, bots: 1, processes: 1, mostMs: (seconds + 60) * 1_000 },
      measure: async (stage, show) => show(await measureIdle(stage, seconds)),
    });
  },
};

async function measureIdle(stage: OpenStage, seconds: number): Promise<BenchResult> {
  await Bun.sleep(SETTLE_MS);
  tell(`Watching for ${seconds} s …`);
  const before = readCpu(stage.roots());
  await Bun.sleep(seconds * 1_000);
  const cpu = cpuBetween(before, readCpu(stage.roots()));
  const resident = Object.values(residentBytes(stage.roots().application ?? 0)).reduce((sum, one) => sum + one, 0);
  const bytes = statSync(stage.program[0]).size;
  const database = await countDatabase(stage);
  const redis = await countRedis(stage.redisUrl);
  return {
    title: `idle for ${seconds} s`,
    lines: [
      ["executable", megabytes(bytes)],
      ["memory", megabytes(resident)],
      ["CPU", `${sharesOf(cpu.parts)} of a core`],
      ["CPU of others", percent(takenByOthers(cpu))],
      ["connections", `${database} to PostgreSQL, ${redis} to Redis`],
    ],
    targets: [
      atMost("memory, idle", resident / 1_000_000, RESIDENT_MB, "MB"),
      atMost("connections to PostgreSQL, idle", database, DATABASE_CONNECTIONS, ""),
      atMost("connections to Redis, idle", redis, REDIS_CONNECTIONS, ""),
    ],
    doubts: [],
    cpu,
    raw: { bytes, resident, database, redis },
  };
}

async function countDatabase({ sql }: OpenStage): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND application_name <> 'bench'`;
  return row?.count ?? Number.NaN;
}

/** Without the connection that asks. */
async function countRedis(url: string): Promise<number> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  try {
    return (
      String(await redis.client("LIST"))
        .trim()
        .split("\n").length - 1
    );
  } finally {
    redis.disconnect();
  }
}
