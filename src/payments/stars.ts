// Payments in Telegram Stars: they need no asking, for they come through the bot's own updates. Whether somebody may pay is answered before
// he does, what he paid or got back is settled like every other report.

import { randomBytes } from "node:crypto";
import type { Database } from "#db/connect.ts";
import type { PaymentBody } from "../kernel/effect.ts";
import type { BotId, ChargeId, ChatId, TenantId } from "../kernel/ids.ts";
import { type Cents, cents } from "../kernel/money.ts";
import { settleReport } from "./confirm.ts";
import type { Context } from "./context.ts";
import type { Report } from "./gateways/gateway.ts";
import { telegramStars } from "./gateways/telegram-stars.ts";
import { decidedFor, type Request } from "./requests.ts";

type StarsSaid = Extract<PaymentBody, { ask: "stars" }>;

/** Telegram says that an invoice was paid, or that its Stars were given back. */
export async function starsSaid(context: Context, request: Request, said: StarsSaid): Promise<void> {
  const decided = decidedFor(context, request);
  const found = await findCharge(context, request, said);
  if (!found) {
    // What we never counted need not be given back.
    if (said.isRefund) return void (await context.saver.save(decided));
    const sentence = `Entraram ${said.amount} ⭐ sem pedido conhecido (pagamento ${said.paymentId.slice(0, 40)}): devolva as estrelas.`;
    const alert = {
      tenantId: await readTenant(context.sql, request.botId),
      kind: "stars.orphan",
      about: `bot:${request.botId}:${said.paymentId}`,
      sentence,
    };
    return void (await context.saver.save({ ...decided, alerts: [alert] }));
  }
  const extra = decided.effect ? { effect: decided.effect } : {};
  const isSecond = !said.isRefund && found.gateway_id !== null && found.gateway_id !== said.paymentId;
  const report = reportOf(said, decided.at);
  // What the bot itself was told needs nothing of the seller's account, not even that it can be opened.
  const settle = (id: ChargeId, told: Report) => settleReport(context, id, telegramStars, told, "telegram", extra);
  const isKept = isSecond
    ? await settle(await addSecond(context, found.id, said.paymentId), { ...report, reference: null })
    : await settle(found.id, report);
  if (isKept === "later") throw new Error("somebody else kept changing the payment");
}

type FoundCharge = { id: ChargeId; gateway_id: string | null };

/** By the payload; but a second payment has the payload of the first, and is then known by its own id, at an account of the bot's seller. */
async function findCharge(
  { sql }: Context,
  { botId }: Request,
  { payload, paymentId }: StarsSaid,
): Promise<FoundCharge | undefined> {
  const [asked] = await sql<FoundCharge[]>`
    SELECT id, gateway_id FROM charge WHERE reference = ${payload} AND bot_id = ${botId} AND currency = 'XTR'`;
  if (asked?.gateway_id === null || asked?.gateway_id === paymentId) return asked;
  const [paid] = await sql<FoundCharge[]>`
    SELECT found.* FROM gateway_account AS account CROSS JOIN LATERAL (
      SELECT id, gateway_id FROM charge
      WHERE charge.account_id = account.id AND charge.gateway_id = ${paymentId} AND charge.bot_id = ${botId} LIMIT 1) AS found
    WHERE account.tenant_id = (SELECT tenant_id FROM bot WHERE id = ${botId}) AND account.gateway = ${telegramStars.kind}`;
  return paid ?? asked;
}

/** The bot's seller; null when there is no such bot. */
export async function readTenant(sql: Database, botId: BotId): Promise<TenantId | null> {
  const [bot] = await sql<{ tenant_id: TenantId }[]>`SELECT tenant_id FROM bot WHERE id = ${botId}`;
  return bot?.tenant_id ?? null;
}

/**
 * Two copies of one invoice can be paid at the same moment: the second payment is a charge of its own, owed back. It has its id from the
 * start, so that it is one charge however often it is told of.
 */
async function addSecond({ sql, clock }: Context, first: ChargeId, paymentId: string): Promise<ChargeId> {
  const reference = randomBytes(16).toString("hex");
  const [row] = await sql<{ id: ChargeId }[]>`
    INSERT INTO charge (order_id, account_id, bot_id, chat_id, gateway, gateway_id, reference, key, currency, amount, state, expires_at, created_at)
    SELECT order_id, account_id, bot_id, chat_id, gateway, ${paymentId}, ${reference}, ${randomBytes(16).toString("base64url")}, currency, amount,
      'unknown', expires_at, ${clock.now()} FROM charge WHERE id = ${first}
    ON CONFLICT (account_id, gateway_id) DO UPDATE SET gateway_id = excluded.gateway_id RETURNING id`;
  return row?.id as ChargeId;
}

function reportOf({ payload, amount, currency, paymentId, isRefund }: StarsSaid, at: Date): Report {
  const whole = cents(amount);
  return {
    gatewayId: paymentId,
    reference: payload,
    state: isRefund ? "refunded" : "paid",
    word: isRefund ? "refunded_payment" : "successful_payment",
    currency,
    amount: whole,
    refunded: isRefund ? whole : cents(0),
    fee: null,
    endToEndId: null,
    paidAt: at,
    brCode: null,
  };
}

export type PreCheckout = { botId: BotId; chatId: ChatId; payload: string; currency: string; amount: number };

/** Whether an invoice may be paid now: the sentence says why not. Somebody else than the customer may pay, as a present. */
export async function mayPay(
  { sql, clock }: Context,
  query: PreCheckout,
): Promise<{ ok: true } | { ok: false; sentence: string }> {
  const [row] = await sql<{ amount: Cents; state: string; order_state: string; expires_at: Date }[]>`
    SELECT charge.amount, charge.state, orders.state AS order_state, charge.expires_at FROM charge JOIN orders ON orders.id = charge.order_id
    WHERE charge.reference = ${query.payload} AND charge.bot_id = ${query.botId} AND charge.currency = ${query.currency}`;
  if (!row || row.amount !== query.amount)
    return { ok: false, sentence: "Este pagamento não confere com o pedido. Volte ao bot e tente de novo." };
  if (row.order_state !== "open") return { ok: false, sentence: "Este pedido já foi pago." };
  if (row.state !== "pending" || row.expires_at <= clock.now())
    return { ok: false, sentence: "O prazo deste pagamento terminou. Volte ao bot e peça outro." };
  return { ok: true };
}
