// Metrics of the built-in alerts that are read when somebody asks: which fire, whether somebody watches, and the bots' webhooks.

import type { App } from "../app.ts";
import { metrics } from "../kernel/metrics.ts";
import { alerts } from "./alerts.ts";

/** The gauges that this sets. */
export const alertGauges = [
  metrics.alertsFiring,
  metrics.alertsLooked,
  metrics.webhooksStolen,
  metrics.webhooksFailing,
];

type Watch = { looked_at: Date | null; stolen: number; failing: number };

export async function readAlertGauges({ sql, clock }: Pick<App, "sql" | "clock">): Promise<void> {
  const firing = await sql<{ name: string; total: number }[]>`
    SELECT name, total FROM incident WHERE fired_at IS NOT NULL AND resolved_at IS NULL`;
  for (const { name } of alerts)
    metrics.alertsFiring.set({ alert: name }, firing.find((one) => one.name === name)?.total ?? 0);
  const [row] = await sql<Watch[]>`
    SELECT looked_at, (SELECT count(*)::int FROM webhook_trouble WHERE stolen_by IS NOT NULL) AS stolen,
      (SELECT count(*)::int FROM webhook_trouble WHERE error IS NOT NULL) AS failing FROM monitor`;
  const looked = row?.looked_at?.getTime();
  metrics.alertsLooked.remove({});
  if (looked !== undefined) metrics.alertsLooked.set(Math.max(0, clock.now().getTime() - looked) / 1_000);
  metrics.webhooksStolen.set(row?.stolen ?? 0);
  metrics.webhooksFailing.set(row?.failing ?? 0);
}
