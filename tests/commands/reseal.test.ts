// Rotating SECRET_KEY on real PostgreSQL: what the old key sealed is sealed again with the new one while it is in use; then the old one can go.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import path from "node:path";
import { checkSealed } from "#src/commands/doctor/database.ts";
import { resealAll } from "#src/commands/reseal.ts";
import { countByKey, sealedColumns } from "#src/commands/sealed.ts";
import type { BotId, ChatId } from "#src/kernel/ids.ts";
import { createKeyring, keyId } from "#src/kernel/secret.ts";
import { payerPlace } from "#src/payments/payer.ts";
import { delivered, openStory, type Story } from "../flows/payments/support.ts";
import { projectFolder } from "../support/sources.ts";
import { OPENING_MS, testKeyring, testSecretKey } from "../support/world.ts";

setDefaultTimeout(60_000);

const newKey = Buffer.alloc(32, 8);
const both = createKeyring([newKey, Buffer.from(testSecretKey, "base64")]);
const newOnly = createKeyring([newKey]);
const bothKeys = `${newKey.toString("base64")},${testSecretKey}`;
const stranger = createKeyring([Buffer.alloc(32, 9)]);
/** More than two pages of them. */
const PAYERS = 1_100;

let story: Story;
beforeAll(async () => {
  story = await openStory();
  const { gatewayId } = await story.shop.buy(story.one, 1);
  await story.shop.sandbox.control.pay({ id: gatewayId });
  await delivered(story, 1);
  await fillPayers();
}, OPENING_MS);
afterAll(() => story[Symbol.asyncDispose](), OPENING_MS);

/** Chats on both sides of zero, of a bot that is not the first. */
async function fillPayers(): Promise<void> {
  const chats = Array.from({ length: PAYERS }, (_, n) => (n % 2 === 0 ? n : -n) * 1_000_000_007);
  const sealed = chats.map((chat) =>
    testKeyring.seal('{"cpf":"52998224725"}', payerPlace(17 as BotId, chat as ChatId)),
  );
  await story.world.sql`
    INSERT INTO payer (bot_id, chat_id, sealed, changed_at)
    SELECT 17, chat_id, sealed, now() FROM unnest(${chats}::bigint[], ${sealed}::text[]) AS p (chat_id, sealed)`;
}

const doctor = async (secretKey: string) =>
  (await checkSealed(story.world.sql, secretKey)).map(({ level, values }) => [level, values?.count]);

test("every column that holds sealed values is in the list", async () => {
  const columns = await story.world.sql`
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = current_schema() AND column_name ~ '(^|_)sealed$' ORDER BY 1, 2`;
  const listed = sealedColumns.map(({ table, column }) => `${table}.${column}`);
  expect(listed.toSorted()).toEqual(columns.map((one) => `${one.table_name}.${one.column_name}`).toSorted());
});

test("the command waits for processes that do not hold the new key", async () => {
  const ran = await grimbots(["keys", "reseal", "--json"]);
  expect(ran).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(
      /^Processes that do not hold the newest key of SECRET_KEY, and run: 1\. Restart them first/,
    ),
  });
  expect(await doctor(testSecretKey)).toEqual([["ok", undefined]]);
});

const ALL = PAYERS + 5;

test("what somebody holds right now waits for the next run; nobody waits for it", async () => {
  const { sql } = story.world;
  expect(await doctor(bothKeys)).toEqual([["warn", ALL]]);
  const held = await sql.reserve();
  await held`BEGIN`;
  await held`SELECT 1 FROM payer WHERE bot_id = 17 AND chat_id = 0 FOR UPDATE`;
  const first = await resealAll(sql, both);
  await held`ROLLBACK`;
  held.release();
  expect(first.map(({ column, resealed, left, shut }) => [column, resealed, left, shut])).toEqual([
    ["bot.token_sealed", 1, 0, 0],
    ["bot.secret_sealed", 1, 0, 0],
    ["gateway_account.credentials_sealed", 1, 0, 0],
    ["gateway_account.key_sealed", 1, 0, 0],
    ["payer.sealed", PAYERS - 1, 1, 0],
    ["delivery.token_sealed", 1, 0, 0],
  ]);
  expect(await doctor(bothKeys)).toEqual([["warn", 1]]);
  const again = await resealAll(sql, both);
  expect(again.map(({ resealed }) => resealed)).toEqual([0, 0, 0, 0, 1, 0]);
});

