// A shop that is watched, to be troubled: an alert is caused, told once, mended, and told to be over.

import { expect } from "bun:test";
import { alerts } from "#src/ops/alerts.ts";
import { openShop, type Shop } from "../support/shop.ts";
import { openWorld, type Running, type TestBot, type World } from "../support/world.ts";
import { incidentOf, ownWebhook, setWebhook, startWatch, toldIn, type Watch } from "./alert-scene.ts";

export type Troubles = {
  world: World;
  watch: Watch;
  shop: Shop;
  /** Works on the queues, which the one who watches does not. */
  worker: Running;
  /** By how much this machine's clock is wrong. */
  machine: { aheadMs: number };
  /** What was told since the last time. */
  news(): Promise<string[]>;
  /** Looks until the alert has had its time; one message came, and it says this. */
  fires(name: string, ...words: (string | RegExp)[]): Promise<void>;
  /** It is over after half a minute without, and that is all that is told. */
  isOver(name: string): Promise<void>;
  /** Nobody looks for so long: a window passes, and what comes again is no longer the same trouble. */
  pass(minutes: number): void;
  webhookInfo(bot: TestBot): Promise<Record<string, unknown>>;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function openTroubles(): Promise<Troubles> {
  const world = await openWorld();
  const machine = { aheadMs: 0 };
  const watch = await startWatch(world, {
    start: { workers: [] },
    machine: { now: () => new Date(Date.now() + machine.aheadMs) },
  });
  const worker = await world.start();
  const shop = await openShop(world, watch.one);
  await setWebhook(world, shop.bot, ownWebhook(watch.one, shop.bot));
  await watch.look();
  let toldBefore = 0;

  async function news(): Promise<string[]> {
    const texts = await toldIn(world, toldBefore);
    toldBefore += texts.length;
    return texts;
  }

  return {
    ...{ world, watch, shop, worker, machine, news },
    async fires(name, ...words) {
      const hold = alerts.find((alert) => alert.name === name)?.holdSeconds ?? Number.NaN;
      await watch.look(10 + Math.ceil(hold / 10) * 10);
      const [text, ...more] = await news();
      expect(more).toEqual([]);
      expect(text).toContain(`docs/operations.md#${name}`);
      for (const word of words) expect(text).toMatch(word);
    },
    async isOver(name) {
      await watch.look(40);
      const texts = await news();
      expect(texts).toHaveLength(1);
      expect(texts[0]).toContain(`✅ ${alerts.find((alert) => alert.name === name)?.over}`);
      expect((await incidentOf(world, name))?.resolvedAt).toBeInstanceOf(Date);
    },
    pass: (minutes) => world.clock.advance(minutes * 60_000),
    async webhookInfo(bot) {
      const response = await fetch(`${world.fake.url}/bot${bot.token}/getWebhookInfo`);
      return ((await response.json()) as { result: Record<string, unknown> }).result;
    },
    async [Symbol.asyncDispose]() {
      await watch.monitoring.stop();
      await shop[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}
