// A measured step of updates that need no answer at once: posted, answered 200, and looked for in the inbox until each is done.

import type { Database } from "#db/connect.ts";
import { type CpuUse, cpuBetween, readCpu, takenByOthers } from "./cpu.ts";
import type { Driven, DriveOrder } from "./drive.ts";
import { markRows } from "./kept.ts";
import { type Percentiles, percentilesOf } from "./percentiles.ts";
import type { OpenStage } from "./stage.ts";
import { isDoneWithin } from "./wait-for.ts";
import { percent } from "./words.ts";

export type Answers = {
  driven: Driven;
  /** Milliseconds from the intended arrival. */
  ack: Percentiles;
  lag: Percentiles;
  accepted: number;
  /** Accepted, but not in the inbox. */
  lost: number;
  /** In the inbox, but not done when the time for it was up. */
  undone: number;
  outcomes: Record<string, number>;
  drainMs: number;
  cpu: CpuUse;
};

const DRAIN_MS = 15_000;

export async function measureAnswers(stage: OpenStage, order: Omit<DriveOrder, "firstChat">): Promise<Answers> {
  const { sql, load } = stage;
  const mark = await markRows(sql);
  const before = readCpu(stage.roots());
  const driven = await load.drive(order);
  const cpu = cpuBetween(before, readCpu(stage.roots()));
  const drainedFrom = performance.now();
  await isDoneWithin(DRAIN_MS, async () => (await countUndone(sql, mark)) === 0);
  const drainMs = performance.now() - drainedFrom;
  const outcomes = await countOutcomes(sql, mark);
  const accepted = driven.status.filter((status) => status === 200).length;
  const kept = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  return {
    ...{ driven, accepted, outcomes, drainMs, cpu, lost: Math.max(0, accepted - kept), undone: outcomes.undone ?? 0 },
    ack: percentilesOf(driven.ackMs),
    lag: percentilesOf(driven.lagMs),
  };
}

async function countUndone(sql: Database, mark: number): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM inbox WHERE id > ${mark} AND done_at IS NULL`;
  return row?.count ?? 0;
}

async function countOutcomes(sql: Database, mark: number): Promise<Record<string, number>> {
  const rows = await sql<{ outcome: string; count: number }[]>`
    SELECT coalesce(outcome, 'undone') AS outcome, count(*)::int AS count FROM inbox WHERE id > ${mark} GROUP BY 1 ORDER BY 1`;
  return Object.fromEntries(rows.map((row) => [row.outcome, row.count]));
}

/** Of one core; with more than that a run tells of the neighbours. */
const TAKEN_MOST = 0.15;
/** A generator that is late by more makes the program look slower than it is. */
const LAG_P99_MS = 2;

/** Why the figures say less than they seem to; empty = a clean run. */
export function doubtsAbout({ cpu, lag, driven }: { cpu: CpuUse; lag: Percentiles; driven: Driven }): string[] {
  const doubts = [
    takenByOthers(cpu) > TAKEN_MOST && `NOISY: others took ${percent(takenByOthers(cpu))} of a core`,
    lag.p99 > LAG_P99_MS && `the generator was late: p99 ${lag.p99.toFixed(1)} ms after its schedule`,
    driven.heldBack > 0 && `${driven.heldBack} requests waited for a connection in the generator`,
  ];
  return doubts.filter((doubt) => doubt !== false);
}
