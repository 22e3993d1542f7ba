// /meuspedidos: what somebody bought in a bot, newest first.

import type { Bought, Currency, FactBody } from "../kernel/fact.ts";
import type { BotId, ChatId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import type { Cents } from "../kernel/money.ts";
import { type Context, pageUrl, TOKEN_PLACE } from "./context.ts";
import type { OrderState } from "./payment.ts";
import { decidedFor, type Request } from "./requests.ts";

type ListedRow = {
  id: number;
  state: OrderState;
  at: Date;
  product: string;
  price_cents: Cents;
  amount: Cents | null;
  currency: Currency | null;
  token_sealed: string | null;
};

/** Answers with a fact that lists his orders; one that he never got a charge for is no order to him. */
export async function listOrders(context: Context, request: Request): Promise<void> {
  const rows = await readOrders(context, request);
  const orders = rows.map((row) => ({
    ...boughtIn(row),
    state: shownAs(row.state),
    at: row.at.toISOString(),
    url: urlOf(context, row),
  }));
  const body: FactBody = { kind: "orders", orders };
  const who = { chatId: request.chatId, ...(await readName(context, request)) };
  await context.saver.save({ ...decidedFor(context, request), facts: [{ body: { ...body, ...who } }] });
}

function readOrders({ sql }: Context, { botId, chatId }: { botId: BotId; chatId: ChatId }): Promise<ListedRow[]> {
  return sql<ListedRow[]>`
    SELECT o.id, o.state, coalesce(o.paid_at, o.wanted_at) AS at,
      (SELECT string_agg(offer.product, ' + ' ORDER BY n) FROM order_item JOIN offer ON offer.id = offer_id WHERE order_id = o.id) AS product,
      (SELECT sum(offer.price_cents)::bigint FROM order_item JOIN offer ON offer.id = offer_id WHERE order_id = o.id) AS price_cents,
      c.amount, c.currency,
      (SELECT token_sealed FROM delivery WHERE delivery.order_id = o.id AND delivery.state <> 'revoked' ORDER BY n LIMIT 1) AS token_sealed
    FROM orders AS o LEFT JOIN LATERAL (
      SELECT amount, currency FROM charge WHERE charge.order_id = o.id ORDER BY charge.paid_at NULLS LAST, charge.id DESC LIMIT 1) AS c ON true
    WHERE o.bot_id = ${botId} AND o.chat_id = ${chatId} AND (o.state <> 'open' OR c.amount IS NOT NULL)
    ORDER BY o.id DESC LIMIT ${limits.ordersListed}`;
}

const boughtIn = (row: ListedRow): Bought => ({
  order: row.id,
  product: row.product,
  amount: row.amount ?? row.price_cents,
  currency: row.currency ?? "BRL",
});

const shownAs = (state: OrderState): "open" | "paid" | "refunded" => (state === "chargeback" ? "refunded" : state);

const urlOf = ({ keyring, publicUrl }: Context, { state, token_sealed: sealed }: ListedRow): string | null =>
  state === "paid" && sealed !== null ? pageUrl(publicUrl(), keyring.open(sealed, TOKEN_PLACE)) : null;

/** What the customer goes by. */
export async function readName({ sql }: Context, { botId, chatId }: { botId: BotId; chatId: ChatId }) {
  const [row] = await sql<{ first_name: string | null; last_name: string | null }[]>`
    SELECT first_name, last_name FROM customer WHERE bot_id = ${botId} AND chat_id = ${chatId}`;
  return { firstName: row?.first_name ?? "", lastName: row?.last_name ?? null };
}
