// Waits until the line has nothing left to do, sweeping as the program does by itself.

import { limits } from "#src/kernel/limits.ts";
import { until } from "./until.ts";
import type { Running, World } from "./world.ts";

/**
 * Sweeps in the processes given until every row is done and every effect has its outcome. Before each round the clock is moved past the
 * time in which a sweep leaves what is new to the queues.
 */
export async function allDone(world: World, running: Running[], withinMs = 15_000): Promise<void> {
  const isDone = async (): Promise<boolean> => {
    for (const one of running) await one.settle();
    if ((await countOpen(world)) === 0) return true;
    world.clock.advance(limits.sweepGraceMs + 1);
    for (const one of running) await one.sweep();
    return false;
  };
  await until("every row done, every effect with an outcome", isDone, withinMs);
  for (const one of running) await one.settle();
}

/** Rows that are not done, and effects without an outcome. */
export async function countOpen({ sql }: World): Promise<number> {
  const [open] = await sql<{ count: number }[]>`
    SELECT (SELECT count(*) FROM inbox WHERE done_at IS NULL) + (SELECT count(*) FROM effect WHERE state = 'pending') AS count`;
  return open?.count ?? -1;
}
