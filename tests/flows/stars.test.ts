// Telegram Stars from the tap to the delivery: the invoice, the question before the payment, the payment, and its return.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { FakeMessage } from "#src/fake-telegram/state.ts";
import { wishRefund } from "#src/payments/refund.ts";
import { ALLOWED_UPDATES } from "#src/telegram/update.ts";
import { untilQuiet } from "../support/quiet.ts";
import {
  alice,
  GOODS,
  nextChat,
  openStarsShop,
  STARS,
  type StarsShop,
  starsFunnel,
  starsOf,
  VALID_MINUTES,
} from "../support/stars-shop.ts";
import { until } from "../support/until.ts";
import { messageOf } from "../support/updates.ts";
import { OPENING_MS } from "../support/world.ts";

let shop: StarsShop;
beforeAll(async () => {
  shop = await openStarsShop();
}, OPENING_MS);
afterAll(() => shop.world[Symbol.asyncDispose](), OPENING_MS);

const PAID_IN = { kind: "payment", debit: "gateway", credit: "sales", amount: STARS, currency: "XTR" };
const GIVEN_BACK = { kind: "refund", debit: "refunds", credit: "gateway", amount: STARS, currency: "XTR" };

const untilDelivered = (chatId: number) =>
  until("the delivery", async () => (await shop.deliveriesIn(chatId)).includes("sent"));

test("a buyer taps, pays in Stars, and has the product, once", async () => {
  const { chatId, reference, invoice, paymentId } = await shop.paid();
  expect(invoice.invoice).toMatchObject({ title: "Curso", currency: "XTR", total_amount: STARS });
  const [sent] = (await shop.bot.sent(chatId)).filter(({ method }) => method === "sendInvoice");
  expect(sent?.payload).toMatchObject({ payload: reference, currency: "XTR", provider_token: "" });
  expect(await shop.chargeOf(reference)).toMatchObject({
    ...{ state: "paid", gateway: "telegram_stars", gateway_id: paymentId, currency: "XTR" },
    ...{ amount: STARS, paid_amount: STARS },
  });
  expect(await shop.deliveriesIn(chatId)).toEqual(["sent"]);
  expect(await shop.countOf(chatId, GOODS)).toBe(1);
  expect(await shop.transfersOf(reference)).toEqual([PAID_IN]);
});

test("somebody else may pay it, as a present", async () => {
  const { chatId, reference } = await shop.invoiced();
  const bob = { id: nextChat(), first_name: "Bob" };
  const present = { token: shop.bot.token, user: bob, payload: reference };
  expect(await shop.world.fake.control.payInvoice(present)).toMatchObject({ paid: true });
  await untilDelivered(chatId);
  expect([await shop.countOf(chatId, GOODS), await shop.countOf(bob.id, GOODS)]).toEqual([1, 0]);
});

