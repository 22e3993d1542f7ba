// Closing a seller's account at a gateway and opening it again, and a list of all of them.

import type { Database } from "#db/connect.ts";
import { CommandError } from "../kernel/errors.ts";
import type { AccountId, TenantId } from "../kernel/ids.ts";
import type { AccountStatus } from "./accounts.ts";

export type ChangedAccount = {
  accountId: AccountId;
  tenantId: TenantId;
  gateway: string;
  /** Its charges that are still asked about, for three days after their end. */
  openCharges: number;
  /** The seller's accounts that new charges are made at now. */
  activeAccounts: number;
};

/**
 * From now on no charge is made at a closed account; those that it has are asked about, and given back, as before. "active": opened again,
 * also one whose credentials its gateway refused; the next charge tries them. Throws CommandError when there is no such account.
 */
export async function setAccountStatus(
  sql: Database,
  id: AccountId,
  status: "active" | "paused",
  now: Date,
): Promise<ChangedAccount> {
  const changed = await sql<{ tenant_id: TenantId; gateway: string }[]>`
    UPDATE gateway_account SET status = ${status}, status_at = CASE WHEN status = ${status} THEN status_at ELSE ${now} END
    WHERE id = ${id} RETURNING tenant_id, gateway`;
  const [account] = changed;
  if (!account) throw new CommandError(`There is no gateway account ${id}; \`grimbots gateway list\` shows them.`);
  const { tenant_id: tenantId, gateway } = account;
  const [counts] = await sql<{ charges: number; accounts: number }[]>`
    SELECT (SELECT count(*)::int FROM charge WHERE account_id = ${id} AND check_at IS NOT NULL) AS charges,
      (SELECT count(*)::int FROM gateway_account WHERE tenant_id = ${tenantId} AND status = 'active') AS accounts`;
  return {
    ...{ accountId: id, tenantId, gateway },
    ...{ openCharges: counts?.charges ?? 0, activeAccounts: counts?.accounts ?? 0 },
  };
}

export type ListedAccount = {
  accountId: AccountId;
  tenantId: TenantId;
  gateway: string;
  priority: number;
  status: AccountStatus;
  statusAt: Date;
};

/** In the order in which a seller's accounts are tried. `tenantId`: only this seller's. */
export async function listAccounts(sql: Database, tenantId?: TenantId): Promise<ListedAccount[]> {
  return sql<ListedAccount[]>`
    SELECT id AS "accountId", tenant_id AS "tenantId", gateway, priority, status, status_at AS "statusAt" FROM gateway_account
    WHERE tenant_id = coalesce(${tenantId ?? null}, tenant_id) ORDER BY tenant_id, priority, id`;
}
