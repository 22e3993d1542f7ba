// The bot's Stars: what came in and went out, and giving a payment back.

import { badRequest } from "../api-failure.ts";
import { knowChat, privateShape } from "../chats.ts";
import { addUpdate } from "../incoming.ts";
import { writeMessage } from "../messages.ts";
import { integerOf, textOf } from "../params.ts";
import { findPayment, isRefunded, keepTransaction, type StarTransaction } from "../star-book.ts";
import type { Call } from "./call.ts";

const PAGE_MAX = 100;

/** Oldest first, as Telegram orders them for bots (tdlib/td, StarManager.cpp: the query is made with `ascending`). */
export function getStarTransactions({ bot, params }: Call): { transactions: StarTransaction[] } {
  const offset = Math.max(0, integerOf(params, "offset") ?? 0);
  const limit = Math.min(PAGE_MAX, Math.max(1, integerOf(params, "limit") ?? PAGE_MAX));
  return { transactions: bot.stars.transactions.slice(offset, offset + limit) };
}

/** Knows every payment that reached the bot as a `successful_payment`. */
export function refundStarPayment({ world, bot, params }: Call): true {
  const id = textOf(params, "telegram_payment_charge_id") ?? "";
  const payment = findPayment(bot, id);
  if (!payment?.source || payment.source.user.id !== integerOf(params, "user_id")) throw badRequest("CHARGE_NOT_FOUND");
  if (isRefunded(bot, id)) throw badRequest("CHARGE_ALREADY_REFUNDED");
  const { user, invoice_payload: payload = "" } = payment.source;
  const date = Math.floor(world.settings.timeline.nowMs() / 1_000);
  const receiver = { type: "user", transaction_type: "invoice_payment", user } as const;
  keepTransaction(bot, { id, amount: payment.amount, date, receiver });
  const refunded = {
    ...{ currency: "XTR", total_amount: payment.amount, invoice_payload: payload },
    telegram_payment_charge_id: id,
  };
  // The service message comes from the bot itself (aiogram/aiogram issue 1692), not from the payer.
  const chat = knowChat(bot, privateShape(user));
  addUpdate(world, bot, { message: writeMessage(world, chat, { from: bot.user, refunded_payment: refunded }) });
  return true;
}