describe("who may not pay is told why in Portuguese, and nothing changes", () => {
  /** Asks as Telegram does, and gives the bot's answer. */
  async function ask(chatId: number, query: Record<string, unknown>) {
    const id = `query-${crypto.randomUUID()}`;
    const asked = { id, from: { ...alice(chatId), is_bot: false }, currency: "XTR", total_amount: STARS, ...query };
    await shop.world.fake.control.update({ token: shop.bot.token, update: { pre_checkout_query: asked } });
    const answer = await until("an answer", async () => {
      const calls = await shop.world.fake.control.calls({ token: shop.bot.token, method: "answerPreCheckoutQuery" });
      return calls.find(({ payload, outcome }) => outcome && payload.pre_checkout_query_id === id);
    });
    expect(answer.outcome).toEqual({ ok: true });
    return answer.payload;
  }

  const WRONG = "Este pagamento não confere com o pedido.";

  test.each([
    ["another amount", { total_amount: STARS - 1 }],
    ["another currency", { currency: "USD" }],
    ["a payload that we did not make", { invoice_payload: "f".repeat(32) }],
  ])("%s", async (_, change) => {
    const { chatId, reference } = await shop.invoiced();
    const before = await shop.chargeOf(reference);
    const answer = await ask(chatId, { invoice_payload: reference, ...change });
    expect(answer).toMatchObject({ ok: false, error_message: expect.stringContaining(WRONG) });
    expect(await shop.chargeOf(reference)).toEqual(before);
  });

  test("another bot's invoice", async () => {
    const { reference } = await shop.invoiced();
    const other = await shop.world.addBot(starsFunnel);
    const query = { id: "foreign", from: alice(nextChat()), currency: "XTR", total_amount: STARS };
    await other.post(shop.server, { pre_checkout_query: { ...query, invoice_payload: reference } });
    const { calls } = await shop.world.fake.control.wait({ token: other.token, method: "answerPreCheckoutQuery" });
    expect(calls[0]?.payload).toMatchObject({ ok: false, error_message: expect.stringContaining(WRONG) });
  });

  test("an order that is paid", async () => {
    const { chatId, invoice } = await shop.paid();
    const again = { token: shop.bot.token, user: alice(chatId), message_id: invoice.message_id };
    expect(await shop.world.fake.control.payInvoice(again)).toEqual({
      ...{ paid: false, error_message: "Este pedido já foi pago." },
    });
    expect(await shop.deliveriesIn(chatId)).toEqual(["sent"]);
  });

  test("an invoice whose time is over, which is then expired", async () => {
    const { chatId, reference, invoice } = await shop.invoiced();
    shop.world.clock.advance(VALID_MINUTES * 60_000);
    const late = { token: shop.bot.token, user: alice(chatId), message_id: invoice.message_id };
    expect(await shop.world.fake.control.payInvoice(late)).toMatchObject({
      ...{ paid: false, error_message: expect.stringContaining("O prazo deste pagamento terminou.") },
    });
    expect(await shop.chargeOf(reference)).toMatchObject({ state: "pending", paid_amount: 0 });
    await until("the charge to expire", async () => {
      shop.world.clock.advance(60_000);
      await shop.server.sweep();
      await untilQuiet(shop.world, shop.server);
      return (await shop.chargeOf(reference))?.state === "expired";
    });
    const again = (one: FakeMessage) => JSON.stringify(one.reply_markup ?? "").includes("Gerar nova cobrança");
    expect(await shop.shown(chatId, "the way to another invoice", again)).toMatchObject({ text: expect.any(String) });
  });
});

test("several invoices that nobody paid may be asked about", async () => {
  const references = [await shop.invoiced(), await shop.invoiced()].map(({ reference }) => reference);
  shop.world.clock.advance(6 * 60_000);
  await shop.server.sweep();
  const asked = await until("each was asked about", async () => {
    const rows = await shop.world
      .sql`SELECT checks, state, gateway_id FROM charge WHERE reference IN ${shop.world.sql(references)}`;
    return rows.every(({ checks }) => checks > 0) && [...rows];
  });
  expect(asked).toEqual([1, 2].map(() => ({ checks: 1, state: "pending", gateway_id: null })));
});

test("a payment that we were not told of is found by asking", async () => {
  const { chatId, reference } = await shop.invoiced();
  const id = `lost-${chatId}`;
  await shop.listenTo(["pre_checkout_query"]);
  const message = { successful_payment: starsOf(reference, id) };
  await shop.world.fake.control.say({ token: shop.bot.token, user: alice(chatId), message });
  await shop.listenTo(ALLOWED_UPDATES);
  shop.world.clock.advance(6 * 60_000);
  await shop.server.sweep();
  await untilDelivered(chatId);
  expect(await shop.chargeOf(reference)).toMatchObject({ state: "paid", gateway_id: id });
});

