// A measured step of updates that need no answer at once: posted, answered 200, and looked for in the inbox until each is done.

import type { Database } from "#db/connect.ts";
import { type CpuUse, cpuBetween, readCpu } from "./cpu.ts";
import type { Driven, DriveOrder } from "./drive.ts";
import { markRows } from "./kept.ts";
import { type Percentiles, percentilesOf } from "./percentiles.ts";
import type { OpenStage } from "./stage.ts";
import { isDoneWithin } from "./wait-for.ts";

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
