// The commands of an operator, one after the other, as he would run them: migrate, tenant add, bot add, bot webhook, doctor.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { connectDatabase } from "#db/connect.ts";
import { schemaVersion } from "#db/migrate.ts";
import { migrations } from "#db/migrations/index.ts";
import { type FakeTelegram, startFakeTelegram } from "#src/fake-telegram/server.ts";
import { services } from "../support/services.ts";
import { programIn, type Ran, run } from "./program.ts";

setDefaultTimeout(60_000);

const token = "123456789:AAFq-3xYz_0123456789abcdefghijklmno";
const key = Buffer.alloc(32, 7).toString("base64");
const otherKey = Buffer.alloc(32, 8).toString("base64");
const publicUrl = "https://bots.example.com";

const wrongKey: Ran = {
  ...{ code: 1, stdout: "" },
  stderr: "A secret was sealed with a key that SECRET_KEY does not hold: add that key to it.\n",
};

let fake: FakeTelegram;
let env: Record<string, string>;
/** What must not be in anything that is printed. */
let secrets: string[];
let tenantId = 0;
let botId = 0;

beforeAll(async () => {
  const shared = await services();
  const address = new URL(await shared.createDatabase());
  const admin = connectDatabase(address.href, { connections: 1 });
  address.pathname += "_empty";
  await admin.unsafe(`CREATE DATABASE ${address.pathname.slice(1)} TEMPLATE template0`);
  await admin.end();
  fake = await startFakeTelegram();
  await fake.control.bot({ token, username: "alice_bot" });
  env = {
    ...{ DATABASE_URL: address.href, REDIS_URL: shared.redisUrl, TELEGRAM_API_ROOT: fake.url },
    ...{ PUBLIC_URL: publicUrl, SECRET_KEY: key },
  };
  secrets = [address.password, new URL(shared.redisUrl).password, key, otherKey, token.split(":")[1] ?? ""];
  expect(secrets.every((secret) => secret.length >= 20)).toBe(true);
});
afterAll(() => fake[Symbol.asyncDispose]());

/** Runs a command with these settings; nothing that it prints holds a secret. */
async function grimbots(args: string[], more: Record<string, string> = {}, stdin = ""): Promise<Ran> {
  const ran = await run(args, { env: { ...env, ...more }, stdin });
  for (const secret of secrets) expect(ran.stdout + ran.stderr).not.toContain(secret);
  return ran;
}

/** The one JSON object that a command prints with --json, and nothing else. */
async function result(args: string[], more: Record<string, string> = {}, stdin = "") {
  const ran = await grimbots([...args, "--json"], more, stdin);
  expect(ran.stdout).toMatch(/^\{[^\n]*\}\n$/);
  return { ...ran, printed: JSON.parse(ran.stdout) };
}

test("before the database is migrated, commands say so", async () => {
  for (const args of [["serve"], ["tenant", "add", "--name", "Alice", "--email", "alice@example.com"]]) {
    const { code, stderr } = await grimbots(args);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `The database is at schema 0, this program needs ${schemaVersion}: run \`grimbots migrate\`.\n`,
    });
  }
  const { code, printed } = await result(["doctor", "--lang", "en"]);
  expect(code).toBe(1);
  expect(printed.checks).toContainEqual({
    ...{ name: "schema", ok: false, level: "fail", found: `version 0, this program needs ${schemaVersion}` },
    remedy: "Run `grimbots migrate`.",
  });
});

test("migrate: three at the same time, then once more", async () => {
  const three = await Promise.all([1, 2, 3].map(() => result(["migrate"])));
  expect(three.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(three.flatMap(({ printed }) => printed.applied)).toEqual(migrations.map(({ name }) => name));
  const { code, stdout } = await grimbots(["migrate"]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: `Schema ${schemaVersion}: nothing to do.\n` });
});

