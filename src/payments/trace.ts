// The dossier of an order: click, start, messages, charges, notices, evidence, movements and deliveries, in order of time. Read only.

import type { Database } from "#db/connect.ts";
import type { BotId, ChargeId, ChatId, OrderId, TenantId } from "../kernel/ids.ts";
import { maskBody, maskText, maskValue } from "./mask.ts";
import { readTraceMessages } from "./trace-messages.ts";
import { kindsInOrder, type Trace, type TraceEvent } from "./trace-shape.ts";

export type { Trace, TraceEvent } from "./trace-shape.ts";

type OrderRow = {
  id: OrderId;
  tenant_id: TenantId;
  bot_id: BotId;
  chat_id: ChatId;
  username: string;
  state: string;
  product: string;
  opened_at: Date;
  paid_at: Date | null;
  start_payload: string | null;
  started_at: Date | null;
};

/** Of one kind; an order that was asked about for days has more evidence than anybody reads. */
const MOST = 500;

const iso = (at: Date): string => at.toISOString();
const isoOrNull = (at: Date | null): string | null => at?.toISOString() ?? null;

/**
 * Everything that is known of an order. `tenantId`: only if it is that seller's; null = any, for the operator. Undefined when there is no
 * such order. One statement after the other: nobody waits for a dossier so urgently that it may take several connections.
 */
export async function readTrace(
  sql: Database,
  orderId: OrderId,
  tenantId: TenantId | null,
): Promise<Trace | undefined> {
  const [order] = await sql<OrderRow[]>`
    SELECT o.id, o.tenant_id, o.bot_id, o.chat_id, bot.username, o.state, o.opened_at, o.paid_at, c.start_payload, c.started_at,
      (SELECT string_agg(offer.product, ' + ' ORDER BY n) FROM order_item JOIN offer ON offer.id = offer_id WHERE order_id = o.id) AS product
    FROM orders AS o JOIN bot ON bot.id = o.bot_id LEFT JOIN customer AS c ON c.bot_id = o.bot_id AND c.chat_id = o.chat_id
    WHERE o.id = ${orderId} AND (${tenantId}::bigint IS NULL OR o.tenant_id = ${tenantId})`;
  if (!order) return undefined;
  const charges = await readCharges(sql, order.id);
  const ids = charges.map(({ chargeId }) => chargeId as ChargeId);
  const known = new Set(charges.flatMap(({ gatewayId, reference }) => [gatewayId ?? "", reference]));
  const events: TraceEvent[] = [
    ...arrivalOf(order),
    ...(await readTraceMessages(sql, { ...order, known })),
    ...charges,
    ...(await readNotices(sql, ids, known)),
    ...(await readEvidence(sql, ids, known)),
    ...(await readTransfers(sql, ids)),
    ...(await readDeliveries(sql, order.id)),
  ];
  return { order: describe(order), events: inOrder(events) };
}

/** By time; what happened in the same millisecond, as one thing leads to another. */
function inOrder(events: TraceEvent[]): TraceEvent[] {
  const rank = ({ kind }: TraceEvent) => kindsInOrder.indexOf(kind);
  return events.toSorted((a, b) => (a.at === b.at ? rank(a) - rank(b) : a.at < b.at ? -1 : 1));
}

const describe = (order: OrderRow): Trace["order"] => ({
  id: order.id,
  tenantId: order.tenant_id,
  botId: order.bot_id,
  bot: order.username,
  chatId: order.chat_id,
  state: order.state,
  product: order.product,
  openedAt: iso(order.opened_at),
  paidAt: isoOrNull(order.paid_at),
});

/** When somebody tapped an ad is not known apart from when he started. */
function arrivalOf({ start_payload: payload, started_at: startedAt }: OrderRow): TraceEvent[] {
  if (startedAt === null) return [];
  const at = iso(startedAt);
  return [...(payload ? [{ kind: "click" as const, at, payload: maskText(payload) }] : []), { kind: "start", at }];
}

type Of<Kind extends TraceEvent["kind"]> = Extract<TraceEvent, { kind: Kind }>;
/** A row with the names of the shape, but for its times. */
type Row<Kind extends TraceEvent["kind"], Times extends string = never> = Omit<Of<Kind>, "kind" | "at" | Times> & {
  at: Date;
};

