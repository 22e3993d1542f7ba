// Reads payments: an order with one of its charges, all that a decision needs, in one statement and so in one snapshot.

import type { Database } from "#db/connect.ts";
import { batch } from "../kernel/batch.ts";
import type { Currency } from "../kernel/fact.ts";
import type { AccountId, BotId, ChargeId, ChatId, OfferId, OrderId, TenantId } from "../kernel/ids.ts";
import type { Cents } from "../kernel/money.ts";
import type { Charge, ChargeState, Item, Order, OrderState, Payment } from "./payment.ts";

type PaymentRow = {
  id: ChargeId;
  account_id: AccountId;
  gateway: string;
  reference: string;
  key: string;
  gateway_id: string | null;
  currency: Currency;
  amount: Cents;
  split_amount: Cents;
  state: ChargeState;
  version: number;
  br_code: string | null;
  expires_at: Date;
  paid_amount: Cents;
  refunded_amount: Cents;
  fee: Cents | null;
  end_to_end_id: string | null;
  is_double: boolean;
  checks: number;
  asked_at: Date | null;
  created_at: Date;
  message_id: number | null;
  has_photo: boolean | null;
  has_other_live: boolean;
  has_other_paid: boolean;
} & OrderColumns;

export type OrderColumns = {
  order_id: OrderId;
  tenant_id: TenantId;
  bot_id: BotId;
  chat_id: ChatId;
  offer_id: OfferId;
  order_state: OrderState;
  order_version: number;
  wanted_at: Date;
  items: Item[];
  first_name: string | null;
  last_name: string | null;
};

export type Reader = {
  /** The payment of a charge; undefined when there is none. */
  find(id: ChargeId): Promise<Payment | undefined>;
};

export function openReader(sql: Database): Reader {
  const batcher = batch<ChargeId, Payment | undefined>({ maxItems: 64, run: (ids) => readPayments(sql, ids) });
  return { find: batcher.add };
}

async function readPayments(sql: Database, ids: ChargeId[]): Promise<(Payment | undefined)[]> {
  const rows = await sql<PaymentRow[]>`
    SELECT c.id, c.account_id, c.gateway, c.reference, c.key, c.gateway_id, c.currency, c.amount, c.split_amount, c.state, c.version,
      c.br_code, c.expires_at, c.paid_amount, c.refunded_amount, c.fee, c.end_to_end_id, c.is_double, c.checks, c.asked_at, c.created_at,
      shown.message_id, shown.has_photo,
      EXISTS (SELECT FROM charge AS other WHERE other.order_id = c.order_id AND other.id <> c.id AND other.state IN ('creating', 'pending'))
        AS has_other_live,
      EXISTS (SELECT FROM charge AS other WHERE other.order_id = c.order_id AND other.id <> c.id AND other.state = 'paid') AS has_other_paid,
      ${orderColumns(sql)}
    FROM unnest(${ids}::bigint[]) AS key (id)
    JOIN charge AS c ON c.id = key.id
    JOIN orders AS o ON o.id = c.order_id
    LEFT JOIN LATERAL (
      SELECT effect.message_id, effect.body ? 'media' AS has_photo FROM effect
      WHERE effect.slot = c.shown_slot AND effect.row_id = c.shown_row_id AND effect.message_id > 0 AND effect.body ->> 'method' <> 'sendInvoice'
      ORDER BY n DESC LIMIT 1) AS shown ON true`;
  const found = new Map(rows.map((row) => [row.id, paymentOf(row)]));
  return ids.map((id) => found.get(id));
}

/** The columns of an order `o` with its items and its customer's name. */
export const orderColumns = (sql: Database) => sql`
      o.id AS order_id, o.tenant_id, o.bot_id, o.chat_id, o.offer_id, o.state AS order_state, o.version AS order_version, o.wanted_at,
      (SELECT jsonb_agg(jsonb_build_object('n', item.n, 'key', offer.key, 'product', offer.product, 'priceCents', offer.price_cents,
          'priceStars', offer.price_stars, 'validSeconds', offer.valid_seconds, 'deliver', offer.deliver) ORDER BY item.n)
        FROM order_item AS item JOIN offer ON offer.id = item.offer_id WHERE item.order_id = o.id) AS items,
      (SELECT first_name FROM customer WHERE customer.bot_id = o.bot_id AND customer.chat_id = o.chat_id) AS first_name,
      (SELECT last_name FROM customer WHERE customer.bot_id = o.bot_id AND customer.chat_id = o.chat_id) AS last_name`;

export function orderOf(row: OrderColumns): { order: Order; person: Payment["person"] } {
  const order: Order = {
    id: row.order_id,
    tenantId: row.tenant_id,
    botId: row.bot_id,
    chatId: row.chat_id,
    offerId: row.offer_id,
    state: row.order_state,
    version: row.order_version,
    wantedAt: row.wanted_at,
    items: row.items,
  };
  return { order, person: { firstName: row.first_name ?? "", lastName: row.last_name } };
}

function paymentOf(row: PaymentRow): Payment {
  const charge: Charge = {
    id: row.id,
    accountId: row.account_id,
    gateway: row.gateway,
    reference: row.reference,
    key: row.key,
    gatewayId: row.gateway_id,
    currency: row.currency,
    amount: row.amount,
    splitAmount: row.split_amount,
    state: row.state,
    version: row.version,
    brCode: row.br_code,
    expiresAt: row.expires_at,
    paidAmount: row.paid_amount,
    refundedAmount: row.refunded_amount,
    fee: row.fee,
    endToEndId: row.end_to_end_id,
    isDouble: row.is_double,
    checks: row.checks,
    askedAt: row.asked_at,
    createdAt: row.created_at,
  };
  const shown = row.message_id === null ? null : { messageId: row.message_id, hasPhoto: row.has_photo === true };
  return { ...orderOf(row), charge, shown, hasOtherLive: row.has_other_live, hasOtherPaid: row.has_other_paid };
}
