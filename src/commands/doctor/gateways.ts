// doctor's look at the gateway accounts: are each account's credentials taken by its gateway now?

import type { Database } from "#db/connect.ts";
import { type Config, openKeyring } from "../../kernel/config.ts";
import { PermanentError } from "../../kernel/errors.ts";
import type { AccountId } from "../../kernel/ids.ts";
import { credentialsPlace } from "../../payments/accounts.ts";
import { openCaller } from "../../payments/gateways/call.ts";
import { type Gateway, GatewayError } from "../../payments/gateways/gateway.ts";
import { findGateway } from "../../payments/gateways/index.ts";
import { type Finding, failure, fine, LOOK_MS, shortReason } from "./finding.ts";
import { inTurn } from "./in-turn.ts";

type AccountRow = { id: AccountId; tenant_id: number; gateway: string; status: string; credentials_sealed: string };

/** One finding per account that is not closed; those whose API is the bot's own are tried with the bot. */
export async function checkGateways(sql: Database, config: Config, withinMs: number): Promise<Finding[]> {
  const all = await sql<AccountRow[]>`
    SELECT id, tenant_id, gateway, status, credentials_sealed FROM gateway_account WHERE status <> 'paused' ORDER BY id`;
  const accounts = all.filter(({ gateway }) => !findGateway(gateway)?.throughBot);
  return inTurn("gateways", accounts, withinMs, (row) => checkAccount(row, config));
}

async function checkAccount(row: AccountRow, config: Config): Promise<Finding> {
  const name = `gateway account ${row.id} ${row.gateway} of tenant ${row.tenant_id}`;
  const gateway = findGateway(row.gateway);
  if (!gateway) return failure(name, "gateway_unknown", "schema_newer");
  try {
    const credentials = openKeyring(config.secretKey).open(row.credentials_sealed, credentialsPlace(row.id));
    await tryOut(gateway, row.id, JSON.parse(credentials));
    return fine(name, "credentials_taken", { status: row.status });
  } catch (error) {
    return faultOf(name, error, row);
  }
}

async function tryOut(gateway: Gateway, id: AccountId, credentials: Record<string, unknown>): Promise<void> {
  const options = { withinMs: LOOK_MS, now: new Date() };
  await gateway.check(openCaller().open(gateway, { name: String(id), credentials }, options));
}

function faultOf(name: string, error: unknown, { id, gateway, tenant_id }: AccountRow): Finding {
  const values = { reason: shortReason(error).replace(/\.$/, ""), account: id, tenant: tenant_id, kind: gateway };
  if (!(error instanceof GatewayError)) {
    // What a parser says of a text that it cannot read begins with the text.
    if (error instanceof PermanentError) return failure(name, "account_sealed", "sealed_key", values);
    return failure(name, "account_sealed", "account_again", { ...values, reason: "JSON" });
  }
  return error.meaning === "credentials"
    ? failure(name, "credentials_refused", "account_again", values)
    : failure(name, "gateway_away", "gateway_status", values);
}
