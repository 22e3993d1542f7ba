// doctor's part for payments: who gets commissions, and whether each account's credentials are taken by its gateway now.

import type { Database } from "#db/connect.ts";
import { type Config, openKeyring } from "../kernel/config.ts";
import { PermanentError, reasonOf } from "../kernel/errors.ts";
import type { AccountId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import { redactTokens } from "../kernel/log.ts";
import { credentialsPlace } from "../payments/accounts.ts";
import { openCaller } from "../payments/gateways/call.ts";
import { type Gateway, GatewayError } from "../payments/gateways/gateway.ts";
import { findGateway, gateways } from "../payments/gateways/index.ts";
import type { Check } from "./doctor.ts";

type AccountRow = { id: AccountId; tenant_id: number; gateway: string; status: string; credentials_sealed: string };

const ACCOUNTS_AT_ONCE = 20;

/** A line only when COMMISSION_RECIPIENTS names what is no gateway, or one that cannot split. */
export function checkCommissions({ commissionRecipients }: Config): Check[] {
  const splitting = gateways.filter(({ splits }) => splits).map(({ kind }) => kind);
  const strange = Object.keys(commissionRecipients).filter((kind) => !splitting.includes(kind));
  if (strange.length === 0) return [];
  const found = `${strange.join(", ")}: no gateway that splits`;
  return [{ name: "COMMISSION_RECIPIENTS", ok: false, found, remedy: `Name only ${splitting.join(", ")}.` }];
}

/** One line per account; those whose API is the bot's own are tried with the bot. */
export async function checkGateways(sql: Database, config: Config): Promise<Check[]> {
  const all = await sql<
    AccountRow[]
  >`SELECT id, tenant_id, gateway, status, credentials_sealed FROM gateway_account ORDER BY id`;
  const accounts = all.filter(({ gateway }) => !findGateway(gateway)?.throughBot);
  const checks: Check[] = [];
  for (let from = 0; from < accounts.length; from += ACCOUNTS_AT_ONCE)
    checks.push(
      ...(await Promise.all(accounts.slice(from, from + ACCOUNTS_AT_ONCE).map((row) => checkAccount(row, config)))),
    );
  return checks;
}

async function checkAccount(row: AccountRow, config: Config): Promise<Check> {
  const name = `gateway account ${row.id} ${row.gateway} of tenant ${row.tenant_id}`;
  const gateway = findGateway(row.gateway);
  if (!gateway)
    return { name, ok: false, found: "this program does not know the gateway", remedy: "Install the newer grimbots." };
  try {
    const credentials = openKeyring(config.secretKey).open(row.credentials_sealed, credentialsPlace(row.id));
    await tryOut(gateway, row.id, JSON.parse(credentials));
  } catch (error) {
    return { name, ok: false, ...faultOf(error, row) };
  }
  return { name, ok: true, found: row.status === "active" ? "credentials taken" : `credentials taken, ${row.status}` };
}

async function tryOut(gateway: Gateway, id: AccountId, credentials: Record<string, unknown>): Promise<void> {
  const options = { withinMs: limits.askMs, now: new Date() };
  await gateway.check(openCaller().open(gateway, { name: String(id), credentials }, options));
}

function faultOf(error: unknown, { gateway, tenant_id: tenantId }: AccountRow): Pick<Check, "found" | "remedy"> {
  if (error instanceof GatewayError && error.meaning === "credentials")
    return {
      found: `credentials refused (${error.message})`,
      remedy: `Add the account anew: grimbots gateway add --tenant ${tenantId} --kind ${gateway}.`,
    };
  const found = redactTokens(reasonOf(error));
  if (error instanceof GatewayError)
    return { found: `no answer (${found})`, remedy: "Look at the gateway's status page and this machine's network." };
  return {
    found,
    remedy: error instanceof PermanentError ? "Add the key that sealed it to SECRET_KEY." : "Add the account anew.",
  };
}
