// Alerts as their seller sees them: what a human should look at, until somebody has.

import type { Database } from "#db/connect.ts";
import type { TenantId } from "../kernel/ids.ts";

export type Alert = { id: number; kind: string; about: string; sentence: string; at: Date; seenAt: Date | null };
/** The last alert of a page: the unseen ones come first, each part from the newest to the oldest. */
export type AlertPlace = { isSeen: boolean; id: number };

const columns = (sql: Database) => sql`id, kind, about, sentence, at, seen_at AS "seenAt"`;

/** At most `limit` alerts of a seller that come after `after`. */
export async function listAlerts(
  sql: Database,
  tenantId: TenantId,
  { limit, after }: { limit: number; after: AlertPlace | undefined },
): Promise<Alert[]> {
  const below = (isSeen: boolean) => (after?.isSeen === isSeen ? after.id : Number.MAX_SAFE_INTEGER);
  const unseen = after?.isSeen
    ? []
    : await sql<Alert[]>`
      SELECT ${columns(sql)} FROM alert WHERE tenant_id = ${tenantId} AND seen_at IS NULL AND id < ${below(false)} ORDER BY id DESC LIMIT ${limit}`;
  if (unseen.length === limit) return [...unseen];
  const seen = await sql<Alert[]>`
    SELECT ${columns(sql)} FROM alert WHERE tenant_id = ${tenantId} AND seen_at IS NOT NULL AND id < ${below(true)}
    ORDER BY id DESC LIMIT ${limit - unseen.length}`;
  return [...unseen, ...seen];
}

/** Somebody has seen it; the first time counts. Undefined when the seller has no such alert. */
export async function seeAlert(sql: Database, tenantId: TenantId, id: number, now: Date): Promise<Alert | undefined> {
  const [alert] = await sql<Alert[]>`
    UPDATE alert SET seen_at = coalesce(seen_at, ${now}) WHERE id = ${id} AND tenant_id = ${tenantId} RETURNING ${columns(sql)}`;
  return alert;
}