test("tenant add prints the id and the key, once; the e-mail is his alone", async () => {
  const args = ["tenant", "add", "--name", "Alice", "--email", "alice@example.com", "--password-stdin"];
  const { code, printed, stderr } = await result(args, {}, "a-long-password\n");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(printed).toEqual({ tenantId: expect.any(Number), apiKey: expect.stringMatching(/^gb_[A-Za-z0-9_-]{43}$/) });
  tenantId = printed.tenantId;
  const again = await grimbots(args, {}, "a-long-password\n");
  expect(again).toEqual({
    ...{ code: 1, stdout: "", stderr: "There is a tenant with the e-mail alice@example.com already.\n" },
  });
  const short = await grimbots(
    ["tenant", "add", "--name", "Bob", "--email", "bob@example.com", "--password-stdin"],
    {},
    "short",
  );
  expect(short.code).toBe(2);
});

test("bot add tries the token, keeps it sealed, and tells Telegram where the updates go", async () => {
  const { code, printed, stderr } = await result(
    ["bot", "add", "--tenant", String(tenantId), "--token", "-"],
    {},
    token,
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  botId = printed.botId;
  const webhookUrl = `${publicUrl}/webhook/telegram/${botId}`;
  const secretToken = expect.stringMatching(/^[A-Za-z0-9_-]{43}$/);
  const username = "alice_bot";
  expect(printed).toEqual({ botId: expect.any(Number), username, webhookUrl, secretToken, replaced: false });
  const [set] = await fake.control.calls({ token, method: "setWebhook" });
  expect(set?.payload).toMatchObject({ url: webhookUrl, max_connections: 100, secret_token: printed.secretToken });
  const sql = connectDatabase(env.DATABASE_URL ?? "", { connections: 1 });
  const [row] = await sql`SELECT token_sealed FROM bot WHERE id = ${botId}`;
  await sql.end();
  expect(row?.token_sealed).toMatch(/^v1\./);
});

test.each([
  [["--tenant", "1", "--token", "hello"], 2, /^That is no bot token;/],
  [["--tenant", "999", "--token", token], 1, /^The bot @alice_bot is here already, as bot \d+ of tenant \d+\./],
  [["--tenant", "999", "--token", "987654321:AAFq-3xYz_0123456789abcdefghijklmno"], 1, /^There is no tenant 999;/],
])("bot add refuses %j with one sentence", async (args, exitCode, sentence) => {
  const { code, stdout, stderr } = await grimbots(["bot", "add", ...args]);
  expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
  expect(stderr).toMatch(sentence);
  expect(stderr.trimEnd().split("\n").length).toBe(1);
});

test("bot add gives a bot that is here a new token in place of the old one", async () => {
  const next = "123456789:AAFq-3xYz_a-new-token-from-BotFather-x";
  const args = ["bot", "add", "--tenant", String(tenantId), "--token"];
  expect(await grimbots([...args, next])).toMatchObject({
    ...{ code: 0, stderr: "" },
    stdout: expect.stringMatching(
      /^Bot \d+ \(@alice_bot\) has a new token in place of the old one; its updates go to http/,
    ),
  });
  expect((await result([...args, token])).printed).toMatchObject({ botId, replaced: true });
});

test("a token that Telegram refuses, and a Telegram that is away, are one sentence", async () => {
  const revoked = "55555555:AAFq-3xYz_0123456789abcdefghijklmno";
  await fake.control.bot({ token: revoked, revoked: true });
  const args = ["bot", "add", "--tenant", String(tenantId), "--token", revoked];
  expect(await grimbots(args)).toEqual({ code: 1, stdout: "", stderr: "Telegram answered 401: Unauthorized.\n" });
  const away = await grimbots(args, { TELEGRAM_API_ROOT: "http://127.0.0.1:1" });
  expect(away.stderr).toBe("Telegram could not be reached; check TELEGRAM_API_ROOT and the network.\n");
});

test("doctor: one line for each part, in the machine's language, and exit code 1 for what is wrong", async () => {
  const lines = async (more: Record<string, string>) => {
    const { code, stdout, stderr } = await grimbots(["doctor"], more);
    return { code, stderr, lines: stdout.trimEnd().split("\n") };
  };
  const [pt, en] = [await lines({}), await lines({ LANG: "en_US.UTF-8" })];
  expect(pt.lines[0]).toMatch(/^ok {3}version: grimbots \d/);
  expect(pt.lines.filter((line) => !/^(ok {2}|WARN|FAIL) \S.*: ./.test(line))).toEqual([]);
  const failed = [pt, en].map(({ lines }) => lines.filter((line) => line.startsWith("FAIL")));
  // Nobody answers at the made-up address; everything else is right.
  expect(failed[0]).toEqual([
    expect.stringMatching(/^FAIL PUBLIC_URL: .* não responde .* → Inicie o grimbots e confira/),
  ]);
  expect(failed[1]).toEqual([
    expect.stringMatching(/^FAIL PUBLIC_URL: .* does not answer .* → Start grimbots, and check/),
  ]);
  expect([pt.code, pt.stderr]).toEqual([1, `Conferências com falha: 1 de ${pt.lines.length}.\n`]);
  expect([en.code, en.stderr]).toEqual([1, `1 of ${en.lines.length} checks failed.\n`]);
  const wrong = await result(["doctor", "--lang", "en"], { SECRET_KEY: otherKey, REDIS_URL: "redis://127.0.0.1:1" });
  const names = wrong.printed.checks.filter(({ ok }: { ok: boolean }) => !ok).map(({ name }: { name: string }) => name);
  expect(names).toEqual(expect.arrayContaining(["redis", "sealed_secrets", `bot ${botId} @alice_bot`]));
  expect(Object.keys(wrong.printed.checks[0])).toEqual(["name", "ok", "level", "found", "remedy"]);
});

test("doctor with few open files allowed", async () => {
  const limited = ["sh", "-c", 'ulimit -n 512; exec "$0" doctor --json --lang en', programIn()];
  const child = Bun.spawn(limited, { env: { PATH: "/usr/bin:/bin" }, stdout: "pipe", stderr: "ignore" });
  const { checks } = JSON.parse(await new Response(child.stdout).text());
  expect(checks).toContainEqual({
    ...{ name: "file_limit", ok: false, level: "fail", found: "512 files and connections per process" },
    remedy: "Raise LimitNOFILE (ulimit -n) to 65536.",
  });
});

test("tenant set keeps the commission in basis points", async () => {
  const args = ["tenant", "set", "--commission", "2,5", "--tenant"];
  const { code, printed } = await result([...args, String(tenantId)]);
  expect([code, printed]).toEqual([0, { tenantId, commissionBasisPoints: 250 }]);
  const sql = connectDatabase(env.DATABASE_URL ?? "", { connections: 1 });
  const [row] = await sql`SELECT commission_basis_points FROM tenant WHERE id = ${tenantId}`;
  await sql.end();
  expect(row?.commission_basis_points).toBe(250);
  const { stderr } = await grimbots([...args, "999"]);
  expect(stderr).toBe("There is no tenant 999; `grimbots tenant add` makes one.\n");
});

test("bot webhook sets it again, and with another key it says what is wrong instead", async () => {
  const args = ["bot", "webhook", "--bot", String(botId)];
  const moved = { PUBLIC_URL: "https://elsewhere.example.com/" };
  const { code, printed } = await result(args, moved);
  expect([code, printed]).toEqual([0, { bots: [botId] }]);
  const calls = await fake.control.calls({ token, method: "setWebhook" });
  expect(calls.at(-1)?.payload.url).toBe(`https://elsewhere.example.com/webhook/telegram/${botId}`);
  expect(await grimbots(args, { SECRET_KEY: otherKey })).toEqual(wrongKey);
});

test("serve does not start with another key, because with it every message would be refused", async () => {
  expect(await grimbots(["serve"], { SECRET_KEY: otherKey })).toEqual(wrongKey);
});

test("a database of the future is refused", async () => {
  const sql = connectDatabase(env.DATABASE_URL ?? "", { connections: 1 });
  await sql`INSERT INTO schema_migration (version, name) VALUES (${schemaVersion + 1}, 'future')`;
  await sql.end();
  const sentence = `The database is at schema ${schemaVersion + 1}, this program knows only ${schemaVersion}: install the newer grimbots.\n`;
  for (const args of [["migrate"], ["serve"]])
    expect(await grimbots(args)).toEqual({ code: 1, stdout: "", stderr: sentence });
});
