// Sellers' accounts: what is sealed is opened; one that cannot be is unusable, told in the log once in a while, and in nobody's way.

import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import type { AccountId } from "#src/kernel/ids.ts";
import { limits } from "#src/kernel/limits.ts";
import { createKeyring, hashToken } from "#src/kernel/secret.ts";
import { type Accounts, credentialsPlace, keyPlace, openAccounts } from "#src/payments/accounts.ts";
import { type LogBook, openLogBook } from "../support/log-book.ts";
import { OPENING_MS, openWorld, testKeyring, type World } from "../support/world.ts";

const SECRET = "segredo-do-vendedor";
const otherKeyring = createKeyring([Buffer.alloc(32, 9)]);

let world: World;
let tenantId: number;
let book: LogBook;
let accounts: Accounts;
let ms: number;

beforeAll(async () => {
  world = await openWorld();
  const [row] = await world.sql`
    INSERT INTO tenant (name, email, api_key_hash) VALUES ('Alice', 'ana@example.com', '\\x01') RETURNING id`;
  tenantId = Number(row?.id);
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => {
  book = openLogBook();
  ms = 0;
  accounts = openAccounts(world.sql, testKeyring, book.log, () => ms);
});

type Kept = { gateway?: string; keyring?: typeof testKeyring; credentials?: string };

async function keep({ gateway = "sandbox", keyring = testKeyring, credentials }: Kept) {
  const [next] = await world.sql<{ id: AccountId }[]>`
    SELECT nextval(pg_get_serial_sequence('gateway_account', 'id')) AS id`;
  const id = next?.id as AccountId;
  const key = `key-${id}`;
  const sealed = keyring.seal(credentials ?? JSON.stringify({ token: SECRET }), credentialsPlace(id));
  await world.sql`
    INSERT INTO gateway_account (id, tenant_id, gateway, credentials_sealed, key_hash, key_sealed)
    VALUES (${id}, ${tenantId}, ${gateway}, ${sealed}, ${hashToken(key)}, ${keyring.seal(key, keyPlace(id))})`;
  return { id, keyHash: hashToken(key) };
}

const told = () => book.facts("account.unusable").map(({ accountId }) => accountId);

test.each<[string, Kept]>([
  ["sealed with a key that is not there", { keyring: otherKeyring }],
  ["that hold no JSON", { credentials: SECRET }],
  ["of a gateway that is not in this program", { gateway: "gateway_of_tomorrow" }],
])("credentials %s: unusable, told without a word of them; the seller's other account goes on", async (_, kept) => {
  const bad = await keep(kept);
  const good = await keep({});
  expect(await accounts.find(bad.id)).toBeUndefined();
  expect(await accounts.findByKey(bad.keyHash)).toBe("unusable");
  expect(await accounts.findByKey(bad.keyHash)).toBe("unusable");
  expect(await accounts.find(good.id)).toMatchObject({ id: good.id, credentials: { token: SECRET } });
  expect(await accounts.findByKey(good.keyHash)).toMatchObject({ id: good.id, key: `key-${good.id}` });
  expect(told()).toEqual([bad.id]);
  expect(book.facts("account.unusable")).toMatchObject([{ level: 50, tenantId }]);
  // A message of the JSON parser's would begin with the text that it could not read.
  expect(book.text()).not.toContain(SECRET.slice(0, 7));
});

test("it is told once in a while, for each account", async () => {
  const [first, second] = [await keep({ keyring: otherKeyring }), await keep({ keyring: otherKeyring })];
  for (const id of [first.id, first.id, second.id, first.id]) await accounts.find(id);
  expect(told()).toEqual([first.id, second.id]);
  ms += limits.accountWarnedMs - 1;
  await accounts.find(first.id);
  expect(told()).toEqual([first.id, second.id]);
  ms += 1;
  await accounts.find(first.id);
  expect(told()).toEqual([first.id, second.id, first.id]);
});

test("it is usable as soon as the key is back", async () => {
  const { id } = await keep({ keyring: otherKeyring });
  expect(await accounts.find(id)).toBeUndefined();
  const both = createKeyring([Buffer.alloc(32, 7), Buffer.alloc(32, 9)]);
  expect(await openAccounts(world.sql, both, book.log).find(id)).toMatchObject({ id });
});

test("nobody is no account", async () => {
  expect(await accounts.find(0 as AccountId)).toBeUndefined();
  expect(await accounts.findByKey(hashToken("nobody"))).toBeUndefined();
  expect(book.facts("account.unusable")).toEqual([]);
});
