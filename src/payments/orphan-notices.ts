// Authentic notices about charges that nobody here knows, as the seller sees them whose account they came to.

import type { Database } from "#db/connect.ts";
import type { AccountId, NoticeId, TenantId } from "../kernel/ids.ts";
import { maskBody, type ShownBody } from "./mask.ts";

export type OrphanNotice = {
  id: NoticeId;
  gateway: string;
  accountId: AccountId;
  verdict: string;
  state: "orphan";
  why: string | null;
  repeats: number;
  receivedAt: Date;
} & ShownBody;

type Row = Omit<OrphanNotice, "body" | "encoding"> & {
  body: Uint8Array;
  headers: Record<string, string>;
  query: Record<string, string>;
};

/** At most `limit` of a seller's accounts below `before`, the newest first. Documents and secrets in the bodies are covered. */
export async function listOrphanNotices(
  sql: Database,
  tenantId: TenantId,
  { limit, before }: { limit: number; before: number },
): Promise<OrphanNotice[]> {
  const rows = await sql<Row[]>`
    SELECT n.id, n.gateway, n.account_id AS "accountId", n.verdict, n.state, n.reason AS why, n.repeats, n.received_at AS "receivedAt",
      n.body, n.headers, n.query
    FROM notice AS n JOIN gateway_account AS a ON a.id = n.account_id
    WHERE n.state = 'orphan' AND a.tenant_id = ${tenantId} AND n.id < ${before} ORDER BY n.id DESC LIMIT ${limit}`;
  return rows.map(({ body, headers, query, ...rest }) => ({
    ...rest,
    ...maskBody({ gateway: rest.gateway, body, headers, query }),
  }));
}
