// A story about a sale: a shop with its processes, and waiting until nothing is under way.

import type { Funnel } from "#src/funnel/funnel.ts";
import { openShop, type Shop } from "./shop.ts";
import { until } from "./until.ts";
import { openWorld, type Running, type StartOptions, type World } from "./world.ts";

export type Story = {
  world: World;
  one: Running;
  /** All processes, `one` first. */
  all: Running[];
  shop: Shop;
  /** Sweeps once in every process, and waits until all that follows is done. */
  sweep(): Promise<void>;
  /** Waits until no job and no message is under way; what waits for a time stays. */
  quiet(): Promise<void>;
  /** Moves the clock, then sweeps. */
  later(ms: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** A world of its own with a shop; the sandbox tries each notice once unless a story says otherwise. */
export async function openStory(
  options: { processes?: number; funnel?: Funnel; start?: StartOptions } = {},
): Promise<Story> {
  const world = await openWorld();
  const one = await world.start(options.start);
  const all = [one];
  for (let n = 1; n < (options.processes ?? 1); n++) all.push(await world.start(options.start));
  const shop = await openShop(world, one, options.funnel);
  const quiet = () => until("nothing is under way", () => isQuiet(world, all), 30_000).then(() => undefined);
  const sweep = async () => {
    for (const running of all) await running.sweep();
    await quiet();
  };
  return {
    ...{ world, one, all, shop, quiet, sweep },
    async later(ms) {
      world.clock.advance(ms);
      await sweep();
    },
    async [Symbol.asyncDispose]() {
      await shop[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}

async function isQuiet({ sql }: World, all: Running[]): Promise<boolean> {
  for (const { app } of all)
    for (const queue of [app.queues.tasks, app.queues.gateway, app.queues.webhook]) {
      const { waiting = 0, active = 0, prioritized = 0 } = await queue.counts();
      if (waiting + active + prioritized > 0) return false;
    }
  for (const { app, settle } of all) {
    await app.payments.idle();
    await settle();
  }
  const [row] = await sql<{ busy: boolean }[]>`
    SELECT EXISTS (SELECT FROM inbox WHERE done_at IS NULL AND outcome IS NULL AND (due_at IS NULL OR update_id < 0))
      OR EXISTS (SELECT FROM effect WHERE state = 'pending' AND due_at IS NULL) AS busy`;
  return row?.busy === false;
}
