// A seller's program: an API key of a tenant, and what the API answers to it.

import { hashToken, newToken } from "#src/kernel/secret.ts";
import type { Door, World } from "./world.ts";

export type Answer = { status: number; type: string | null; headers: Headers; body: Record<string, unknown> };
export type Seller = {
  apiKey: string;
  get(path: string): Promise<Answer>;
  post(path: string): Promise<Answer>;
};

/** Gives a tenant a key of its own and asks with it; `path` is below /api/v1. */
export async function openSeller({ sql }: World, to: Door, tenantId: number): Promise<Seller> {
  const apiKey = `gb_${newToken()}`;
  await sql`UPDATE tenant SET api_key_hash = ${hashToken(apiKey)} WHERE id = ${tenantId}`;
  const headers = { authorization: `Bearer ${apiKey}` };
  return {
    apiKey,
    get: (path) => askApi(to, path, { headers }),
    post: (path) => askApi(to, path, { headers, method: "POST" }),
  };
}

/** Asks the API in any way. */
export async function askApi(to: Door, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${to.http.url}/api/v1${path}`, init);
  const { status, headers } = response;
  return { status, type: headers.get("content-type"), headers, body: (await response.json()) as Answer["body"] };
}
