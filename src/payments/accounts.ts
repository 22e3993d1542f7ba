// Sellers' accounts at gateways: kept sealed, opened for the moment of a call, tried before they are saved.

import type { Database } from "#db/connect.ts";
import { createCache } from "../kernel/cache.ts";
import type { AccountId, TenantId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import type { Keyring } from "../kernel/secret.ts";
import type { Gateway } from "./gateways/gateway.ts";
import { findGateway } from "./gateways/index.ts";

export type AccountStatus = "active" | "paused" | "refused";

export type Account = {
  id: AccountId;
  tenantId: TenantId;
  gateway: Gateway;
  status: AccountStatus;
  credentials: Record<string, unknown>;
  /** The secret in the address of its notices. */
  key: string;
};

export type Accounts = {
  find(id: AccountId): Promise<Account | undefined>;
  /** By the secret in the address of its notices. */
  findByKey(keyHash: Uint8Array): Promise<Account | undefined>;
  /** What is remembered of it is forgotten. */
  forget(id: AccountId): void;
};

type AccountRow = {
  id: AccountId;
  tenant_id: TenantId;
  gateway: string;
  status: AccountStatus;
  credentials_sealed: string;
  key_sealed: string;
};

/** Where an account's secrets are sealed for. */
export const credentialsPlace = (id: AccountId): string => `gateway_account.credentials_sealed:${id}`;
export const keyPlace = (id: AccountId): string => `gateway_account.key_sealed:${id}`;

/** An account is read again after a while: another process may have changed it. */
export function openAccounts(sql: Database, keyring: Keyring): Accounts {
  const known = createCache<AccountId, { account: Account; readMs: number }>(limits.accountsInMemory);
  const idsByKey = createCache<string, AccountId>(limits.accountsInMemory);

  async function read(rows: Promise<AccountRow[]>): Promise<Account | undefined> {
    const [row] = await rows;
    const account = row && openAccount(row, keyring);
    if (account) known.set(account.id, { account, readMs: performance.now() });
    return account;
  }

  async function find(id: AccountId): Promise<Account | undefined> {
    const entry = known.get(id);
    if (entry && performance.now() - entry.readMs < limits.accountFreshMs) return entry.account;
    return read(sql<AccountRow[]>`
      SELECT id, tenant_id, gateway, status, credentials_sealed, key_sealed FROM gateway_account WHERE id = ${id}`);
  }

  return {
    find,
    async findByKey(keyHash) {
      const name = Buffer.from(keyHash).toString("base64");
      const id = idsByKey.get(name);
      if (id !== undefined) return find(id);
      const account = await read(sql<AccountRow[]>`
        SELECT id, tenant_id, gateway, status, credentials_sealed, key_sealed FROM gateway_account WHERE key_hash = ${Buffer.from(keyHash)}`);
      if (account) idsByKey.set(name, account.id);
      return account;
    },
    forget: (id) => known.delete(id),
  };
}

function openAccount(row: AccountRow, keyring: Keyring): Account | undefined {
  const gateway = findGateway(row.gateway);
  // A newer program made it; this one cannot serve it.
  if (!gateway) return undefined;
  return {
    id: row.id,
    tenantId: row.tenant_id,
    gateway,
    status: row.status,
    credentials: JSON.parse(keyring.open(row.credentials_sealed, credentialsPlace(row.id))) as Record<string, unknown>,
    key: keyring.open(row.key_sealed, keyPlace(row.id)),
  };
}
