// Sellers' accounts at gateways: kept sealed, opened for the moment of a call, tried before they are saved.

import type { Database } from "#db/connect.ts";
import { createCache } from "../kernel/cache.ts";
import { PermanentError } from "../kernel/errors.ts";
import type { AccountId, TenantId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import type { Log } from "../kernel/log.ts";
import type { Keyring } from "../kernel/secret.ts";
import type { Gateway } from "./gateways/gateway.ts";
import { findGateway } from "./gateways/index.ts";

/** paused: closed by its owner. refused: its gateway did not take its credentials. Neither gets new charges; both are asked about older ones. */
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

/**
 * It is there, and nothing can be done with it now: its secrets are sealed with a key that this program does not have, or its gateway is one
 * of a newer program. The seller's other accounts go on.
 */
export type Unusable = "unusable";

export type Accounts = {
  /** Undefined: there is none, or it is unusable. */
  find(id: AccountId): Promise<Account | undefined>;
  /** By the secret in the address of its notices. Undefined: there is none. */
  findByKey(keyHash: Uint8Array): Promise<Account | Unusable | undefined>;
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
export function openAccounts(
  sql: Database,
  keyring: Keyring,
  log: Log,
  nowMs: () => number = () => performance.now(),
): Accounts {
  const known = createCache<AccountId, { account: Account; readMs: number }>(limits.accountsInMemory);
  const idsByKey = createCache<string, AccountId>(limits.accountsInMemory);
  const warn = openWarning(log, nowMs);

  function open(row: AccountRow): Account | Unusable {
    try {
      const account = openAccount(row, keyring);
      known.set(account.id, { account, readMs: nowMs() });
      return account;
    } catch (error) {
      warn(row, error);
      return "unusable";
    }
  }

  async function read(id: AccountId): Promise<Account | Unusable | undefined> {
    const entry = known.get(id);
    if (entry && nowMs() - entry.readMs < limits.accountFreshMs) return entry.account;
    const [row] = await sql<AccountRow[]>`SELECT ${columns(sql)} FROM gateway_account WHERE id = ${id}`;
    return row && open(row);
  }

  return {
    async find(id) {
      const account = await read(id);
      return account === "unusable" ? undefined : account;
    },
    async findByKey(keyHash) {
      const hash = Buffer.from(keyHash);
      const id = idsByKey.get(hash.toString("base64"));
      if (id !== undefined) return read(id);
      const [row] = await sql<AccountRow[]>`SELECT ${columns(sql)} FROM gateway_account WHERE key_hash = ${hash}`;
      if (row) idsByKey.set(hash.toString("base64"), row.id);
      return row && open(row);
    },
    forget: (id) => known.delete(id),
  };
}

const columns = (sql: Database) => sql`id, tenant_id, gateway, status, credentials_sealed, key_sealed`;

/** Tells that an account cannot be opened, once in a while: it is met with every sale. */
function openWarning(log: Log, nowMs: () => number) {
  const warned = createCache<AccountId, number>(limits.accountsInMemory);
  return ({ id, tenant_id, gateway }: AccountRow, error: unknown): void => {
    if (nowMs() - (warned.get(id) ?? Number.NEGATIVE_INFINITY) < limits.accountWarnedMs) return;
    warned.set(id, nowMs());
    // What a parser says of a text that it cannot read begins with the text.
    const reason = error instanceof PermanentError ? error.message : "Its credentials are no JSON.";
    log.error(
      { fact: "account.unusable", accountId: id, tenantId: tenant_id, gateway, reason },
      "a seller's account cannot be opened",
    );
  };
}

/** Throws when its secrets cannot be opened, or its gateway is unknown. */
function openAccount(row: AccountRow, keyring: Keyring): Account {
  const gateway = findGateway(row.gateway);
  if (!gateway) throw new PermanentError("gateway", "Its gateway is not in this program: a newer one made it.");
  return {
    id: row.id,
    tenantId: row.tenant_id,
    gateway,
    status: row.status,
    credentials: JSON.parse(keyring.open(row.credentials_sealed, credentialsPlace(row.id))) as Record<string, unknown>,
    key: keyring.open(row.key_sealed, keyPlace(row.id)),
  };
}