test("without the old key everything opens, in its place, as it was", async () => {
  const { sql } = story.world;
  expect(await doctor(newKey.toString("base64"))).toEqual([["ok", undefined]]);
  for (const column of sealedColumns) {
    expect((await countByKey(sql, column)).map(({ keyId: id }) => id)).toEqual([keyId(newKey)]);
    const rows = await sql<{ key: number[]; sealed: string }[]>`
      SELECT ARRAY[${sql.unsafe(column.key.join(", "))}]::bigint[] AS key, ${sql(column.column)} AS sealed FROM ${sql(column.table)}`;
    for (const { key, sealed } of rows) expect(newOnly.open(sealed, column.place(key))).not.toBe("");
  }
  const [payer] = await sql`SELECT chat_id, sealed FROM payer WHERE chat_id < 0 LIMIT 1`;
  expect(newOnly.open(payer?.sealed, payerPlace(17 as BotId, payer?.chat_id))).toBe('{"cpf":"52998224725"}');
});

test("a value that changes between reading and writing keeps what was written to it", async () => {
  const { sql } = story.world;
  const place = payerPlace(17 as BotId, 18 as ChatId);
  await sql`INSERT INTO payer (bot_id, chat_id, sealed, changed_at) VALUES (17, 18, ${testKeyring.seal("old", place)}, now())`;
  let overtaking: Promise<unknown> | undefined;
  // Whoever has read it, and is about to seal it again, is overtaken right then.
  const open = (sealed: string, where: string) => {
    overtaking ??= story.one.app
      .sql`UPDATE payer SET sealed = ${both.seal("newer", place)} WHERE chat_id = 18`.execute();
    return both.open(sealed, where);
  };
  await resealAll(sql, { ...both, open });
  await overtaking;
  const [row] = await sql`SELECT sealed FROM payer WHERE chat_id = 18`;
  expect(newOnly.open(row?.sealed, place)).toBe("newer");
});

test("what no key opens is named and left as it is; the command says so and ends with 1", async () => {
  const { sql } = story.world;
  const sealed = stranger.seal("{}", payerPlace(17 as BotId, 19 as ChatId));
  await sql`INSERT INTO payer (bot_id, chat_id, sealed, changed_at) VALUES (17, 19, ${sealed}, now())`;
  expect(await doctor(bothKeys)).toEqual([["fail", 1]]);
  await story.one.stop();
  const ran = await grimbots(["keys", "reseal"]);
  expect(ran.code).toBe(1);
  expect(ran.stdout).toContain("payer.sealed: 0 sealed again, 1 opened by no key (row 17/19)\n");
  expect(ran.stderr).toMatch(/^Secrets that no key of SECRET_KEY opens: 1\. /);
  expect((await sql`SELECT sealed FROM payer WHERE chat_id = 19`)[0]?.sealed).toBe(sealed);
  await sql`DELETE FROM payer WHERE chat_id = 19`;
  const { code, stdout } = await grimbots(["keys", "reseal", "--json"]);
  expect({ code, ok: JSON.parse(stdout).ok }).toEqual({ code: 0, ok: true });
});

async function grimbots(args: string[]) {
  const { databaseUrl, redisUrl } = story.world;
  const child = Bun.spawn([process.execPath, path.join(projectFolder, "src/main.ts"), ...args], {
    env: { PATH: "/usr/bin:/bin", DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, SECRET_KEY: bothKeys },
    ...{ stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, stdout, stderr };
}
