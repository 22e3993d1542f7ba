// A person pays an invoice: the bot is asked whether he may, and hears of it once he has.

import { randomInt } from "node:crypto";
import { RejectedError } from "../kernel/errors.ts";
import type { PayInvoiceInput } from "./control-shapes.ts";
import { addUpdate } from "./incoming.ts";
import { personOf, say } from "./people.ts";
import { type CheckoutAnswer, findInvoice, type Invoice } from "./star-book.ts";
import type { Bot, World } from "./state.ts";

/** `error_message`: why the bot refused, in its words; "timeout" = it did not answer in time. */
export type Paid =
  | { paid: true; update_id: number; message_id: number; telegram_payment_charge_id: string }
  | { paid: false; error_message: string };

/** So long Telegram waits for answerPreCheckoutQuery (core.telegram.org/bots/api#answerprecheckoutquery). */
const ANSWER_MS = 10_000;

/** Pays in the payer's own chat with the bot. An invoice may be paid again: forwarded copies of its message have a pay button, too. */
export async function payInvoice(world: World, bot: Bot, input: PayInvoiceInput): Promise<Paid> {
  const { user, message_id: messageId, payload, chat_id: chatId = user.id } = input;
  if (messageId === undefined && payload === undefined)
    throw new RejectedError(400, "Say which invoice: its `message_id` or its `payload`.");
  const invoice = findInvoice(bot, { chatId, messageId, payload });
  if (!invoice) throw new RejectedError(404, `No invoice ${payload ?? `in message ${messageId} of chat ${chatId}`}.`);
  const answer = await askBot(world, bot, input, invoice);
  if (!answer?.ok) return { paid: false, error_message: answer?.errorMessage ?? "timeout" };
  const id = `stx${Bun.randomUUIDv7("base64url")}`;
  const payment = {
    ...{ currency: invoice.currency, total_amount: invoice.total, invoice_payload: invoice.payload },
    ...{ telegram_payment_charge_id: id, provider_payment_charge_id: "" },
  };
  const { token } = input;
  return {
    paid: true,
    ...say(world, bot, { token, user, message: { successful_payment: payment } }),
    telegram_payment_charge_id: id,
  };
}

function askBot(world: World, bot: Bot, { user }: PayInvoiceInput, invoice: Invoice): Promise<CheckoutAnswer> {
  const id = `${randomInt(1e9, 1e14)}${randomInt(1e4)}`;
  const query = {
    ...{ id, from: personOf(user), currency: invoice.currency },
    ...{ total_amount: invoice.total, invoice_payload: invoice.payload },
  };
  return new Promise((resolve) => {
    const settle = (answer: CheckoutAnswer) => {
      cancel();
      bot.stars.checkouts.delete(id);
      // An answer that comes later is refused.
      bot.queries.delete(id);
      resolve(answer);
    };
    const cancel = world.settings.timeline.after(ANSWER_MS, () => settle(undefined));
    bot.stars.checkouts.set(id, settle);
    addUpdate(world, bot, { pre_checkout_query: query });
  });
}
