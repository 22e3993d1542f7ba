// Whose API key is this?

import type { Database } from "#db/connect.ts";
import type { TenantId } from "../kernel/ids.ts";
import { hashToken } from "../kernel/secret.ts";

/** The form in which keys are given out. */
const API_KEY = /^gb_[A-Za-z0-9_-]{43}$/;

/** The tenant with this key, found by its hash, so the time that it takes tells nothing about the key; undefined when it is nobody's. */
export async function findTenantByKey(sql: Database, apiKey: string): Promise<TenantId | undefined> {
  if (!API_KEY.test(apiKey)) return undefined;
  const [row] = await sql<{ id: TenantId }[]>`SELECT id FROM tenant WHERE api_key_hash = ${hashToken(apiKey)}`;
  return row?.id;
}
