// Stars in the fake: invoices and what is refused about them, the question before a payment, transactions, refunds; and edits.

import { beforeAll, describe, expect, test } from "bun:test";
import { fakeTelegramControl } from "../../src/fake-telegram/control-client.ts";
import { type FakeTelegram, startFakeTelegram } from "../../src/fake-telegram/server.ts";
import { alice, bob, caller, jumpingTimeline, ok, startReceiver, token } from "./support.ts";

let telegram: FakeTelegram;
let api: ReturnType<typeof caller>;

beforeAll(async () => {
  telegram = await startFakeTelegram();
  api = caller(telegram.url);
  await telegram.control.say({ token, user: alice, text: "/start" });
  return () => telegram[Symbol.asyncDispose]();
});

const chat_id = alice.id;
const prices = [{ label: "Curso", amount: 250 }];
const invoice = { chat_id, title: "Curso", description: "Pedido nº 1", payload: "p1", currency: "XTR", prices };

describe("an invoice", () => {
  test.each([
    [{ title: "" }, "TITLE_INVALID"],
    [{ title: "x".repeat(33) }, "TITLE_INVALID"],
    [{ description: "" }, "DESCRIPTION_INVALID"],
    [{ description: "x".repeat(256) }, "DESCRIPTION_INVALID"],
    [{ payload: "" }, "INVOICE_PAYLOAD_INVALID"],
    [{ payload: "ã".repeat(65) }, "INVOICE_PAYLOAD_INVALID"],
    [{ currency: "xtr" }, "CURRENCY_INVALID"],
    [{ prices: [] }, "can't parse prices JSON object"],
    [{ prices: [...prices, ...prices] }, "STARS_INVOICE_INVALID"],
    [{ provider_token: "1:TEST" }, "STARS_INVOICE_INVALID"],
    [{ currency: "BRL" }, "PAYMENT_PROVIDER_INVALID"],
    [{ prices: [{ label: "Curso", amount: 0 }] }, "CURRENCY_TOTAL_AMOUNT_INVALID"],
    [{ prices: [{ label: "Curso", amount: 1.5 }] }, "CURRENCY_TOTAL_AMOUNT_INVALID"],
    [{ prices: [{ amount: 1 }] }, `can't parse labeled price: Field "label" must be non-empty`],
  ])("is refused with %j: %s", async (change, sentence) => {
    const description = `Bad Request: ${sentence}`;
    expect(await api("sendInvoice", { ...invoice, ...change })).toMatchObject({ status: 400, description });
    expect(await api("createInvoiceLink", { ...invoice, ...change })).toMatchObject({ status: 400, description });
  });

  test("stands in the chat without its payload, with a pay button", async () => {
    const longest = {
      title: "x".repeat(32),
      description: "ã".repeat(255),
      payload: "p".repeat(128),
      provider_token: "",
    };
    const { result } = await api("sendInvoice", { ...invoice, ...longest });
    const shown = { title: longest.title, description: longest.description, start_parameter: "" };
    expect(result.invoice).toEqual({ ...shown, currency: "XTR", total_amount: 250 });
    expect(result.reply_markup).toEqual({ inline_keyboard: [[{ text: "Pay XTR 250", pay: true }]] });
    const edit = { chat_id, message_id: result.message_id };
    expect(await api("editMessageText", { ...edit, text: "x" })).toMatchObject({ status: 400 });
    expect(await api("editMessageCaption", { ...edit, caption: "x" })).toMatchObject({ status: 400 });
    expect(String((await api("createInvoiceLink", invoice)).result)).toStartWith("https://t.me/$");
  });
});

type Query = { id: string; from: { id: number }; currency: string; total_amount: number; invoice_payload: string };

