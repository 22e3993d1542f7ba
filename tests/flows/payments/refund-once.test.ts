// A refund at a gateway that takes no idempotency key: whatever is lost or tried again, it is called while the charge is paid, and once.

import { expect, setDefaultTimeout, test } from "bun:test";
import type { AccountId, ChargeId, OrderId } from "#src/kernel/ids.ts";
import { limits } from "#src/kernel/limits.ts";
import type { Context } from "#src/payments/context.ts";
import type { Gateway } from "#src/payments/gateways/gateway.ts";
import { doRefund, wishRefund } from "#src/payments/refund.ts";
import { until } from "../../support/until.ts";
import { alertsOf, chargesOf, delivered, openStory } from "./support.ts";

setDefaultTimeout(60_000);

/** A paid sale whose seller wishes it back; no notice is heard from then on. `calls`: how often the gateway was called to give it back. */
async function openWished() {
  const story = await openStory();
  const { shop, one, world } = story;
  const { control } = shop.sandbox;
  const bought = await shop.buy(one, 1);
  await control.pay({ id: bought.gatewayId });
  await delivered(story, 1);
  await story.quiet();
  await control.merchant({ token: shop.account.token, notice_faults: { lose: 1 } });
  const { context } = one.app.payments;
  await wishRefund(context, shop.tenantId, bought.orderId as OrderId);
  let calls = 0;
  const refund: Gateway["refund"] = async (charge, api) => {
    calls += 1;
    const account = await context.accounts.find(shop.account.accountId);
    // Each call is one of its own.
    await account?.gateway.refund?.({ ...charge, key: `call${calls}` }, api);
  };
  const without = contextWith(context, { refund });
  return {
    ...{ ...story, gatewayId: bought.gatewayId, control, context: without, calls: () => calls },
    refund: (changed = without) => doRefund(changed, bought.chargeId as ChargeId),
    wish: async () => (await world.sql`SELECT refund_at FROM charge WHERE id = ${bought.chargeId}`)[0]?.refund_at,
    [Symbol.asyncDispose]: story[Symbol.asyncDispose],
  };
}

/** The same, but for what its gateway does differently. */
const contextWith = (context: Context, change: Partial<Gateway>): Context => ({
  ...context,
  accounts: {
    ...context.accounts,
    async find(id: AccountId) {
      const account = await context.accounts.find(id);
      return account && { ...account, gateway: { ...account.gateway, ...change } };
    },
  },
});

test("its answer is lost: the gateway is asked before the second try, and has given it back", async () => {
  await using story = await openWished();
  await story.control.fault({ kind: "lost_answer", route: "refund", times: 1 });
  await story.refund();
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "paid" }]);
  expect(await story.wish()).toBeInstanceOf(Date);
  story.world.clock.advance(limits.paymentAgainMs);
  await story.refund();
  expect(story.calls()).toBe(1);
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "refunded" }]);
  expect(await story.wish()).toBeNull();
  expect(await alertsOf(story)).toEqual(["charge.refunded"]);
});

test("it never arrived: called again", async () => {
  await using story = await openWished();
  await story.control.fault({ kind: "lost_answer", route: "refund", times: 1, done: false });
  await story.refund();
  story.world.clock.advance(limits.paymentAgainMs);
  await story.refund();
  expect(story.calls()).toBe(2);
  expect(await story.control.totals()).toMatchObject({ refunds: 1, refunded: 1990 });
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "refunded" }]);
});

test("given back in the gateway's panel, or taken back by the bank, before we came to it: not called", async () => {
  for (const how of ["refund", "chargeback"] as const) {
    await using story = await openWished();
    await story.control[how]({ id: story.gatewayId });
    await story.refund();
    expect(story.calls()).toBe(0);
    expect(await story.wish()).toBeNull();
  }
});

test("two at the same time: called once", async () => {
  await using story = await openWished();
  await story.control.fault({ kind: "latency", ms: 300, route: "refund" });
  await Promise.all([story.refund(), story.refund()]);
  expect(story.calls()).toBe(1);
  await until("it is known", async () => (await chargesOf(story, 1))[0]?.state === "refunded");
});

test("the gateway does not answer the question: not called, and tried again", async () => {
  await using story = await openWished();
  await story.control.fault({ kind: "status", status: 503, route: "status", times: 1 });
  await story.refund();
  expect(story.calls()).toBe(0);
  expect(await story.wish()).toBeInstanceOf(Date);
  await story.refund();
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "refunded" }]);
});

test("the gateway calls it by a word that nobody knows: not called, and a human looks", async () => {
  await using story = await openWished();
  const strange = contextWith(story.context, {
    status: async ({ gatewayId, reference }) => ({
      ...{ gatewayId: gatewayId ?? "", reference, state: "unknown", word: "em_estorno", currency: "BRL", amount: null },
      ...{ refunded: 0 as never, fee: null, endToEndId: null, paidAt: null, brCode: null },
    }),
  });
  await story.refund(strange);
  expect(story.calls()).toBe(0);
  expect(await story.wish()).toBeNull();
  expect(await alertsOf(story)).toEqual(["charge.strange_word", "refund.refused"]);
});
