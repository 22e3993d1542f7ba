// Telegram Stars from the tap to the delivery: the invoice, the question before the payment, the payment, and its return.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { FakeMessage } from "#src/fake-telegram/state.ts";
import type { TenantId } from "#src/kernel/ids.ts";
import { cents } from "#src/kernel/money.ts";
import { addAccount } from "#src/payments/add-account.ts";
import { wishRefund } from "#src/payments/refund.ts";
import { ALLOWED_UPDATES } from "#src/telegram/update.ts";
import { untilQuiet } from "../support/quiet.ts";
import { until } from "../support/until.ts";
import { messageOf } from "../support/updates.ts";
import {
  OPENING_MS,
  openWorld,
  plainFunnel,
  type Running,
  type TestBot,
  testKeyring,
  type World,
} from "../support/world.ts";

const STARS = 250;
const GOODS = "Aqui está o seu curso.";
const VALID_MINUTES = 30;
const offer = {
  ...{ text: "Quero", product: "Curso", priceCents: cents(1990), priceStars: STARS, validMinutes: VALID_MINUTES },
  deliver: { text: GOODS },
};
const funnel = {
  ...plainFunnel,
  steps: plainFunnel.steps.map((step) => (step.id === "oi" ? { ...step, buttons: [[offer]] } : step)),
};

let world: World;
let server: Running;
let tenantId: TenantId;
let bot: TestBot;
beforeAll(async () => {
  world = await openWorld();
  bot = await world.addBot(funnel);
  server = await world.start();
  const [row] = await world.sql<{ tenant_id: TenantId }[]>`SELECT tenant_id FROM bot WHERE id = ${bot.botId}`;
  tenantId = row?.tenant_id as TenantId;
  const account = { keyring: testKeyring, publicUrl: undefined, kind: "telegram_stars", credentials: {} };
  await addAccount(world.sql, { ...account, tenantId });
  await listenTo(ALLOWED_UPDATES);
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose](), OPENING_MS);

