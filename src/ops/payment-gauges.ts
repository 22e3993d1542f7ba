// Metrics of payments that are read when somebody asks; each is one query on an index that holds only what it counts.

import type { App } from "../app.ts";
import { metrics } from "../kernel/metrics.ts";

/** What a charge can be while its gateway is still asked about it. */
const OPEN_STATES = ["creating", "unknown", "pending", "expired", "failed", "held"];

type Counts = { undelivered: number; waiting_since: Date | null; orphans: number; unseen: number; unexplained: number };

/** The gauges that this sets. */
export const paymentGauges = [
  ...[metrics.undelivered, metrics.undeliveredOldest, metrics.orphanNotices, metrics.alertsUnseen],
  ...[metrics.unexplained, metrics.chargesOpen],
];

export async function readPaymentGauges({ sql, clock }: Pick<App, "sql" | "clock">): Promise<void> {
  const [row] = await sql<Counts[]>`
    WITH waiting AS MATERIALIZED (
      SELECT orders.paid_at FROM delivery JOIN orders ON orders.id = delivery.order_id
      WHERE delivery.state IN ('queued', 'failed') AND orders.state = 'paid')
    SELECT
      (SELECT count(*)::int FROM waiting) AS undelivered,
      (SELECT min(paid_at) FROM waiting) AS waiting_since,
      (SELECT count(*)::int FROM notice WHERE state = 'orphan') AS orphans,
      (SELECT count(*)::int FROM alert WHERE seen_at IS NULL) AS unseen,
      (SELECT coalesce(sum(latest.unexplained), 0)::bigint FROM gateway_account AS a CROSS JOIN LATERAL (
        SELECT r.unexplained FROM reconciliation AS r WHERE r.account_id = a.id ORDER BY day DESC LIMIT 1) AS latest) AS unexplained`;
  const since = row?.waiting_since?.getTime();
  metrics.undelivered.set(row?.undelivered ?? 0);
  metrics.undeliveredOldest.set(since === undefined ? 0 : Math.max(0, clock.now().getTime() - since) / 1_000);
  metrics.orphanNotices.set(row?.orphans ?? 0);
  metrics.alertsUnseen.set(row?.unseen ?? 0);
  metrics.unexplained.set(row?.unexplained ?? 0);
  const charges = await sql<{ state: string; count: number }[]>`
    SELECT state, count(*)::int AS count FROM charge WHERE check_at IS NOT NULL GROUP BY state`;
  for (const state of OPEN_STATES)
    metrics.chargesOpen.set({ state }, charges.find((one) => one.state === state)?.count ?? 0);
}
