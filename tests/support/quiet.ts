// Waits until nothing is under way: what is left then waits for a time, and the test moves the clock.

import { until } from "./until.ts";
import type { Running, World } from "./world.ts";

/**
 * Waits until these processes, with workers on `tasks`, have nothing to do now: no row without an end, no effect without a mark, but
 * for those that wait for a time.
 */
export async function untilQuiet({ sql }: Pick<World, "sql">, ...running: Running[]): Promise<void> {
  await until("nothing is under way", async () => {
    for (const { app } of running) {
      const { waiting = 0, active = 0, prioritized = 0 } = await app.queues.tasks.counts();
      if (waiting + active + prioritized > 0) return false;
    }
    await Promise.all(running.map((one) => one.settle()));
    const [row] = await sql`
      SELECT EXISTS (SELECT FROM inbox WHERE done_at IS NULL AND due_at IS NULL)
        OR EXISTS (SELECT FROM effect WHERE state = 'pending' AND due_at IS NULL) AS busy`;
    return row?.busy === false;
  });
}
