// One measured step: drives a load, waits until all its work is done, and puts together what everybody saw.

import type { SendRow } from "#src/fake-telegram/sends.ts";
import { type CpuUse, cpuBetween, readCpu, residentBytes } from "./cpu.ts";
import type { Driven, DriveOrder } from "./drive.ts";
import { measureFsync } from "./fsync.ts";
import { type Joined, joinSends } from "./join.ts";
import type { Kept, OpenBooks } from "./kept.ts";
import { type Percentiles, percentilesOf } from "./percentiles.ts";
import type { Stage } from "./stage.ts";
import { isDoneWithin } from "./wait-for.ts";

export type Measured = {
  driven: Driven;
  joined: Joined;
  /** Milliseconds from the intended arrival. */
  send: Percentiles;
  ack: Percentiles;
  lag: Percentiles;
  accepted: number;
  /** Answers other than 200, by status; 0 = no answer. */
  refused: Record<number, number>;
  kept: Kept;
  /** Whether everything was done within the drain time, and how long that took after the last answer. */
  drained: boolean;
  drainMs: number;
  cpu: CpuUse;
  /** Resident bytes of the program's processes at the end, by pid. */
  resident: Record<number, number>;
  fsync: { before: Percentiles; after: Percentiles };
};

/** `openBooks`: of the program that is measured. */
export type Measurable = Stage & { openBooks: OpenBooks };

const DRAIN_MS = 15_000;
const REST_MS = 2_000;
const PAGE_ROWS = 100_000;

/** `syncMs`: how long the disk is tried before and after; a second if not told. */
export async function measure(
  stage: Measurable,
  order: Omit<DriveOrder, "firstChat">,
  syncMs?: number,
): Promise<Measured> {
  const { fake, load } = stage;
  const fsyncBefore = measureFsync(stage.folder, syncMs);
  const books = await stage.openBooks();
  const { calls } = await fake.stats();
  const cpuBefore = readCpu(stage.roots());
  const driven = await load.drive(order);
  const drainedFrom = performance.now();
  const accepted = driven.status.filter((status) => status === 200).length;
  const drained = await isDoneWithin(DRAIN_MS, async () => {
    const now = await fake.stats();
    return now.calls - calls >= accepted && (await books.pending()) === 0;
  });
  const drainMs = performance.now() - drainedFrom;
  const cpu = cpuBetween(cpuBefore, readCpu(stage.roots()));
  const resident = residentBytes(stage.roots().application ?? 0);
  const joined = joinSends(driven, await sendsSince(stage, calls), load.clock().aheadMs);
  const chats = { first: driven.firstChat, count: driven.dueMs.length };
  return {
    ...{ driven, joined, accepted, drained, drainMs, cpu, resident },
    send: percentilesOf(joined.sendMs),
    ack: percentilesOf(driven.ackMs),
    lag: percentilesOf(driven.lagMs),
    refused: countRefused(driven.status),
    kept: await books.count(chats),
    fsync: { before: fsyncBefore, after: measureFsync(stage.folder, syncMs) },
  };
}

/** What the parts take while nothing happens: heartbeats, sweeps, the queues' polling. */
export async function measureRest(stage: Stage): Promise<CpuUse> {
  const before = readCpu(stage.roots());
  await Bun.sleep(REST_MS);
  return cpuBetween(before, readCpu(stage.roots()));
}

/** All messages that the fake got by calls after `seq`. */
export async function sendsSince({ fake }: Pick<Stage, "fake">, seq: number): Promise<SendRow[]> {
  const rows: SendRow[] = [];
  for (let since = seq; ; ) {
    const page = await fake.sends({ since_seq: since, limit: PAGE_ROWS });
    rows.push(...page.sends);
    if (page.sends.length < PAGE_ROWS) return rows;
    since = page.last_seq;
  }
}

export function countRefused(statuses: Uint16Array): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const status of statuses) if (status !== 200) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