/** A fake of its own, whose webhook answers every pre-checkout query as told. */
async function openShop(answer: Record<string, unknown>) {
  const fake = await startFakeTelegram();
  const call = caller(fake.url);
  const receiver = startReceiver((update) => {
    const query = update.pre_checkout_query as Query | undefined;
    return query
      ? Response.json({ method: "answerPreCheckoutQuery", pre_checkout_query_id: query.id, ...answer })
      : ok();
  });
  await call("setWebhook", { url: receiver.url });
  await fake.control.say({ token, user: alice, text: "/start" });
  const { result } = await call("sendInvoice", invoice);
  return {
    ...{ fake, call, receiver, messageId: Number(result.message_id) },
    async [Symbol.asyncDispose]() {
      await receiver[Symbol.asyncDispose]();
      await fake[Symbol.asyncDispose]();
    },
  };
}

const transactionsOf = async (call: ReturnType<typeof caller>, page = {}) =>
  (await call("getStarTransactions", page)).result.transactions as Record<string, unknown>[];

test("who may pay pays: the bot is asked, then told, and has the Stars", async () => {
  await using shop = await openShop({ ok: true });
  const { fake, call, receiver, messageId } = shop;
  const paid = await fake.control.payInvoice({ token, user: alice, message_id: messageId });
  expect(paid).toMatchObject({ paid: true, message_id: messageId + 1 });
  await fake.control.idle();
  const [, asked, told] = receiver.received;
  const from = { id: alice.id, is_bot: false };
  expect(asked?.pre_checkout_query).toMatchObject({ from, currency: "XTR", total_amount: 250, invoice_payload: "p1" });
  const id = paid.paid ? paid.telegram_payment_charge_id : "";
  const payment = { currency: "XTR", total_amount: 250, invoice_payload: "p1", telegram_payment_charge_id: id };
  expect(told?.message).toMatchObject({ from, successful_payment: { ...payment, provider_payment_charge_id: "" } });
  const source = { type: "user", transaction_type: "invoice_payment", user: from, invoice_payload: "p1" };
  expect(await transactionsOf(call)).toMatchObject([{ id, amount: 250, date: expect.any(Number), source }]);
});

test("somebody else pays by the payload, over HTTP, and an invoice that does not exist is named", async () => {
  await using shop = await openShop({ ok: true });
  const control = fakeTelegramControl(shop.fake.url);
  expect(await control.payInvoice({ token, user: bob, payload: "p1" })).toMatchObject({ paid: true });
  expect(await control.payInvoice({ token, user: bob, message_id: shop.messageId, chat_id })).toMatchObject({
    paid: true,
  });
  expect((await control.messages({ token, chat_id: bob.id })).map((one) => Object.keys(one))).toHaveLength(2);
  await expect(control.payInvoice({ token, user: bob, payload: "p2" })).rejects.toThrow("No invoice p2.");
  await expect(control.payInvoice({ token, user: bob, message_id: 9 })).rejects.toThrow("message 9 of chat 88");
  await expect(control.payInvoice({ token, user: bob })).rejects.toThrow("`message_id` or its `payload`");
});

test("who may not pay is told why, and nothing comes in", async () => {
  await using shop = await openShop({ ok: false, error_message: "Este pedido já foi pago." });
  const paid = await shop.fake.control.payInvoice({ token, user: alice, payload: "p1" });
  expect(paid).toEqual({ paid: false, error_message: "Este pedido já foi pago." });
  await shop.fake.control.idle();
  expect(shop.receiver.received.map((update) => Object.keys(update)[1])).toEqual(["message", "pre_checkout_query"]);
  expect(await transactionsOf(shop.call)).toEqual([]);
});

test("a bot that does not answer within ten seconds may not answer any more", async () => {
  const timeline = jumpingTimeline();
  await using fake = await startFakeTelegram({ timeline });
  const call = caller(fake.url);
  await fake.control.say({ token, user: alice, text: "/start" });
  await call("sendInvoice", invoice);
  const paid = await fake.control.payInvoice({ token, user: alice, payload: "p1" });
  expect(paid).toEqual({ paid: false, error_message: "timeout" });
  expect(timeline.waitsMs).toEqual([10_000]);
  const { result } = await call("getUpdates", { offset: -1 });
  const [update] = result as unknown as { pre_checkout_query: Query }[];
  const late = { pre_checkout_query_id: update?.pre_checkout_query.id, ok: true };
  expect((await call("answerPreCheckoutQuery", late)).description).toContain("query is too old");
});

