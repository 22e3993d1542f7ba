// What people ask of payments in the chat: to buy, to verify, what they bought, and what Telegram says of Stars. Each is an effect of kind
// `payment`, done in the commit that answers it.

import type { Database } from "#db/connect.ts";
import type { RowKey } from "../inbox/line.ts";
import { idsOf, slotsOf } from "../inbox/rows.ts";
import type { PaymentBody } from "../kernel/effect.ts";
import { reasonOf } from "../kernel/errors.ts";
import type { BotId, ChargeId, ChatId, OfferId, OrderId, RowId, Slot, TenantId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import { redactTokens } from "../kernel/log.ts";
import { metrics } from "../kernel/metrics.ts";
import { chargeOrder } from "./charge.ts";
import { confirm, pendingFact } from "./confirm.ts";
import type { Context } from "./context.ts";
import { listOrders } from "./list-orders.ts";
import { addTold, payerPlace } from "./payer.ts";
import { putOff } from "./put-off.ts";
import { deliverAgain } from "./redeliver.ts";
import { inRounds } from "./rounds.ts";
import type { Decided } from "./save.ts";
import { starsSaid } from "./stars.ts";

export type Request = {
  slot: Slot;
  id: RowId;
  n: number;
  botId: BotId;
  chatId: ChatId;
  body: PaymentBody;
  /** Tries that failed. */
  attempts: number;
};

/** Does all pending requests of these rows. One that fails stays in its row, and the sweep gives it out again, within a bound. */
export async function doRequests(context: Context, rows: RowKey[]): Promise<number> {
  const requests = await readRequests(context.sql, rows);
  const done = await Promise.all(requests.map((request) => tryRequest(context, request)));
  return done.filter(Boolean).length;
}

async function tryRequest(context: Context, request: Request): Promise<boolean> {
  try {
    await doRequest(context, request);
    return true;
  } catch (error) {
    await putOff(context, request, redactTokens(reasonOf(error)));
    return false;
  }
}

function doRequest(context: Context, request: Request): Promise<void> {
  const { body } = request;
  switch (body.ask) {
    case "checkout":
      return checkout(context, request, body.key);
    case "verify":
      return verify(context, request, body.key);
    case "payer":
      return keepTold(context, request, body);
    case "orders":
      return listOrders(context, request);
    case "redeliver":
      return deliverAgain(context, request, { failedOnly: true });
    case "stars":
      return starsSaid(context, request, body);
  }
}

const effectOf = ({ slot, id, n }: Request): [Slot, RowId, number] => [slot, id, n];

/** What was decided for a request, before anything is put into it. */
export const decidedFor = (context: Context, request: Request): Decided => ({
  botId: request.botId,
  at: context.clock.now(),
  effect: effectOf(request),
});

/** A tap on a buy button: the open order of that offer, or a new one; then its charge. */
async function checkout(context: Context, request: Request, key: string): Promise<void> {
  const { botId, chatId } = request;
  const [offer] = await context.sql<{ id: OfferId; tenant_id: TenantId }[]>`
    SELECT offer.id, bot.tenant_id FROM offer JOIN bot ON bot.id = offer.bot_id WHERE offer.bot_id = ${botId} AND offer.key = ${key}`;
  const now = context.clock.now();
  const decided = decidedFor(context, request);
  if (!offer) return void (await context.saver.save(decided));
  const dueAt = new Date(now.getTime() + limits.paymentAgainMs);
  const times = { wanted_at: now, due_at: dueAt, opened_at: now };
  const newOrder = { tenant_id: offer.tenant_id, bot_id: botId, chat_id: chatId, offer_id: offer.id, ...times };
  const { saved, orderId } = await context.saver.save({ ...decided, newOrder });
  if (saved && orderId !== null) await chargeOrder(context, orderId);
}

/** A tap on "verify": only by whom the charge is for. What is paid is delivered again, what is not is asked about. */
async function verify(context: Context, request: Request, key: string): Promise<void> {
  const { botId, chatId } = request;
  const [found] = await context.sql<{ id: ChargeId; order_id: OrderId; state: string; order_state: string }[]>`
    SELECT charge.id, charge.order_id, charge.state, orders.state AS order_state FROM charge JOIN orders ON orders.id = charge.order_id
    WHERE charge.key = ${key} AND charge.bot_id = ${botId} AND charge.chat_id = ${chatId}`;
  if (!found) {
    metrics.chargeMoves.inc({ gateway: "none", verdict: "verify_foreign" });
    context.log.warn({ fact: "verify.foreign", botId }, "somebody asked about a charge that is not his");
    return void (await context.saver.save(decidedFor(context, request)));
  }
  if (await isAskedAgain(context, request, found.id)) return;
  if (found.order_state === "paid")
    return deliverAgain(context, request, { failedOnly: false, orderId: found.order_id });
  if (await isKeptAsAsked(context, request, found.id)) await confirm(context, found.id, "verify");
}

/** Asked a moment ago: he is told what is known, the gateway is left alone, and nothing is delivered once more. */
async function isAskedAgain(context: Context, request: Request, id: ChargeId): Promise<boolean> {
  const lastMs = context.verified.get(id) ?? Number.NEGATIVE_INFINITY;
  const nowMs = context.clock.now().getTime();
  if (nowMs - lastMs >= limits.verifyAgainMs) {
    context.verified.set(id, nowMs);
    return false;
  }
  const payment = await context.reader.find(id);
  const facts = payment?.charge.state === "pending" ? [pendingFact(payment)] : [];
  await context.saver.save({ ...decidedFor(context, request), facts });
  return true;
}

async function isKeptAsAsked(context: Context, request: Request, id: ChargeId): Promise<boolean> {
  const isKept = await inRounds(async () => {
    const payment = await context.reader.find(id);
    if (!payment) return false;
    const now = context.clock.now();
    // Whoever dies over it: the charge is due, and he is answered then.
    const set = { asked_at: now, check_at: new Date(now.getTime() + limits.paymentAgainMs) };
    const charge = { id, version: payment.charge.version, set };
    const { saved } = await context.saver.save({ ...decidedFor(context, request), charge });
    return saved || ((await isStillAsked(context, request)) ? undefined : false);
  });
  return isKept ?? false;
}

async function isStillAsked({ sql }: Context, { slot, id, n }: Request): Promise<boolean> {
  const [row] =
    await sql`SELECT 1 FROM effect WHERE slot = ${slot} AND row_id = ${id} AND n = ${n} AND state = 'pending'`;
  return row !== undefined;
}

type PayerTold = Extract<PaymentBody, { ask: "payer" }>;

/** He told what a gateway must know: kept, and the order that waited for it goes on. */
async function keepTold(context: Context, request: Request, told: PayerTold): Promise<void> {
  const order = await inRounds(() => tryKeepTold(context, request, told));
  if (order === undefined) throw new Error("somebody else kept changing the order");
  if (order !== null) await chargeOrder(context, order);
}

/** The order that goes on; null = none waits; undefined = it is to be read again. */
async function tryKeepTold(
  context: Context,
  request: Request,
  { field, sealed }: PayerTold,
): Promise<OrderId | null | undefined> {
  const { botId, chatId } = request;
  const value = context.keyring.open(sealed, payerPlace(botId, chatId));
  const [known] = await context.sql<
    { sealed: string }[]
  >`SELECT sealed FROM payer WHERE bot_id = ${botId} AND chat_id = ${chatId}`;
  const [waiting] = await context.sql<{ id: OrderId; version: number }[]>`
    SELECT id, version FROM orders WHERE bot_id = ${botId} AND chat_id = ${chatId} AND state = 'open' ORDER BY wanted_at DESC LIMIT 1`;
  const now = context.clock.now();
  const payer = {
    bot_id: botId,
    chat_id: chatId,
    sealed: addTold(context.keyring, known?.sealed ?? null, request, field, value),
  };
  const set = { wanted_at: now, due_at: new Date(now.getTime() + limits.paymentAgainMs) };
  const { saved } = await context.saver.save({
    ...decidedFor(context, request),
    payer,
    ...(waiting && { order: { ...waiting, set } }),
  });
  if (!saved) return (await isStillAsked(context, request)) ? undefined : null;
  return waiting?.id ?? null;
}

type RequestRow = Omit<Request, "id" | "botId" | "chatId"> & { row_id: RowId; bot_id: BotId; chat_id: ChatId };

async function readRequests(sql: Database, rows: RowKey[]): Promise<Request[]> {
  const found = await sql<RequestRow[]>`
    SELECT e.* FROM unnest(${slotsOf(rows)}::int[], ${idsOf(rows)}::bigint[]) AS key (slot, id)
    CROSS JOIN LATERAL (
      SELECT slot, row_id, n, bot_id, chat_id, body, attempts FROM effect
      WHERE effect.slot = key.slot AND effect.row_id = key.id AND kind = 'payment' AND state = 'pending' ORDER BY n) AS e`;
  return found.map(({ row_id, bot_id, chat_id, ...rest }) => ({ ...rest, id: row_id, botId: bot_id, chatId: chat_id }));
}
