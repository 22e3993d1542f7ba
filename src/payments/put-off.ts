// What becomes of a request that failed: it is tried again after a pause that grows, and at last refused; then the customer and the seller
// are told.

import { limits } from "../kernel/limits.ts";
import { metrics } from "../kernel/metrics.ts";
import type { Cents } from "../kernel/money.ts";
import type { Context } from "./context.ts";
import { readName } from "./list-orders.ts";
import { decidedFor, type Request } from "./requests.ts";
import type { NewAlert, NewFact } from "./save.ts";
import { readTenant } from "./stars.ts";

/** Keeps that a try failed. `reason`: a short text without secrets. A request that was done meanwhile stays so. */
export async function putOff(context: Context, request: Request, reason: string): Promise<void> {
  const { slot, id, n, body, attempts } = request;
  const isLast = attempts + 1 >= limits.requestAttempts;
  context.log[isLast ? "error" : "warn"](
    {
      fact: isLast ? "request.refused" : "request.failed",
      slot,
      rowId: id,
      ask: body.ask,
      attempts: attempts + 1,
      reason,
    },
    isLast ? "a request for payments failed for good" : "a request for payments failed; it is tried again",
  );
  if (isLast) return refuse(context, request, reason);
  const dueAt = new Date(context.clock.now().getTime() + limits.requestAgainMs * 2 ** attempts);
  await context.sql`
    UPDATE effect SET due_at = ${dueAt}, attempts = attempts + 1 WHERE slot = ${slot} AND row_id = ${id} AND n = ${n} AND state = 'pending'`;
}

async function refuse(context: Context, request: Request, reason: string): Promise<void> {
  const facts = await failedFacts(context, request);
  const alerts = [await alertFor(context, request)];
  const { saved } = await context.saver.save({
    ...decidedFor(context, request),
    ...{ refused: reason.slice(0, 200), facts, alerts },
  });
  if (saved) metrics.effects.inc({ kind: "payment", outcome: "refused" });
}

type Wanted = { id: number | null; key: string; product: string; price_cents: Cents };

/**
 * He wanted to pay, and is told that he cannot now. Whoever asked for something else is told nothing: his money may have moved, and that
 * nothing was charged need not be so.
 */
async function failedFacts(context: Context, request: Request): Promise<NewFact[]> {
  const { botId, chatId, body } = request;
  if (body.ask !== "checkout" && body.ask !== "payer") return [];
  const tapped = body.ask === "checkout" ? body.key : null;
  // What the tapped button sells; or the order for which he told something about himself.
  const [wanted] = await context.sql<Wanted[]>`
    SELECT orders.id, offer.key, offer.product, offer.price_cents FROM offer
    LEFT JOIN orders ON orders.bot_id = offer.bot_id AND orders.chat_id = ${chatId} AND orders.offer_id = offer.id AND orders.state = 'open'
    WHERE offer.bot_id = ${botId} AND (offer.key = ${tapped} OR (${tapped}::text IS NULL AND orders.id IS NOT NULL))
    ORDER BY orders.wanted_at DESC NULLS LAST LIMIT 1`;
  if (!wanted) return [];
  // Without an order there is no number to tell; our own words name none.
  const bought = {
    order: wanted.id ?? 0,
    product: wanted.product,
    amount: wanted.price_cents,
    currency: "BRL",
  } as const;
  const who = { chatId, ...(await readName(context, request)) };
  return [{ body: { kind: "charge.failed", again: wanted.key, ...bought, ...who } }];
}

/** What he did, for the seller. */
const DID: Record<Request["body"]["ask"], string> = {
  checkout: "tocou no botão de compra",
  payer: "informou os seus dados para pagar",
  verify: "pediu para verificar um pagamento",
  orders: "pediu a lista dos seus pedidos",
  redeliver: "voltou ao bot, talvez com uma entrega por receber",
  stars: "pagou em estrelas, ou as recebeu de volta",
};

async function alertFor({ sql }: Context, { slot, id, n, botId, body }: Request): Promise<NewAlert> {
  return {
    tenantId: await readTenant(sql, botId),
    kind: "request.refused",
    about: `effect:${slot}:${id}:${n}`,
    sentence: `Um cliente ${DID[body.ask]}, e o programa não conseguiu atender em ${limits.requestAttempts} tentativas. O motivo está no registro do programa (linha ${id}).`,
  };
}
