// A new account of a seller at a gateway: its credentials are tried by a real call, kept sealed, and never shown again.

import { Value } from "@sinclair/typebox/value";
import type { Database } from "#db/connect.ts";
import { CommandError } from "../kernel/errors.ts";
import type { AccountId, TenantId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import { hashToken, type Keyring, newToken } from "../kernel/secret.ts";
import { credentialsPlace, keyPlace } from "./accounts.ts";
import { openCaller } from "./gateways/call.ts";
import { type Api, type Gateway, GatewayError } from "./gateways/gateway.ts";
import { findGateway, gateways } from "./gateways/index.ts";

export type AddedAccount = { accountId: AccountId; webhookUrl: string | null };

/**
 * Adds an account. `webhookUrl`: where its notices go, for the gateway's panel; null without PUBLIC_URL, and the gateway is then only
 * asked. Throws CommandError for an unknown kind, credentials of the wrong shape, or credentials that the gateway refuses.
 */
export async function addAccount(
  sql: Database,
  options: {
    keyring: Keyring;
    publicUrl: string | undefined;
    tenantId: TenantId;
    kind: string;
    credentials: unknown;
    priority?: number;
    now?: Date;
  },
): Promise<AddedAccount> {
  const { keyring, publicUrl, tenantId, kind, priority = 100, now = new Date() } = options;
  const gateway = findGateway(kind);
  if (!gateway)
    throw new CommandError(
      `There is no gateway "${kind}"; there are: ${gateways.map((one) => one.kind).join(", ")}.`,
      2,
    );
  const [known] = await sql`SELECT 1 FROM tenant WHERE id = ${tenantId}`;
  if (!known) throw new CommandError(`There is no tenant ${tenantId}; \`grimbots tenant add\` makes one.`);
  const given = checkShape(gateway, options.credentials);
  // The id comes first: it is part of what the secrets are sealed for.
  const [next] = await sql<{ id: AccountId }[]>`SELECT nextval(pg_get_serial_sequence('gateway_account', 'id')) AS id`;
  const id = next?.id as AccountId;
  const key = newToken();
  // What comes through the bot comes as its updates.
  const hasNotices = publicUrl !== undefined && !gateway.throughBot;
  const webhookUrl = !hasNotices ? null : `${publicUrl.replace(/\/+$/, "")}/webhook/payment/${kind}/${key}`;
  const api = openCaller().open(gateway, { name: String(id), credentials: given }, { withinMs: limits.askMs * 2, now });
  const credentials = { ...given, ...(await tryOut(gateway, api, webhookUrl)) };
  await sql`
    INSERT INTO gateway_account (id, tenant_id, gateway, priority, credentials_sealed, key_hash, key_sealed, status_at, created_at)
    VALUES (${id}, ${tenantId}, ${kind}, ${priority}, ${keyring.seal(JSON.stringify(credentials), credentialsPlace(id))},
      ${hashToken(key)}, ${keyring.seal(key, keyPlace(id))}, ${now}, ${now})`;
  return { accountId: id, webhookUrl };
}

function checkShape(gateway: Gateway, value: unknown): Record<string, unknown> {
  if (Value.Check(gateway.credentials, value)) return value as Record<string, unknown>;
  const faults = [...Value.Errors(gateway.credentials, value)]
    .slice(0, 5)
    .map(({ path, message }) => `${path || "/"}: ${message}`);
  const fields = Object.keys(gateway.credentials.properties).join(", ");
  throw new CommandError(
    `These are no credentials for ${gateway.kind} (fields: ${fields}):\n${faults.map((fault) => `- ${fault}`).join("\n")}`,
    2,
  );
}

/** A real call that says whether the credentials are right; then the gateway is told where notices go, where that is possible. */
async function tryOut(gateway: Gateway, api: Api<never>, webhookUrl: string | null): Promise<Record<string, unknown>> {
  try {
    await gateway.check(api);
    return webhookUrl === null ? {} : ((await gateway.register?.(webhookUrl, api)) ?? {});
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const why = error.meaning === "credentials" ? "does not accept these credentials" : "could not be asked";
    throw new CommandError(`${gateway.name} ${why} (${error.message}); nothing was saved.`);
  }
}
