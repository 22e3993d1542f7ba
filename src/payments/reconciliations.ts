// Reconciliations as their seller sees them: a day of an account, what both sides say, and what nobody can explain.

import type { Database } from "#db/connect.ts";
import type { AccountId, TenantId } from "../kernel/ids.ts";

/** Amounts in cents, or whole Stars. `findings`: the first 100 of those that were kept. */
export type Reconciliation = {
  id: number;
  accountId: AccountId;
  gateway: string;
  day: string;
  method: "statement" | "charges";
  gatewayAmount: number;
  ledgerAmount: number;
  unexplained: number;
  findings: unknown[];
  at: Date;
};

/** At most `limit` of a seller's below `before`, the newest first. */
export async function listReconciliations(
  sql: Database,
  tenantId: TenantId,
  { limit, before }: { limit: number; before: number },
): Promise<Reconciliation[]> {
  return sql<Reconciliation[]>`
    SELECT r.id, r.account_id AS "accountId", a.gateway, r.day::text AS day, r.method, r.gateway_amount AS "gatewayAmount",
      r.ledger_amount AS "ledgerAmount", r.unexplained, jsonb_path_query_array(r.findings, '$[0 to 99]') AS findings, r.at
    FROM reconciliation AS r JOIN gateway_account AS a ON a.id = r.account_id
    WHERE r.tenant_id = ${tenantId} AND r.id < ${before} ORDER BY r.id DESC LIMIT ${limit}`;
}
