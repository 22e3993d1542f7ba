// A sale while Redis is empty or stands still: the rows hold it, and the sweep brings it to its end.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { limits } from "#src/kernel/limits.ts";
import { emptyRedis } from "../../support/empty-redis.ts";
import { startServices } from "../../support/services.ts";
import { openShop, type Shop } from "../../support/shop.ts";
import { until } from "../../support/until.ts";
import { OPENING_MS, openWorld, type Running, type World } from "../../support/world.ts";
import { booksSum, chargesOf, countIn, deliveriesOf, PRODUCT } from "./support.ts";

setDefaultTimeout(60_000);

let own: Awaited<ReturnType<typeof startServices>>;
let world: World;
let one: Running;
let shop: Shop;

beforeAll(async () => {
  own = await startServices();
  world = await openWorld({ services: own });
  one = await world.start();
  shop = await openShop(world, one);
}, OPENING_MS);
afterAll(async () => {
  await shop[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
  await own.stop();
});

/** Sweeps, a little later each time, until `look` says so. */
const sweepUntil = (what: string, look: () => Promise<boolean>) =>
  until(
    what,
    async () => {
      if (await look()) return true;
      world.clock.advance(limits.sweepGraceMs);
      await one.sweep();
      return look();
    },
    30_000,
  );

const isPending = async (chatId: number) => (await chargesOf({ world, shop }, chatId))[0]?.state === "pending";
const isSent = async (chatId: number) => (await deliveriesOf({ world, shop }, chatId))[0]?.state === "sent";

async function expectOneSale(chatId: number): Promise<void> {
  await one.settle();
  expect(await chargesOf({ world, shop }, chatId)).toMatchObject([{ state: "paid", is_double: false }]);
  expect(await countIn({ world, shop }, chatId, PRODUCT)).toBe(1);
  expect(await booksSum({ world })).toBe(0);
}

test("Redis stands still from the tap to the delivery", async () => {
  process.kill(own.embedded.redisPid, "SIGSTOP");
  try {
    await shop.tapBuy(one, 1);
    await sweepUntil("a charge is made", () => isPending(1));
    await shop.sandbox.control.payAll();
    await sweepUntil("it is delivered", () => isSent(1));
  } finally {
    process.kill(own.embedded.redisPid, "SIGCONT");
  }
  await until("Redis answers", () => one.app.queues.gateway.counts().catch(() => false));
  await one.sweep();
  await expectOneSale(1);
});

test("Redis loses all jobs after the tap, and again after the notice", async () => {
  const keeper = await world.start({ workers: [] });
  await one.stop();
  one = keeper;
  await shop.tapBuy(keeper, 2);
  await until(
    "the tap is kept",
    async () => (await world.sql`SELECT 1 FROM effect WHERE kind = 'payment' AND chat_id = 2`).length > 0,
  );
  await until("its job waits", async () => ((await keeper.app.queues.gateway.counts()).waiting ?? 0) > 0);
  expect(await emptyRedis(world)).toBeGreaterThan(0);
  one = await world.start();
  await sweepUntil("a charge is made", () => isPending(2));
  await one.stop();
  one = keeper;
  for (const charge of shop.sandbox.world.charges.all())
    if (charge.noticeUrl)
      charge.noticeUrl = charge.noticeUrl.replace(new URL(charge.noticeUrl).origin, keeper.http.url);
  await shop.sandbox.control.payAll();
  await until("the notice is kept", async () => (await world.sql`SELECT 1 FROM notice WHERE state = 'new'`).length > 0);
  await until("its job waits", async () => ((await keeper.app.queues.webhook.counts()).waiting ?? 0) > 0);
  expect(await emptyRedis(world)).toBeGreaterThan(0);
  one = await world.start();
  await sweepUntil("it is delivered", () => isSent(2));
  await expectOneSale(2);
});