describe("what is told twice counts once", () => {
  const tellPaid = (chatId: number, reference: string, id: string) =>
    shop.bot.post(shop.server, messageOf(chatId, { successful_payment: starsOf(reference, id) }));

  test("the same payment in another update", async () => {
    const { chatId, reference, paymentId } = await shop.paid();
    for (let times = 0; times < 2; times++) expect((await tellPaid(chatId, reference, paymentId)).status).toBe(200);
    await untilQuiet(shop.world, shop.server);
    expect(await shop.countOf(chatId, GOODS)).toBe(1);
    expect(await shop.deliveriesIn(chatId)).toEqual(["sent"]);
  });

  test("two updates of a payment at the same time", async () => {
    const { chatId, reference } = await shop.invoiced();
    const told = [1, 2].map(() => tellPaid(chatId, reference, `at-once-${chatId}`));
    for (const answer of await Promise.all(told)) expect(answer.status).toBe(200);
    await untilDelivered(chatId);
    await untilQuiet(shop.world, shop.server);
    expect(await shop.countOf(chatId, GOODS)).toBe(1);
  });
});

describe("Stars that go back end the access, and the books say so", () => {
  async function isRevoked(chatId: number, reference: string): Promise<void> {
    await until("the refund", async () => (await shop.chargeOf(reference))?.state === "refunded", 3_000);
    await untilQuiet(shop.world, shop.server);
    expect(await shop.deliveriesIn(chatId)).toEqual(["revoked"]);
    expect(await shop.transfersOf(reference)).toEqual([PAID_IN, GIVEN_BACK]);
    const [customer] = await shop.world.sql`SELECT first_name FROM customer WHERE chat_id = ${chatId}`;
    expect(customer).toEqual({ first_name: "Alice" });
  }

  test("when Telegram says so, once or twice", async () => {
    const { chatId, reference, paymentId } = await shop.paid();
    for (let times = 0; times < 2; times++)
      await shop.bot.post(shop.server, messageOf(chatId, { refunded_payment: starsOf(reference, paymentId) }));
    await isRevoked(chatId, reference);
  });

  test("when Telegram says so in the bot's own name", async () => {
    const { chatId, reference, paymentId } = await shop.paid();
    await shop.callBot("refundStarPayment", { user_id: chatId, telegram_payment_charge_id: paymentId });
    await isRevoked(chatId, reference);
  });

  test("when the seller wishes it", async () => {
    const { chatId, reference, paymentId } = await shop.paid();
    const charge = await shop.chargeOf(reference);
    await wishRefund(shop.server.app.payments.context, shop.tenantId, charge?.order_id);
    await shop.server.sweep();
    await isRevoked(chatId, reference);
    const asked = await shop.world.fake.control.calls({ token: shop.bot.token, method: "refundStarPayment" });
    const own = asked.filter(({ payload }) => payload.telegram_payment_charge_id === paymentId);
    expect(own).toMatchObject([{ payload: { user_id: chatId }, outcome: { ok: true } }]);
  });
});

test("Stars without an order of ours raise an alert", async () => {
  const chatId = nextChat();
  await shop.bot.post(shop.server, messageOf(chatId, { successful_payment: starsOf("nobody-knows", "x1", 7) }));
  const [alert] = await until("the alert", async () => {
    const rows = await shop.world.sql`SELECT sentence FROM alert WHERE kind = 'stars.orphan'`;
    return rows.length > 0 && rows;
  });
  expect(alert?.sentence).toBe("Entraram 7 ⭐ sem pedido conhecido (pagamento x1): devolva as estrelas.");
  expect(await shop.deliveriesIn(chatId)).toEqual([]);
});

test("a second payment of one invoice is kept and owed back, and delivers nothing", async () => {
  const { chatId, reference, paymentId } = await shop.paid();
  for (let times = 0; times < 2; times++)
    await shop.bot.post(shop.server, messageOf(chatId, { successful_payment: starsOf(reference, `${paymentId}-2`) }));
  const second = await until("it is booked", async () => {
    const [row] = await shop.world.sql`SELECT id, state, is_double FROM charge WHERE gateway_id = ${`${paymentId}-2`}`;
    return row?.state === "paid" && row;
  });
  expect(second?.is_double).toBe(true);
  const transfers = await shop.world.sql`SELECT credit, amount FROM transfer WHERE charge_id = ${second?.id}`;
  expect(transfers.map((row) => ({ ...row }))).toEqual([{ credit: "refund_due", amount: STARS }]);
  expect((await shop.deliveriesIn(chatId)).length).toBe(1);
});
