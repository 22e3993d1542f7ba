// What stands behind the address of a delivery: whose it is, what was bought, and whether it may still be opened.

import type { Database } from "#db/connect.ts";
import { hashToken } from "../kernel/secret.ts";

export type DeliveryPage =
  | { is: "unknown" | "revoked" | "expired" }
  | {
      is: "open";
      orderId: number;
      product: string;
      /** As the offer promised it (src/funnel/deliver.ts). */
      deliver: unknown;
      bot: string;
      firstName: string;
      lastName: string | null;
    };

type Row = {
  id: number;
  state: string;
  expires_at: Date;
  opened_at: Date | null;
  order_id: number;
  product: string;
  deliver: unknown;
  username: string;
  first_name: string | null;
  last_name: string | null;
};

/** Tokens are 256 random bits in this form; anything else is nobody's. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** Found by the token's hash, so the time that it takes tells nothing about the token. `isVisit`: the first one is written down. */
export async function readDeliveryPage(
  sql: Database,
  token: string,
  { now, isVisit }: { now: Date; isVisit: boolean },
): Promise<DeliveryPage> {
  if (!TOKEN.test(token)) return { is: "unknown" };
  const [row] = await sql<Row[]>`
    SELECT d.id, d.state, d.expires_at, d.opened_at, d.order_id, offer.product, offer.deliver, bot.username, c.first_name, c.last_name
    FROM delivery AS d JOIN order_item AS item ON item.order_id = d.order_id AND item.n = d.n
    JOIN offer ON offer.id = item.offer_id JOIN bot ON bot.id = d.bot_id
    LEFT JOIN customer AS c ON c.bot_id = d.bot_id AND c.chat_id = d.chat_id
    WHERE d.token_hash = ${hashToken(token)}`;
  if (!row) return { is: "unknown" };
  if (row.state === "revoked") return { is: "revoked" };
  if (row.expires_at <= now) return { is: "expired" };
  if (isVisit && row.opened_at === null)
    await sql`UPDATE delivery SET opened_at = ${now} WHERE id = ${row.id} AND opened_at IS NULL`;
  return {
    is: "open",
    orderId: row.order_id,
    product: row.product,
    deliver: row.deliver,
    bot: row.username,
    firstName: row.first_name ?? "",
    lastName: row.last_name,
  };
}
