// A whole sale: a tapped button, a PIX to be paid, a notice, the delivery; and the books afterwards.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { openStory, type Story } from "../support/story.ts";
import { until } from "../support/until.ts";
import { OPENING_MS } from "../support/world.ts";

let story: Story;

beforeAll(async () => {
  story = await openStory();
}, OPENING_MS);
afterAll(() => story[Symbol.asyncDispose]());

const deliveriesOf = (orderId: number) =>
  story.world.sql`SELECT state, message_id FROM delivery WHERE order_id = ${orderId}`;

test("a tapped button leads to one PIX message, its payment to one delivery, and the books balance", async () => {
  const { world, one, shop } = story;
  const { orderId, chargeId, gatewayId } = await shop.buy(one, 1);
  const [photo] = await shop.bot.sent(1);
  expect(photo?.method).toBe("sendPhoto");
  expect(String(photo?.payload.caption)).toContain("R$ 19,90");

  await shop.sandbox.control.pay({ id: gatewayId });
  await until("it is delivered", async () => (await deliveriesOf(orderId))[0]?.state === "sent");
  await one.settle();
  expect(await shop.bot.chat(1)).toEqual([
    expect.stringContaining("R$ 19,90"),
    expect.any(String),
    expect.any(String),
    expect.any(String),
    expect.any(String),
  ]);
  const transfers =
    await world.sql`SELECT kind, debit, credit, amount FROM transfer WHERE charge_id = ${chargeId} ORDER BY id`;
  expect(transfers.map((row) => ({ ...row }))).toEqual([
    { kind: "payment", debit: "gateway", credit: "sales", amount: 1990 },
    { kind: "fee", debit: "fees", credit: "gateway", amount: 19 },
  ]);
  const [sum] = await world.sql`SELECT sum(amount)::int AS sum FROM ledger_entry`;
  expect(sum?.sum).toBe(0);
});
