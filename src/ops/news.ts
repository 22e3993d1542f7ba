// New rows of `alert` that are nobody's but the operator's (tenant_id null): told together, every ten minutes at most.

import type { Database } from "#db/connect.ts";
import { counted } from "./look.ts";

const EVERY_MS = 10 * 60_000;

/** A sentence about what has come since it was last asked, which is not told again; undefined = nothing, or it is too soon. */
export async function takeNews(sql: Database, now: Date): Promise<string | undefined> {
  const [row] = await sql<{ count: number; first: string | null }[]>`
    WITH fresh AS MATERIALIZED (
      SELECT alert.id, sentence FROM monitor JOIN alert ON alert.id > told_alert_id AND tenant_id IS NULL
      WHERE told_alert_at IS NULL OR told_alert_at <= ${new Date(now.getTime() - EVERY_MS)}
      ORDER BY alert.id LIMIT 1000),
    told AS (
      UPDATE monitor SET told_alert_id = (SELECT max(id) FROM fresh), told_alert_at = ${now} WHERE EXISTS (SELECT FROM fresh))
    SELECT count(*)::int AS count, (array_agg(sentence ORDER BY id))[1] AS first FROM fresh`;
  if (!row || row.count === 0) return undefined;
  return `${counted(row.count, "aviso novo", "avisos novos")} para o operador (veja \`grimbots alerts\`): ${row.first}`;
}

/** The operator's alerts that nobody has seen, the latest first. */
export async function listOwnAlerts(sql: Database, most: number): Promise<{ sentence: string; at: Date }[]> {
  return sql`SELECT sentence, at FROM alert WHERE tenant_id IS NULL AND seen_at IS NULL ORDER BY id DESC LIMIT ${most}`;
}
