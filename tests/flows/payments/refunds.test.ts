// What was given back, by the seller or by the bank: revoked, told to both sides, and in the books, once.

import { expect, setDefaultTimeout, test } from "bun:test";
import type { OrderId } from "#src/kernel/ids.ts";
import { limits } from "#src/kernel/limits.ts";
import { wishRefund } from "#src/payments/refund.ts";
import { until } from "../../support/until.ts";
import {
  alertsOf,
  booksSum,
  chargesOf,
  countIn,
  delivered,
  deliveriesOf,
  openStory,
  type Story,
  tap,
} from "./support.ts";

setDefaultTimeout(60_000);

async function openSold() {
  const story = await openStory();
  const bought = await story.shop.buy(story.one, 1);
  await story.shop.sandbox.control.pay({ id: bought.gatewayId });
  await delivered(story, 1);
  await story.quiet();
  return { ...story, ...bought, [Symbol.asyncDispose]: story[Symbol.asyncDispose] };
}

const stateOf = (story: Story) => async (state: string) => (await chargesOf(story, 1))[0]?.state === state;

/** What moved, without fees. */
async function movedIn({ world }: Story): Promise<Record<string, unknown>[]> {
  const rows = await world.sql`SELECT kind, amount FROM transfer WHERE kind <> 'fee' ORDER BY id`;
  return rows.map((row) => ({ ...row }));
}

const PAID = { kind: "payment", amount: 1990 };

test("given back in the gateway's panel: revoked, told, booked", async () => {
  await using story = await openSold();
  await story.shop.sandbox.control.refund({ id: story.gatewayId });
  await until("it is known", () => stateOf(story)("refunded"));
  await story.quiet();
  expect(await deliveriesOf(story, 1)).toMatchObject([{ state: "revoked" }]);
  expect(await alertsOf(story)).toEqual(["charge.refunded"]);
  expect(await countIn(story, 1, "devolvido")).toBe(1);
  expect(await movedIn(story)).toEqual([PAID, { kind: "refund", amount: 1990 }]);
  expect(await booksSum(story)).toBe(0);
  const [order] = await story.world.sql`SELECT state FROM orders`;
  expect(order?.state).toBe("refunded");
});

test("taken back by the bank: revoked, told, booked", async () => {
  await using story = await openSold();
  await story.shop.sandbox.control.chargeback({ id: story.gatewayId });
  await until("it is known", () => stateOf(story)("chargeback"));
  await story.quiet();
  expect(await deliveriesOf(story, 1)).toMatchObject([{ state: "revoked" }]);
  expect(await alertsOf(story)).toEqual(["charge.chargeback"]);
  expect(await movedIn(story)).toEqual([PAID, { kind: "chargeback", amount: 1990 }]);
});

test("in two parts: paid after the first, revoked after the second", async () => {
  await using story = await openSold();
  const { control } = story.shop.sandbox;
  await control.refund({ id: story.gatewayId, amount: 500 });
  await until("the part is booked", async () => (await movedIn(story)).length === 2);
  await story.quiet();
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "paid" }]);
  expect(await deliveriesOf(story, 1)).toMatchObject([{ state: "sent" }]);
  await control.refund({ id: story.gatewayId });
  await until("it is known", () => stateOf(story)("refunded"));
  await story.quiet();
  expect(await deliveriesOf(story, 1)).toMatchObject([{ state: "revoked" }]);
  expect(await movedIn(story)).toEqual([PAID, { kind: "refund", amount: 500 }, { kind: "refund", amount: 1490 }]);
  expect(await booksSum(story)).toBe(0);
});

test("wished by the seller, its answer lost: asked for again, given back once", async () => {
  await using story = await openSold();
  const { shop, one } = story;
  await shop.sandbox.control.fault({ kind: "lost_answer", route: "refund", times: 1 });
  await wishRefund(one.app.payments.context, shop.tenantId, story.orderId as OrderId);
  await story.sweep();
  await story.later(limits.paymentAgainMs);
  await until("it is known", () => stateOf(story)("refunded"));
  await story.later(limits.paymentAgainMs);
  expect(await shop.sandbox.control.totals()).toMatchObject({ refunds: 1, refunded: 1990 });
  expect(await movedIn(story)).toEqual([PAID, { kind: "refund", amount: 1990 }]);
});

test("wished, and refused by the gateway: the seller is told, and it is not asked for again", async () => {
  await using story = await openSold();
  const { shop, one, world } = story;
  await shop.sandbox.control.fault({ kind: "status", status: 422, route: "refund" });
  await wishRefund(one.app.payments.context, shop.tenantId, story.orderId as OrderId);
  await story.sweep();
  expect(await alertsOf(story)).toEqual(["refund.refused"]);
  const [charge] = await world.sql`SELECT refund_at, state FROM charge`;
  expect({ ...charge }).toEqual({ refund_at: null, state: "paid" });
  expect(await deliveriesOf(story, 1)).toMatchObject([{ state: "sent" }]);
});

test("what is given back is not delivered again, and can be bought anew", async () => {
  await using story = await openSold();
  const { shop, one, world } = story;
  await shop.sandbox.control.refund({ id: story.gatewayId });
  await until("it is known", () => stateOf(story)("refunded"));
  await story.quiet();
  world.clock.advance(60_000);
  const sent = await shop.bot.sent(1);
  await tap(story, one, 1, story.key);
  await story.quiet();
  expect(await shop.bot.sent(1)).toHaveLength(sent.length);
  const again = await shop.buy(one, 1);
  expect(again.orderId).not.toBe(story.orderId);
});

test("wished, and the gateway does not accept the credentials: the seller is told", async () => {
  await using story = await openSold();
  const { shop, one } = story;
  await shop.sandbox.control.fault({ kind: "status", status: 401, route: "refund" });
  await wishRefund(one.app.payments.context, shop.tenantId, story.orderId as OrderId);
  await story.sweep();
  expect(await alertsOf(story)).toEqual(["refund.refused"]);
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "paid" }]);
});
