// The daily reconciliation: our books against the gateway's statement, to the cent, and what is left by name.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { reconcileDue, yesterday } from "#src/payments/reconcile.ts";
import { openStory, type Story } from "../support/story.ts";
import { until } from "../support/until.ts";
import { OPENING_MS } from "../support/world.ts";

const DAY_MS = 24 * 60 * 60_000;

let story: Story;
let buyers = 0;

beforeAll(async () => {
  story = await openStory();
}, OPENING_MS);
afterAll(() => story[Symbol.asyncDispose]());

/** Somebody buys and pays; resolves once it is delivered. */
async function sell(): Promise<{ orderId: number; gatewayId: string }> {
  const { world, one, shop } = story;
  const bought = await shop.buy(one, ++buyers);
  await shop.sandbox.control.pay({ id: bought.gatewayId });
  const isSent = async () =>
    (await world.sql`SELECT 1 FROM delivery WHERE order_id = ${bought.orderId} AND state = 'sent'`).length === 1;
  await until("it is delivered", isSent);
  return bought;
}

/** The day ends, and the books of it are compared. */
async function closeDay() {
  const { world, one } = story;
  world.clock.advance(DAY_MS);
  await reconcileDue(one.app.payments.context);
  const { day } = yesterday(world.clock.now());
  const [row] = await world.sql`
    SELECT method, gateway_amount, ledger_amount, unexplained, findings FROM reconciliation WHERE day = ${day}::date`;
  return { ...row };
}

describe("a day", () => {
  test("with two sales and a refund leaves nothing unexplained", async () => {
    await sell();
    const { gatewayId, orderId } = await sell();
    await story.shop.sandbox.control.refund({ id: gatewayId });
    await until("it is refunded", async () => {
      const [row] = await story.world.sql`SELECT 1 FROM orders WHERE id = ${orderId} AND state = 'refunded'`;
      return row !== undefined;
    });
    expect(await closeDay()).toEqual({
      ...{ method: "statement", gateway_amount: 1990, ledger_amount: 1990, unexplained: 0, findings: [] },
    });
  });

  test("on which nothing was sold is a day in the books, too, and it is looked at once", async () => {
    expect(await closeDay()).toMatchObject({ gateway_amount: 0, ledger_amount: 0, unexplained: 0 });
    await reconcileDue(story.one.app.payments.context);
    const { day } = yesterday(story.world.clock.now());
    expect((await story.world.sql`SELECT 1 FROM reconciliation WHERE day = ${day}::date`).length).toBe(1);
  });

  test("a payment of which no notice came is found by the statement and delivered", async () => {
    const { world, one, shop } = story;
    await shop.sandbox.control.merchant({ token: shop.account.token, notice_faults: { lose: 1 } });
    const { gatewayId, orderId } = await shop.buy(one, ++buyers);
    await shop.sandbox.control.pay({ id: gatewayId });
    expect(await closeDay()).toMatchObject({ gateway_amount: 1990, ledger_amount: 1990, unexplained: 0 });
    await one.settle();
    expect((await world.sql`SELECT state FROM orders WHERE id = ${orderId}`)[0]?.state).toBe("paid");
    await shop.sandbox.control.merchant({ token: shop.account.token, notice_faults: null });
  });

  test("money at the gateway for a charge that nobody here made is named, and the seller is told", async () => {
    const { world, shop } = story;
    const made = await fetch(`${shop.sandbox.url}/v1/charges`, {
      method: "POST",
      headers: { authorization: `Bearer ${shop.account.token}`, "content-type": "application/json" },
      body: JSON.stringify({ reference: "stranger", amount: 700, description: "?", expires_in: 600 }),
    });
    const { id } = (await made.json()) as { id: string };
    await shop.sandbox.control.pay({ id });
    const closed = await closeDay();
    expect(closed).toMatchObject({ gateway_amount: 700, ledger_amount: 0, unexplained: 700 });
    expect(closed.findings).toEqual([{ what: "unknown_charge", gatewayId: id, chargeId: null, difference: 700 }]);
    const [alert] = await world.sql`SELECT sentence FROM alert WHERE kind = 'reconciliation'`;
    expect(alert?.sentence).toContain("R$ 7,00");
  });
});

test("the books balance whatever happened", async () => {
  const [row] = await story.world
    .sql`SELECT coalesce(sum(amount), 0)::int AS sum, count(*)::int AS entries FROM ledger_entry`;
  expect(row?.sum).toBe(0);
  expect(row?.entries).toBeGreaterThan(4);
});
