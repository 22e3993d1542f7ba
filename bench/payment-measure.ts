// What a part of a payment run took: CPU by process, memory, commits and log of PostgreSQL, and how quick the disk was around it.

import { type CpuUse, cpuBetween, readCpu, residentBytes } from "./cpu.ts";
import { measureFsync } from "./fsync.ts";
import type { PaymentStage } from "./payment-stage.ts";
import type { Percentiles } from "./percentiles.ts";

export type Use = {
  cpu: CpuUse;
  /** The most that was seen, in bytes, by pid of the program's processes. */
  resident: Record<number, number>;
  /** Transactions of the database: a statement on its own is one. */
  commits: number;
  /** Of PostgreSQL's log. */
  logBytes: number;
  fsync: { before: Percentiles; after: Percentiles };
};

const LOOK_MS = 1_000;
/** PostgreSQL's processes tell what they counted once a second at most. */
const COUNTS_LATE_MS = 1_200;

export async function measureUse<Result>(stage: PaymentStage, run: () => Promise<Result>) {
  const before = measureFsync(stage.folder);
  const countsBefore = await readCounts(stage);
  const memory = watchMemory(stage);
  const cpuBefore = readCpu(stage.roots());
  const result = await run();
  const cpu = cpuBetween(cpuBefore, readCpu(stage.roots()));
  const resident = memory.end();
  await Bun.sleep(COUNTS_LATE_MS);
  const counts = await readCounts(stage);
  const use: Use = {
    ...{ cpu, resident },
    commits: counts.commits - countsBefore.commits,
    logBytes: counts.logBytes - countsBefore.logBytes,
    fsync: { before, after: measureFsync(stage.folder) },
  };
  return { result, use };
}

function watchMemory(stage: PaymentStage) {
  const most: Record<number, number> = {};
  function look(): void {
    for (const [pid, bytes] of Object.entries(residentBytes(stage.roots().application ?? 0)))
      most[Number(pid)] = Math.max(most[Number(pid)] ?? 0, bytes);
  }
  const timer = setInterval(look, LOOK_MS);
  return {
    end() {
      clearInterval(timer);
      look();
      return most;
    },
  };
}

async function readCounts({ sql }: PaymentStage): Promise<{ commits: number; logBytes: number }> {
  const [row] = await sql<{ commits: number; logBytes: number }[]>`
    SELECT xact_commit AS commits, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS "logBytes"
    FROM pg_stat_database WHERE datname = current_database()`;
  return row ?? { commits: Number.NaN, logBytes: Number.NaN };
}
