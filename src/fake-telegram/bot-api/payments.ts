// Invoices, and the answer that Telegram waits for before one is paid.

import { badRequest } from "../api-failure.ts";
import { writableChat } from "../chats.ts";
import { readMarkup } from "../markup.ts";
import { writeBotMessage } from "../messages.ts";
import { flagOf, integerOf, isObject, jsonOf, type Params, textOf } from "../params.ts";
import { keepInvoice } from "../star-book.ts";
import type { FakeMessage } from "../state.ts";
import type { Call } from "./call.ts";
import { checkQuery } from "./queries.ts";

const PAYLOAD_MAX_BYTES = 128;

export function sendInvoice(call: Call): FakeMessage {
  const chat = writableChat(call);
  const { invoice, payload } = readInvoice(call.params);
  const { currency, total_amount: total } = invoice;
  const own = readMarkup(call.params);
  const pay = { reply_markup: { inline_keyboard: [[{ text: `Pay ${currency} ${total}`, pay: true }]] } };
  const message = writeBotMessage(call, chat, { invoice, ...(own.reply_markup ? own : pay) });
  keepInvoice(call.bot, { payload, currency, total, chatId: chat.shape.id, messageId: message.message_id });
  return message;
}

export function createInvoiceLink(call: Call): string {
  const { invoice, payload } = readInvoice(call.params);
  keepInvoice(call.bot, { payload, currency: invoice.currency, total: invoice.total_amount });
  return `https://t.me/$${Bun.randomUUIDv7().replaceAll("-", "").slice(-20)}`;
}

/** The invoice as its message shows it, which is without the payload. */
function readInvoice(params: Params) {
  const title = required(params, "title", 32, "TITLE_INVALID");
  const description = required(params, "description", 255, "DESCRIPTION_INVALID");
  const payload = textOf(params, "payload") ?? "";
  if (payload === "" || Buffer.byteLength(payload) > PAYLOAD_MAX_BYTES) throw badRequest("INVOICE_PAYLOAD_INVALID");
  const currency = textOf(params, "currency") ?? "";
  if (!/^[A-Z]{3}$/.test(currency)) throw badRequest("CURRENCY_INVALID");
  const amounts = amountsOf(params);
  checkProvider(params, currency, amounts.length);
  const start = textOf(params, "start_parameter") ?? "";
  const total = amounts.reduce((sum, amount) => sum + amount, 0);
  if (!(total > 0)) throw badRequest("CURRENCY_TOTAL_AMOUNT_INVALID");
  return { invoice: { title, description, start_parameter: start, currency, total_amount: total }, payload };
}

function required(params: Params, field: string, max: number, refusal: string): string {
  const value = textOf(params, field) ?? "";
  if (value === "" || value.length > max) throw badRequest(refusal);
  return value;
}

function amountsOf(params: Params): number[] {
  const prices = jsonOf(params, "prices");
  if (!Array.isArray(prices) || prices.length === 0) throw badRequest("can't parse prices JSON object");
  return prices.map((price) => {
    if (!isObject(price)) throw badRequest("can't parse labeled price: expected an Object");
    if (typeof price.label !== "string" || price.label === "")
      throw badRequest('can\'t parse labeled price: Field "label" must be non-empty');
    return integerOf(price, "amount") ?? Number.NaN;
  });
}

/** Stars have no provider and exactly one price; every other currency is some provider's. */
function checkProvider(params: Params, currency: string, prices: number): void {
  const provider = textOf(params, "provider_token") ?? "";
  if (currency === "XTR" && (provider !== "" || prices !== 1)) throw badRequest("STARS_INVOICE_INVALID");
  if (currency !== "XTR" && provider === "") throw badRequest("PAYMENT_PROVIDER_INVALID");
}

/** May be answered once. */
export function answerPreCheckoutQuery(call: Call): true {
  const { bot, params } = call;
  const id = textOf(params, "pre_checkout_query_id") ?? "";
  checkQuery(call, id);
  const ok = flagOf(params, "ok");
  const errorMessage = textOf(params, "error_message") ?? "";
  if (!ok && errorMessage === "") throw badRequest("ERROR_TEXT_EMPTY");
  bot.queries.delete(id);
  bot.stars.checkouts.get(id)?.({ ok, errorMessage });
  return true;
}
