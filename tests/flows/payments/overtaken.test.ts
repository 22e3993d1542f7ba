// Whoever is overtaken in the middle of making a charge does no harm: one charge can be paid, and none is shown of what is paid.

import { expect, setDefaultTimeout, test } from "bun:test";
import { limits } from "#src/kernel/limits.ts";
import type { Context } from "#src/payments/context.ts";
import { doRequests } from "#src/payments/requests.ts";
import { until } from "../../support/until.ts";
import { booksSum, chargesOf, countIn, delivered, keepTap, openStory, PRODUCT, type Story } from "./support.ts";

setDefaultTimeout(60_000);

const SHOWN = "Seu PIX está pronto";

/** A tap whose request is done by this context, without anybody's waiting for it. */
async function tapWith(story: Story, chatId: number, change: (context: Context) => Partial<Context>) {
  const { row, context } = await keepTap(story, chatId);
  return doRequests({ ...context, ...change(context) }, [row]);
}

test("an earlier charge is paid while a new one is being made: the new one is not shown any more", async () => {
  await using story = await openStory();
  const { shop, one } = story;
  const { control } = shop.sandbox;
  const first = await shop.buy(one, 1);
  await story.later(30 * 60_000);
  await control.fault({ kind: "latency", ms: 800, route: "charge" });
  await shop.tapBuy(one, 1);
  await until("the gateway makes the new one", async () => (await control.charges()).length === 2);
  await control.pay({ id: first.gatewayId });
  await delivered(story, 1);
  await until("the new one is made", async () => (await chargesOf(story, 1))[1]?.state !== "creating");
  await story.quiet();
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "paid", is_double: false }, { state: "pending" }]);
  expect(await countIn(story, 1, SHOWN)).toBe(0);
  expect(await countIn(story, 1, PRODUCT)).toBe(1);
});

test("a process stands still while another one goes on: when it wakes, its charge is kept and not shown, and honoured if paid", async () => {
  await using story = await openStory({ start: { workers: [] } });
  const { shop, world } = story;
  const second = await shop.addAccount(20);
  const woken = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  const frozen = tapWith(story, 1, (context) => ({
    makeGate: {
      waiting: () => 0,
      async pass(key, work) {
        const value = await context.makeGate.pass(key, work);
        answered.resolve();
        await woken.promise;
        return value;
      },
    },
  }));
  await answered.promise;
  await shop.sandbox.control.fault({ kind: "html", route: "status", token: shop.account.token, times: 1 });
  const two = await world.start();
  world.clock.advance(limits.paymentAgainMs);
  await until("the second gateway's charge is shown", async () => {
    await two.sweep();
    return (await countIn(story, 1, SHOWN)) === 1;
  });
  woken.resolve();
  await frozen;
  const [mine, others] = await chargesOf(story, 1);
  expect(mine).toMatchObject({ state: "unknown", account_id: shop.account.accountId });
  expect(mine?.gateway_id).not.toBeNull();
  expect(others).toMatchObject({ state: "pending", account_id: second.accountId });
  await shop.sandbox.control.pay({ id: mine?.gateway_id ?? "" });
  await until("it is delivered", async () => {
    world.clock.advance(limits.youngCheckMs);
    await two.sweep();
    return (await countIn(story, 1, PRODUCT)) === 1;
  });
  expect((await chargesOf(story, 1))[0]).toMatchObject({ state: "paid", is_double: false });
  expect(await booksSum(story)).toBe(0);
});

test("a lost charge is found while the next one is about to be kept: no second one comes to life", async () => {
  await using story = await openStory();
  const { shop, world } = story;
  await shop.addAccount(20);
  await shop.sandbox.control.fault({ kind: "lost_answer", route: "charge", token: shop.account.token, times: 1 });
  const find = () =>
    world.sql`UPDATE charge SET state = 'pending', br_code = 'x', version = version + 1 WHERE state = 'unknown'`;
  await tapWith(story, 1, ({ saver }) => ({
    saver: {
      ...saver,
      async save(decided) {
        if (decided.newCharge) await find();
        return saver.save(decided);
      },
    },
  }));
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "pending" }]);
  expect(await shop.sandbox.control.charges()).toHaveLength(1);
});