test("an answer needs a reason when it is no, and counts once", async () => {
  const query = { id: "4711", from: alice, currency: "XTR", total_amount: 1, invoice_payload: "?" };
  await telegram.control.update({ token, update: { pre_checkout_query: query } });
  const pre_checkout_query_id = query.id;
  const no = { pre_checkout_query_id, ok: false };
  expect(await api("answerPreCheckoutQuery", no)).toMatchObject({ description: "Bad Request: ERROR_TEXT_EMPTY" });
  expect(await api("answerPreCheckoutQuery", { ...no, error_message: "não" })).toMatchObject({ ok: true });
  expect(await api("answerPreCheckoutQuery", { ...no, ok: true })).toMatchObject({ status: 400 });
});

test("it gives a payment back once, to who paid it, and says so in the chat", async () => {
  await using shop = await openShop({ ok: true });
  const { fake, call, receiver } = shop;
  const paid = await fake.control.payInvoice({ token, user: alice, payload: "p1" });
  const id = paid.paid ? paid.telegram_payment_charge_id : "";
  const refund = (user_id: number) => call("refundStarPayment", { user_id, telegram_payment_charge_id: id });
  expect(await refund(bob.id)).toMatchObject({ description: "Bad Request: CHARGE_NOT_FOUND" });
  expect(await refund(alice.id)).toMatchObject({ ok: true, result: true });
  expect(await refund(alice.id)).toMatchObject({ description: "Bad Request: CHARGE_ALREADY_REFUNDED" });
  await fake.control.idle();
  expect(receiver.received.at(-1)?.message).toMatchObject({
    ...{ chat: { id: alice.id }, from: { id: 123456, is_bot: true } },
    refunded_payment: { currency: "XTR", total_amount: 250, invoice_payload: "p1", telegram_payment_charge_id: id },
  });
  const both = await transactionsOf(call);
  expect(both).toMatchObject([
    { id, amount: 250 },
    { id, amount: 250, receiver: { user: { id: alice.id } } },
  ]);
  expect(await transactionsOf(call, { offset: 1, limit: 1 })).toEqual(both.slice(1));
  expect(await transactionsOf(call, { offset: 2 })).toEqual([]);
});

test("a payment that the bot is told of twice came in once", async () => {
  const successful_payment = {
    ...{ currency: "XTR", total_amount: 5 },
    invoice_payload: "p",
    telegram_payment_charge_id: "c1",
  };
  for (let times = 0; times < 2; times++)
    await telegram.control.say({ token, user: alice, message: { successful_payment } });
  expect((await transactionsOf(api)).filter(({ id }) => id === "c1")).toHaveLength(1);
});

test("edits take the place of what stood in the chat", async () => {
  const other = "888888:edits";
  await telegram.control.bot({ token: other, openChats: true });
  const call = caller(telegram.url, other);
  const keyboard = { inline_keyboard: [[{ text: "Verificar", callback_data: "v" }]] };
  const { result: text } = await call("sendMessage", { chat_id, text: "um", reply_markup: keyboard });
  const photo = { chat_id, photo: "https://a.b/1.png", caption: "foto", reply_markup: keyboard };
  const { result: picture } = await call("sendPhoto", photo);
  const { result: gone } = await call("sendMessage", { chat_id, text: "some" });
  await call("editMessageText", { chat_id, message_id: text.message_id, text: "pago" });
  await call("editMessageCaption", { chat_id, message_id: picture.message_id, caption: "paga" });
  await call("deleteMessage", { chat_id, message_id: gone.message_id });
  const shown = await telegram.control.messages({ token: other, chat_id });
  expect(shown.map((one) => [one.text ?? one.caption, one.reply_markup])).toEqual([
    ["pago", undefined],
    ["paga", undefined],
  ]);
  const again = await call("editMessageCaption", { chat_id, message_id: picture.message_id, caption: "paga" });
  expect(again.description).toStartWith("Bad Request: message is not modified: ");
  const missing = await call("editMessageCaption", { chat_id, message_id: gone.message_id, caption: "x" });
  expect(missing.description).toBe("Bad Request: message to edit not found");
});
