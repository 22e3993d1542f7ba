// Delivers once more what was paid for: to somebody who had blocked the bot and is back, or who asks for it.

import type { OrderId } from "../kernel/ids.ts";
import { type Context, pageUrl, TOKEN_PLACE } from "./context.ts";
import { type OrderColumns, orderColumns, orderOf } from "./read.ts";
import { decidedFor, type Request } from "./requests.ts";
import type { NewFact } from "./save.ts";
import { boughtOf, tell } from "./say.ts";

type OpenDelivery = OrderColumns & { n: number; token_sealed: string; amount: number; currency: "BRL" | "XTR" };

/** `failedOnly`: what never arrived; else what was bought with `orderId`, whether or not it arrived. */
export async function deliverAgain(
  context: Context,
  request: Request,
  which: { failedOnly: boolean; orderId?: OrderId },
): Promise<void> {
  const rows = await readDeliveries(context, request, which);
  const facts = rows.map((row) => againFact(context, row, !which.failedOnly));
  await context.saver.save({ ...decidedFor(context, request), facts });
}

function readDeliveries(
  { sql }: Context,
  { botId, chatId }: Request,
  { failedOnly, orderId }: { failedOnly: boolean; orderId?: OrderId },
) {
  return sql<OpenDelivery[]>`
    SELECT d.n, d.token_sealed, ${orderColumns(sql)},
      coalesce(c.amount, 0) AS amount, coalesce(c.currency, 'BRL') AS currency
    FROM delivery AS d JOIN orders AS o ON o.id = d.order_id
    LEFT JOIN LATERAL (SELECT amount, currency FROM charge WHERE charge.order_id = o.id AND charge.state = 'paid' ORDER BY charge.id LIMIT 1) AS c ON true
    WHERE d.bot_id = ${botId} AND d.chat_id = ${chatId} AND o.state = 'paid'
      AND CASE WHEN ${failedOnly} THEN d.state = 'failed' ELSE d.order_id = ${orderId ?? null}::bigint AND d.state IN ('sent', 'failed') END
    ORDER BY d.id LIMIT 20`;
}

function againFact({ keyring, publicUrl }: Context, row: OpenDelivery, isAgain: boolean): NewFact {
  const { order, person } = orderOf(row);
  const item = order.items.find(({ n }) => n === row.n);
  const url = pageUrl(publicUrl(), keyring.open(row.token_sealed, TOKEN_PLACE));
  const bought = boughtOf(order, { amount: row.amount as never, currency: row.currency });
  const body = {
    kind: "order.paid",
    offer: item?.key ?? "",
    deliver: item?.deliver,
    url,
    isAgain,
    message: null,
    ...bought,
  } as const;
  return tell({ order, person }, body, { deliveryOf: { orderId: order.id, n: row.n } });
}
