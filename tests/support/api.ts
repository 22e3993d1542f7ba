// A seller's program: an API key of a tenant, and what the API answers to it.

import { hashToken, newToken } from "#src/kernel/secret.ts";
import { openStory, type Story } from "./story.ts";
import type { Door, World } from "./world.ts";

export type Answer = { status: number; type: string | null; headers: Headers; body: Record<string, unknown> };
export type Seller = {
  apiKey: string;
  get(path: string): Promise<Answer>;
  /** `body`: sent as JSON. */
  post(path: string, body?: unknown): Promise<Answer>;
};

/** Gives a tenant a key of its own and asks with it; `path` is below /api/v1. */
export async function openSeller({ sql }: World, to: Door, tenantId: number): Promise<Seller> {
  const apiKey = `gb_${newToken()}`;
  await sql`UPDATE tenant SET api_key_hash = ${hashToken(apiKey)} WHERE id = ${tenantId}`;
  const headers = { authorization: `Bearer ${apiKey}` };
  return {
    apiKey,
    get: (path) => askApi(to, path, { headers }),
    post: (path, body) =>
      askApi(to, path, { headers, method: "POST", ...(body === undefined ? {} : { body: JSON.stringify(body) }) }),
  };
}

/** A shop with its seller, and somebody who sells nothing there. */
export type SellersStory = Story & { alice: Seller; bob: Seller };

/** The shop is Alice's; Bob has a bot of his own. */
export async function openSellers(): Promise<SellersStory> {
  const story = await openStory();
  const { world, one, shop } = story;
  const alice = await openSeller(world, one, shop.tenantId);
  const other = await world.addBot();
  const [row] = await world.sql`SELECT tenant_id FROM bot WHERE id = ${other.botId}`;
  const bob = await openSeller(world, one, row?.tenant_id);
  return { ...story, alice, bob, [Symbol.asyncDispose]: story[Symbol.asyncDispose] };
}

/** Asks the API in any way. */
export async function askApi(to: Door, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${to.http.url}/api/v1${path}`, init);
  const { status, headers } = response;
  return { status, type: headers.get("content-type"), headers, body: (await response.json()) as Answer["body"] };
}