async function readCharges(sql: Database, orderId: OrderId): Promise<Of<"charge">[]> {
  const rows = await sql<(Row<"charge", "expiresAt" | "paidAt"> & { expiresAt: Date; paidAt: Date | null })[]>`
    SELECT created_at AS at, id AS "chargeId", account_id AS "accountId", gateway, reference, gateway_id AS "gatewayId", state, reason AS why,
      currency, amount, paid_amount AS "paidAmount", refunded_amount AS "refundedAmount", fee, end_to_end_id AS "endToEndId",
      is_double AS "isDouble", expires_at AS "expiresAt", paid_at AS "paidAt"
    FROM charge WHERE order_id = ${orderId} ORDER BY id LIMIT ${MOST}`;
  return rows.map(({ at, expiresAt, paidAt, ...rest }) => {
    const times = { at: iso(at), expiresAt: iso(expiresAt), paidAt: isoOrNull(paidAt) };
    return { kind: "charge", ...rest, ...times };
  });
}

type NoticeRow = Row<"notice", "body" | "encoding"> & {
  body: Uint8Array;
  headers: Record<string, string>;
  query: Record<string, string>;
};

/** Those that were found to be about the charges, and those at a charge's own address that nobody has looked at yet. */
async function readNotices(sql: Database, ids: ChargeId[], known: Set<string>): Promise<TraceEvent[]> {
  const rows = await sql<NoticeRow[]>`
    SELECT received_at AS at, id AS "noticeId", gateway, verdict, state, reason AS why, repeats, body, headers, query FROM notice
    WHERE id IN (
      SELECT notice_id FROM notice_charge WHERE charge_id = ANY(${ids}::bigint[])
      UNION SELECT id FROM notice WHERE due_at IS NOT NULL AND addressed_charge_id = ANY(${ids}::bigint[]))
    ORDER BY id LIMIT ${MOST}`;
  return rows.map(({ at, body, headers, query, ...rest }) => {
    const shown = maskBody({ gateway: rest.gateway, body, headers, query }, known);
    return { kind: "notice", ...rest, at: iso(at), ...shown };
  });
}

async function readEvidence(sql: Database, ids: ChargeId[], known: Set<string>): Promise<TraceEvent[]> {
  const rows = await sql<Row<"evidence">[]>`
    SELECT at, charge_id AS "chargeId", source, verdict, from_state AS "from", to_state AS "to", report FROM evidence
    WHERE charge_id = ANY(${ids}::bigint[]) ORDER BY charge_id, id LIMIT ${MOST}`;
  return rows.map(({ at, report, ...rest }) => {
    return { kind: "evidence", ...rest, at: iso(at), report: maskValue(report, known) };
  });
}

async function readTransfers(sql: Database, ids: ChargeId[]): Promise<TraceEvent[]> {
  const rows = await sql<Row<"transfer">[]>`
    SELECT at, charge_id AS "chargeId", kind AS movement, debit, credit, amount, currency FROM transfer
    WHERE charge_id = ANY(${ids}::bigint[]) ORDER BY id LIMIT ${MOST}`;
  return rows.map(({ at, ...rest }) => ({ kind: "transfer", ...rest, at: iso(at) }));
}

type DeliveryRow = Row<"delivery", "createdAt" | "sentAt" | "expiresAt"> & {
  sentAt: Date | null;
  expiresAt: Date;
  openedAt: Date | null;
};

async function readDeliveries(sql: Database, orderId: OrderId): Promise<TraceEvent[]> {
  const rows = await sql<DeliveryRow[]>`
    SELECT created_at AS at, id AS "deliveryId", n AS item, state, reason AS why, message_id AS "messageId", times, sent_at AS "sentAt",
      expires_at AS "expiresAt", opened_at AS "openedAt"
    FROM delivery WHERE order_id = ${orderId} ORDER BY id LIMIT ${MOST}`;
  return rows.flatMap(({ at, sentAt, expiresAt, openedAt, ...rest }): TraceEvent[] => {
    const times = { createdAt: iso(at), sentAt: isoOrNull(sentAt), expiresAt: iso(expiresAt) };
    return [
      { kind: "delivery", ...rest, at: iso(sentAt ?? at), ...times },
      ...(openedAt === null ? [] : [{ kind: "opened" as const, at: iso(openedAt), deliveryId: rest.deliveryId }]),
    ];
  });
}
