// A charge's end is stored, shown and enforced: its message says so when it passes, and who pays it all the same is served.

import { expect, setDefaultTimeout, test } from "bun:test";
import type { OrderId } from "#src/kernel/ids.ts";
import { limits } from "#src/kernel/limits.ts";
import { chargeOrder } from "#src/payments/charge.ts";
import { until } from "../../support/until.ts";
import { chargesOf, countIn, delivered, openStory, PRODUCT, tap } from "./support.ts";

setDefaultTimeout(60_000);

const VALID_MS = 30 * 60_000;

test("when its time passes, the message is edited and offers a new one; the new one is another charge of the same order", async () => {
  await using story = await openStory();
  const { shop, one, world } = story;
  const { orderId, chargeId } = await shop.buy(one, 1);
  const [stored] = await world.sql<{ expires_at: Date }[]>`SELECT expires_at FROM charge WHERE id = ${chargeId}`;
  expect(stored?.expires_at.getTime()).toBe(world.clock.now().getTime() + VALID_MS);
  expect(await countIn(story, 1, "Válido até 09:30")).toBe(1);
  await story.later(VALID_MS);
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "expired" }]);
  expect(await countIn(story, 1, "Esta cobrança venceu")).toBe(1);
  expect(await countIn(story, 1, "Seu PIX está pronto")).toBe(0);
  const again = await shop.buy(one, 1);
  expect(again.orderId).toBe(orderId);
  expect(again.chargeId).not.toBe(chargeId);
});

test("a new tap after the end, before anybody noticed it: the old message is edited, too", async () => {
  await using story = await openStory();
  const { shop, one, world } = story;
  const { chargeId } = await shop.buy(one, 1);
  world.clock.advance(VALID_MS + 1_000);
  await shop.tapBuy(one, 1);
  await until("another charge is made", async () => (await chargesOf(story, 1))[1]?.state === "pending");
  await story.quiet();
  expect(await chargesOf(story, 1)).toMatchObject([{ id: chargeId, state: "expired" }, { state: "pending" }]);
  expect(await countIn(story, 1, "Esta cobrança venceu")).toBe(1);
  expect(await countIn(story, 1, "Seu PIX está pronto")).toBe(1);
});

test("paid after its end: honoured without a notice, and nobody is asked to pay again", async () => {
  await using story = await openStory();
  const { shop, one } = story;
  const { gatewayId } = await shop.buy(one, 1);
  await shop.sandbox.control.merchant({ token: shop.account.token, notice_faults: { lose: 1 } });
  await story.later(VALID_MS);
  await shop.sandbox.control.pay({ id: gatewayId });
  await story.later(limits.lateCheckFirstMs);
  await delivered(story, 1);
  expect(await countIn(story, 1, PRODUCT)).toBe(1);
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "paid", is_double: false }]);
});

test("tapped within its time, the same charge is shown again", async () => {
  await using story = await openStory();
  const { shop, one, world } = story;
  const { chargeId } = await shop.buy(one, 1);
  world.clock.advance(60_000);
  await shop.tapBuy(one, 1);
  await story.quiet();
  expect(await chargesOf(story, 1)).toMatchObject([{ id: chargeId, state: "pending" }]);
  expect(await countIn(story, 1, "Seu PIX está pronto")).toBe(2);
  expect(await shop.sandbox.control.charges()).toHaveLength(1);
});

test("verified after its end, before anybody noticed it: told that it is over", async () => {
  await using story = await openStory();
  const { shop, one, world } = story;
  const { key } = await shop.buy(one, 1);
  world.clock.advance(VALID_MS + 1_000);
  await tap(story, one, 1, key);
  await story.quiet();
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "expired" }]);
  expect(await countIn(story, 1, "Esta cobrança venceu")).toBe(1);
});

test("the gateway is silent when the time passes: the message is edited all the same, and a late payment is honoured", async () => {
  await using story = await openStory();
  const { shop, one, world } = story;
  const { gatewayId } = await shop.buy(one, 1);
  await shop.sandbox.control.fault({ kind: "html", route: "status" });
  await shop.sandbox.control.merchant({ token: shop.account.token, notice_faults: { lose: 1 } });
  await story.later(VALID_MS);
  expect(await countIn(story, 1, "Esta cobrança venceu")).toBe(1);
  expect(await countIn(story, 1, "Seu PIX está pronto")).toBe(0);
  const calls = await world.fake.control.calls({ token: shop.bot.token, chat_id: 1 });
  for (let hours = 0; hours < 3; hours++) await story.later(60 * 60_000);
  // Told once, however often the gateway is asked in vain afterwards.
  expect(await world.fake.control.calls({ token: shop.bot.token, chat_id: 1 })).toHaveLength(calls.length);
  await shop.sandbox.control.clearFault();
  await shop.sandbox.control.pay({ id: gatewayId });
  await story.later(limits.lateCheckMostMs);
  await delivered(story, 1);
  expect(await countIn(story, 1, PRODUCT)).toBe(1);
});

test("a payment that comes in while a new tap ends the old charge is not taken back", async () => {
  await using story = await openStory();
  const { shop, one, world } = story;
  const { chargeId, orderId, gatewayId } = await shop.buy(one, 1);
  world.clock.advance(VALID_MS + 1_000);
  await world.sql`UPDATE orders SET due_at = ${world.clock.now()}, version = version + 1 WHERE id = ${orderId}`;
  const { context } = one.app.payments;
  let isFirst = true;
  const find: typeof context.reader.find = async (id) => {
    if (isFirst) {
      isFirst = false;
      await shop.sandbox.control.pay({ id: gatewayId });
      await delivered(story, 1);
    }
    return context.reader.find(id);
  };
  await chargeOrder({ ...context, reader: { find } }, orderId as OrderId);
  await story.quiet();
  expect(isFirst).toBe(false);
  expect(await chargesOf(story, 1)).toMatchObject([{ id: chargeId, state: "paid", is_double: false }]);
});
