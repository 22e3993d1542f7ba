// Stars as one bot knows them: invoices it made, people about to pay, and every transaction, oldest first.

import type { User } from "grammy/types";
import { isObject } from "./params.ts";
import type { Bot, World } from "./state.ts";

/** `chatId`, `messageId`: the message that shows it; absent for an invoice that is only a link. */
export type Invoice = { payload: string; currency: string; total: number; chatId?: number; messageId?: number };

/** The answer to a pre-checkout query; undefined = none came in time. */
export type CheckoutAnswer = { ok: boolean; errorMessage: string } | undefined;

type Partner = { type: "user"; transaction_type: "invoice_payment"; user: User; invoice_payload?: string };

/** As getStarTransactions answers it: `source` of what came in, `receiver` of what went out. A refund has the id of its payment. */
export type StarTransaction = { id: string; amount: number; date: number; source?: Partner; receiver?: Partner };

/** `checkouts`: who waits for the answer, by the query's id. */
export type StarBook = {
  invoices: Invoice[];
  transactions: StarTransaction[];
  checkouts: Map<string, (answer: CheckoutAnswer) => void>;
};

/** Invoices and transactions a bot keeps; the oldest make room. */
const KEPT_MAX = 20_000;

export const createStarBook = (): StarBook => ({ invoices: [], transactions: [], checkouts: new Map() });

export function keepInvoice({ stars }: Bot, invoice: Invoice): void {
  stars.invoices.push(invoice);
  if (stars.invoices.length > KEPT_MAX) stars.invoices.shift();
}

/** The newest invoice of that message or payload. */
export function findInvoice(
  { stars }: Bot,
  named: { chatId: number; messageId?: number | undefined; payload?: string | undefined },
): Invoice | undefined {
  const { chatId, messageId, payload } = named;
  return stars.invoices.findLast((invoice) =>
    messageId === undefined
      ? invoice.payload === payload
      : invoice.messageId === messageId && invoice.chatId === chatId,
  );
}

/** The payment with this id that came in. */
export function findPayment({ stars }: Bot, id: string): StarTransaction | undefined {
  return stars.transactions.find((one) => one.id === id && one.source !== undefined);
}

export const isRefunded = ({ stars }: Bot, id: string): boolean =>
  stars.transactions.some((one) => one.id === id && one.receiver !== undefined);

export function keepTransaction({ stars }: Bot, transaction: StarTransaction): void {
  stars.transactions.push(transaction);
  if (stars.transactions.length > KEPT_MAX) stars.transactions.shift();
}

/** What a `successful_payment` that reaches the bot says of its Stars; told again it is nothing new. */
export function learnPayment(world: World, bot: Bot, from: unknown, payment: unknown): void {
  if (!isObject(from) || !isObject(payment) || payment.currency !== "XTR") return;
  const id = String(payment.telegram_payment_charge_id);
  if (findPayment(bot, id)) return;
  keepTransaction(bot, {
    id,
    amount: Number(payment.total_amount),
    date: Math.floor(world.settings.timeline.nowMs() / 1_000),
    source: {
      type: "user",
      transaction_type: "invoice_payment",
      user: from as unknown as User,
      invoice_payload: String(payment.invoice_payload),
    },
  });
}
