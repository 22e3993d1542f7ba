// What became of deliveries: as their messages end, so do they; one that cannot arrive is told to the seller and waits for the customer.

import type { Database } from "#db/connect.ts";
import type { RowKey } from "../inbox/line.ts";
import { idsOf, slotsOf } from "../inbox/rows.ts";
import { limits } from "../kernel/limits.ts";
import { metrics } from "../kernel/metrics.ts";

/** The reason of a delivery whose row could not be processed, so that it has no messages. */
const ROW_FAILED = "row_failed";

/**
 * Looks at the messages of deliveries in these rows: all out = sent; one refused for good, or none because the row itself failed = failed,
 * and the seller is told. Says how many ended. Safe to repeat.
 */
export async function endDeliveries(sql: Database, rows: RowKey[], now: Date): Promise<number> {
  const ended = await sql<{ state: string; times: number; paid_at: Date | null }[]>`
    WITH looked AS MATERIALIZED (
      SELECT d.id, messages.* FROM unnest(${slotsOf(rows)}::int[], ${idsOf(rows)}::bigint[]) AS key (slot, id)
      CROSS JOIN LATERAL (
        SELECT id, slot, row_id FROM delivery WHERE delivery.slot = key.slot AND delivery.row_id = key.id AND delivery.state = 'queued' LIMIT 20) AS d
      CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE effect.state = 'pending') AS pending, count(*) AS all_of_them,
          coalesce((array_agg(reason ORDER BY n) FILTER (WHERE effect.state NOT IN ('pending', 'done')))[1],
            CASE WHEN count(*) = 0 AND EXISTS (
              SELECT FROM inbox WHERE inbox.slot = d.slot AND inbox.id = d.row_id AND inbox.outcome = 'failed') THEN ${ROW_FAILED} END) AS refused,
          (array_agg(effect.message_id ORDER BY n) FILTER (WHERE effect.state = 'done'))[1] AS first_message
        FROM effect WHERE effect.slot = d.slot AND effect.row_id = d.row_id AND kind = 'send' AND policy = 'delivery') AS messages),
    ended AS (
      UPDATE delivery SET state = CASE WHEN looked.refused IS NULL THEN 'sent' ELSE 'failed' END, reason = looked.refused,
        message_id = looked.first_message, sent_at = CASE WHEN looked.refused IS NULL THEN ${now}::timestamptz END
      FROM looked WHERE delivery.id = looked.id AND looked.pending = 0 AND (looked.all_of_them > 0 OR looked.refused IS NOT NULL)
        AND delivery.state = 'queued'
      RETURNING delivery.id, delivery.order_id, delivery.state, delivery.reason, delivery.times),
    told AS (
      INSERT INTO alert (tenant_id, kind, about, sentence, at)
      SELECT orders.tenant_id, 'delivery.failed', 'delivery:' || ended.id || ':' || ended.times,
        'O pedido nº ' || orders.id || ' está pago e não pôde ser entregue (' || ended.reason || '). '
          || CASE WHEN ended.reason = ${ROW_FAILED} THEN 'A mensagem não pôde ser preparada: é preciso refazer a entrega.'
            ELSE 'Assim que o cliente voltar ao bot, a entrega é refeita.' END, ${now}
      FROM ended JOIN orders ON orders.id = ended.order_id WHERE ended.state = 'failed' ON CONFLICT DO NOTHING)
    SELECT ended.state, ended.times, orders.paid_at FROM ended JOIN orders ON orders.id = ended.order_id`;
  for (const { state, times, paid_at } of ended) {
    metrics.deliveries.inc({ outcome: state });
    if (state !== "sent" || times > 1 || !paid_at) continue;
    metrics.paidToDelivered.observe(Math.max(0, now.getTime() - paid_at.getTime()) / 1_000);
  }
  return ended.length;
}

/** The same for deliveries whose end nobody wrote down: whoever sent them died in between. */
export async function endForgottenDeliveries(sql: Database, now: Date): Promise<number> {
  const before = new Date(now.getTime() - limits.paymentAgainMs);
  const rows = await sql<RowKey[]>`
    SELECT slot, row_id AS id FROM delivery
    WHERE state = 'queued' AND slot IS NOT NULL AND created_at < ${before} ORDER BY id LIMIT ${limits.duePayments}`;
  return rows.length === 0 ? 0 : endDeliveries(sql, rows, now);
}