async function callBot(method: string, json: Record<string, unknown>): Promise<void> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${world.fake.url}/bot${bot.token}/${method}`, {
    ...{ method: "POST", headers, body: JSON.stringify(json) },
  });
  expect(await answer.json()).toMatchObject({ ok: true });
}

/** Telegram tells of these kinds of updates from now on. */
const listenTo = (kinds: readonly string[]) =>
  callBot("setWebhook", {
    ...{ url: `${server.http.url}/webhook/telegram/${bot.botId}`, secret_token: bot.secret, allowed_updates: kinds },
  });

let chats = 40_000;
const alice = (chatId: number) => ({ id: chatId, first_name: "Alice" });

const messagesIn = (chatId: number) => world.fake.control.messages({ token: bot.token, chat_id: chatId });
const textsIn = async (chatId: number) => (await messagesIn(chatId)).flatMap(({ text }) => text ?? []);
const countOf = async (chatId: number, text: string) =>
  (await textsIn(chatId)).filter((one) => one.includes(text)).length;

/** Waits for a message in the chat. */
const shown = (chatId: number, what: string, isIt: (message: FakeMessage) => unknown) =>
  until(what, async () => (await messagesIn(chatId)).findLast(isIt));

const chargeIn = async (chatId: number) =>
  (await world.sql`SELECT * FROM charge WHERE chat_id = ${chatId} ORDER BY id DESC LIMIT 1`)[0];
const deliveriesIn = async (chatId: number) =>
  [...(await world.sql`SELECT state FROM delivery WHERE chat_id = ${chatId}`)].map(({ state }) => state);

const transfersOf = async (reference: string) => [
  ...(await world.sql`
    SELECT kind, debit, credit, t.amount, t.currency FROM transfer AS t JOIN charge ON charge.id = charge_id
    WHERE reference = ${reference} ORDER BY t.id`),
];
const PAID_IN = { kind: "payment", debit: "gateway", credit: "sales", amount: STARS, currency: "XTR" };
const GIVEN_BACK = { kind: "refund", debit: "refunds", credit: "gateway", amount: STARS, currency: "XTR" };

/** A `successful_payment` or `refunded_payment` as it stands in a message. */
const starsOf = (payload: string, id: string, amount = STARS) => ({
  ...{ currency: "XTR", total_amount: amount, invoice_payload: payload, telegram_payment_charge_id: id },
});

/** A customer who has tapped the buy button and sees the invoice. */
async function invoiced(): Promise<{ chatId: number; reference: string; invoice: FakeMessage }> {
  const chatId = ++chats;
  const person = { token: bot.token, user: alice(chatId) };
  await world.fake.control.say({ ...person, text: "/start" });
  const welcome = await shown(chatId, "the welcome", (one) => one.reply_markup);
  const button = String(welcome.reply_markup?.inline_keyboard[0]?.[0]?.text);
  await world.fake.control.tap({ ...person, message_id: welcome.message_id, button });
  const invoice = await shown(chatId, "the invoice", (one) => one.invoice);
  await untilQuiet(world, server);
  return { chatId, reference: String((await chargeIn(chatId))?.reference), invoice };
}

async function paid() {
  const customer = await invoiced();
  const { chatId } = customer;
  const person = { token: bot.token, user: alice(chatId) };
  const payment = await world.fake.control.payInvoice({ ...person, message_id: customer.invoice.message_id });
  if (!payment.paid) throw new Error(payment.error_message);
  await until("the delivery", async () => (await deliveriesIn(chatId)).includes("sent"));
  await untilQuiet(world, server);
  return { ...customer, paymentId: payment.telegram_payment_charge_id };
}

test("a buyer taps, pays in Stars, and has the product, once", async () => {
  const { chatId, reference, invoice, paymentId } = await paid();
  expect(invoice.invoice).toMatchObject({ title: "Curso", currency: "XTR", total_amount: STARS });
  const [sent] = (await bot.sent(chatId)).filter(({ method }) => method === "sendInvoice");
  expect(sent?.payload).toMatchObject({ payload: reference, currency: "XTR", provider_token: "" });
  expect(await chargeIn(chatId)).toMatchObject({
    ...{ state: "paid", gateway: "telegram_stars", gateway_id: paymentId, currency: "XTR" },
    ...{ amount: STARS, paid_amount: STARS },
  });
  expect(await deliveriesIn(chatId)).toEqual(["sent"]);
  expect(await countOf(chatId, GOODS)).toBe(1);
  expect(await transfersOf(reference)).toEqual([PAID_IN]);
});

test("somebody else may pay it, as a present", async () => {
  const { chatId, reference } = await invoiced();
  const bob = { id: ++chats, first_name: "Bob" };
  expect(await world.fake.control.payInvoice({ token: bot.token, user: bob, payload: reference })).toMatchObject({
    paid: true,
  });
  await until("the delivery", async () => (await deliveriesIn(chatId)).includes("sent"));
  expect([await countOf(chatId, GOODS), await countOf(bob.id, GOODS)]).toEqual([1, 0]);
});

describe("who may not pay is told why in Portuguese, and nothing changes", () => {
  /** Asks as Telegram does, and gives the bot's answer. */
  async function ask(chatId: number, query: Record<string, unknown>) {
    const id = `query-${crypto.randomUUID()}`;
    const asked = { id, from: { ...alice(chatId), is_bot: false }, currency: "XTR", total_amount: STARS, ...query };
    await world.fake.control.update({ token: bot.token, update: { pre_checkout_query: asked } });
    const answer = await until("an answer", async () => {
      const calls = await world.fake.control.calls({ token: bot.token, method: "answerPreCheckoutQuery" });
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
    const { chatId, reference } = await invoiced();
    const before = await chargeIn(chatId);
    const answer = await ask(chatId, { invoice_payload: reference, ...change });
    expect(answer).toMatchObject({ ok: false, error_message: expect.stringContaining(WRONG) });
    expect(await chargeIn(chatId)).toEqual(before);
  });

  test("another bot's invoice", async () => {
    const { reference } = await invoiced();
    const other = await world.addBot(funnel);
    const query = { id: "foreign", from: alice(++chats), currency: "XTR", total_amount: STARS };
    await other.post(server, { pre_checkout_query: { ...query, invoice_payload: reference } });
    const { calls } = await world.fake.control.wait({ token: other.token, method: "answerPreCheckoutQuery" });
    expect(calls[0]?.payload).toMatchObject({ ok: false, error_message: expect.stringContaining(WRONG) });
  });

  test("an order that is paid", async () => {
    const { chatId, invoice } = await paid();
    const again = { token: bot.token, user: alice(chatId), message_id: invoice.message_id };
    expect(await world.fake.control.payInvoice(again)).toEqual({
      ...{ paid: false, error_message: "Este pedido já foi pago." },
    });
    expect(await deliveriesIn(chatId)).toEqual(["sent"]);
  });

  test("an invoice whose time is over, which is then expired", async () => {
    const { chatId, invoice } = await invoiced();
    world.clock.advance(VALID_MINUTES * 60_000);
    const late = { token: bot.token, user: alice(chatId), message_id: invoice.message_id };
    expect(await world.fake.control.payInvoice(late)).toMatchObject({
      ...{ paid: false, error_message: expect.stringContaining("O prazo deste pagamento terminou.") },
    });
    expect(await chargeIn(chatId)).toMatchObject({ state: "pending", paid_amount: 0 });
    await until("the charge to expire", async () => {
      world.clock.advance(60_000);
      await server.sweep();
      await untilQuiet(world, server);
      return (await chargeIn(chatId))?.state === "expired";
    });
    const again = (one: FakeMessage) => JSON.stringify(one.reply_markup ?? "").includes("Gerar nova cobrança");
    expect(await shown(chatId, "the way to another invoice", again)).toMatchObject({ text: expect.any(String) });
  });
});

test("several invoices that nobody paid may be asked about", async () => {
  const references = [await invoiced(), await invoiced()].map(({ reference }) => reference);
  world.clock.advance(6 * 60_000);
  await server.sweep();
  const asked = await until("each was asked about", async () => {
    const rows =
      await world.sql`SELECT checks, state, gateway_id FROM charge WHERE reference IN ${world.sql(references)}`;
    return rows.every(({ checks }) => checks > 0) && [...rows];
  });
  expect(asked).toEqual([1, 2].map(() => ({ checks: 1, state: "pending", gateway_id: null })));
});

test("a payment that we were not told of is found by asking", async () => {
  const { chatId, reference } = await invoiced();
  const id = `lost-${chatId}`;
  await listenTo(["pre_checkout_query"]);
  const message = { successful_payment: starsOf(reference, id) };
  await world.fake.control.say({ token: bot.token, user: alice(chatId), message });
  await listenTo(ALLOWED_UPDATES);
  world.clock.advance(6 * 60_000);
  await server.sweep();
  await until("the delivery", async () => (await deliveriesIn(chatId)).includes("sent"));
  expect(await chargeIn(chatId)).toMatchObject({ state: "paid", gateway_id: id });
});

describe("what is told twice counts once", () => {
  const tellPaid = (chatId: number, reference: string, id: string) =>
    bot.post(server, messageOf(chatId, { successful_payment: starsOf(reference, id) }));

  test("the same payment in another update", async () => {
    const { chatId, reference, paymentId } = await paid();
    for (let times = 0; times < 2; times++) expect((await tellPaid(chatId, reference, paymentId)).status).toBe(200);
    await untilQuiet(world, server);
    expect(await countOf(chatId, GOODS)).toBe(1);
    expect(await deliveriesIn(chatId)).toEqual(["sent"]);
  });

  test("two updates of a payment at the same time", async () => {
    const { chatId, reference } = await invoiced();
    const told = [1, 2].map(() => tellPaid(chatId, reference, `at-once-${chatId}`));
    for (const answer of await Promise.all(told)) expect(answer.status).toBe(200);
    await until("the delivery", async () => (await deliveriesIn(chatId)).includes("sent"));
    await untilQuiet(world, server);
    expect(await countOf(chatId, GOODS)).toBe(1);
  });
});

describe("Stars that go back end the access, and the books say so", () => {
  async function isRevoked(chatId: number, reference: string): Promise<void> {
    await until("the refund", async () => (await chargeIn(chatId))?.state === "refunded", 3_000);
    await untilQuiet(world, server);
    expect(await deliveriesIn(chatId)).toEqual(["revoked"]);
    expect(await transfersOf(reference)).toEqual([PAID_IN, GIVEN_BACK]);
    const [customer] = await world.sql`SELECT first_name FROM customer WHERE chat_id = ${chatId}`;
    expect(customer).toEqual({ first_name: "Alice" });
  }

  test("when Telegram says so, once or twice", async () => {
    const { chatId, reference, paymentId } = await paid();
    for (let times = 0; times < 2; times++)
      await bot.post(server, messageOf(chatId, { refunded_payment: starsOf(reference, paymentId) }));
    await isRevoked(chatId, reference);
  });

  // Telegram's message of it comes from the bot, and what a bot says is ignored: readMessage must make an exception of it.
  test.failing("when Telegram says so in the bot's own name", async () => {
    const { chatId, reference, paymentId } = await paid();
    await callBot("refundStarPayment", { user_id: chatId, telegram_payment_charge_id: paymentId });
    await isRevoked(chatId, reference);
  });

  test("when the seller wishes it", async () => {
    const { chatId, reference, paymentId } = await paid();
    const charge = await chargeIn(chatId);
    await wishRefund(server.app.payments.context, tenantId, charge?.order_id);
    await server.sweep();
    await isRevoked(chatId, reference);
    const asked = await world.fake.control.calls({ token: bot.token, method: "refundStarPayment" });
    const own = asked.filter(({ payload }) => payload.telegram_payment_charge_id === paymentId);
    expect(own).toMatchObject([{ payload: { user_id: chatId }, outcome: { ok: true } }]);
  });
});

test("Stars without an order of ours raise an alert", async () => {
  const chatId = ++chats;
  await bot.post(server, messageOf(chatId, { successful_payment: starsOf("nobody-knows", "x1", 7) }));
  const [alert] = await until("the alert", async () => {
    const rows = await world.sql`SELECT sentence FROM alert WHERE kind = 'stars.orphan'`;
    return rows.length > 0 && rows;
  });
  expect(alert?.sentence).toBe("Entraram 7 ⭐ sem pedido conhecido (pagamento x1): devolva as estrelas.");
  expect(await deliveriesIn(chatId)).toEqual([]);
});
