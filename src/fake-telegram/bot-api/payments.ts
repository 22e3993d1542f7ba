// Invoices and Stars, as far as a sales bot needs them.

import { badRequest } from "../api-failure.ts";
import { writableChat } from "../chats.ts";
import { readMarkup } from "../markup.ts";
import { writeBotMessage } from "../messages.ts";
import { flagOf, integerOf, isObject, jsonOf, type Params, textOf } from "../params.ts";
import type { FakeMessage } from "../state.ts";
import type { Call } from "./call.ts";
import { checkQuery } from "./queries.ts";

const PAYLOAD_MAX_BYTES = 128;

export function sendInvoice(call: Call): FakeMessage {
  const { params } = call;
  const chat = writableChat(call);
  const title = required(params, "title", 32, "TITLE_INVALID");
  const description = required(params, "description", 255, "DESCRIPTION_INVALID");
  const payload = textOf(params, "payload") ?? "";
  if (payload === "" || Buffer.byteLength(payload) > PAYLOAD_MAX_BYTES) throw badRequest("INVOICE_PAYLOAD_INVALID");
  const currency = textOf(params, "currency") ?? "";
  if (!/^[A-Z]{3}$/.test(currency)) throw badRequest("CURRENCY_INVALID");
  const total = totalOf(params);
  const start = textOf(params, "start_parameter") ?? "";
  const invoice = { title, description, start_parameter: start, currency, total_amount: total };
  const own = readMarkup(params);
  const pay = { reply_markup: { inline_keyboard: [[{ text: `Pay ${currency} ${total}`, pay: true }]] } };
  return writeBotMessage(call, chat, { invoice, ...(own.reply_markup ? own : pay) });
}

function required(params: Params, field: string, max: number, refusal: string): string {
  const value = textOf(params, field) ?? "";
  if (value === "" || value.length > max) throw badRequest(refusal);
  return value;
}

function totalOf(params: Params): number {
  const prices = jsonOf(params, "prices");
  if (!Array.isArray(prices) || prices.length === 0) throw badRequest("can't parse prices JSON object");
  const amounts = prices.map((price) => (isObject(price) ? integerOf(price, "amount") : undefined));
  const total = amounts.reduce<number>((sum, amount) => sum + (amount ?? Number.NaN), 0);
  if (!(total > 0)) throw badRequest("CURRENCY_TOTAL_AMOUNT_INVALID");
  return total;
}

export function answerPreCheckoutQuery(call: Call): true {
  checkQuery(call, textOf(call.params, "pre_checkout_query_id"));
  if (!flagOf(call.params, "ok") && !textOf(call.params, "error_message")) throw badRequest("ERROR_TEXT_EMPTY");
  call.bot.queries.delete(textOf(call.params, "pre_checkout_query_id") ?? "");
  return true;
}

/** Knows the charges of every `successful_payment` that reached the bot. */
export function refundStarPayment({ bot, params }: Call): true {
  const charge = bot.charges.get(textOf(params, "telegram_payment_charge_id") ?? "");
  if (!charge || charge.userId !== integerOf(params, "user_id")) throw badRequest("CHARGE_NOT_FOUND");
  if (charge.isRefunded) throw badRequest("CHARGE_ALREADY_REFUNDED");
  charge.isRefunded = true;
  return true;
}
