// doctor on real services: everything in order, then one thing after the other broken, found, and told with its remedy. What cannot be
// broken at will is in doctor-judging.test.ts.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmod } from "node:fs/promises";
import { queueList } from "#queues/index.ts";
import type { AccountId, BotId } from "#src/kernel/ids.ts";
import { credentialsPlace } from "#src/payments/accounts.ts";
import { createTelegramApi } from "#src/telegram/api.ts";
import { registerWebhook, webhookUrl } from "#src/telegram/register.ts";
import { OPENING_MS, testKeyring, testSecretKey } from "../support/world.ts";
import { type Both, openStage, type Stage, token } from "./doctor-stage.ts";

setDefaultTimeout(60_000);

const otherKey = Buffer.alloc(32, 8).toString("base64");

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
}, OPENING_MS);
afterAll(() => stage[Symbol.asyncDispose](), OPENING_MS);

/** How much room the machine has that runs the tests is not their matter. */
const MACHINE = ["database_disk", "memory", "file_limit", "clock_ntp"];
const odd = (checks: Both[]) => checks.filter(({ name, level }) => level !== "ok" && !MACHINE.includes(name));

const EVERYTHING = [
  ...["SECRET_KEY", "alerts", "PUBLIC_URL", "permissions", "DATA_DIR", "database", "fsync", "full_page_writes"],
  ...["synchronous_commit", "schema", "clock_database", "redis", "redis_policy", "redis_aof", "redis_memory"],
  ...["redis_persistence", ...queueList.map(({ name }) => `queue_${name}`), "clock_telegram", "database_connections"],
  ...["database_disk", "sealed_secrets", "bot 1 @alice_bot", "gateway account 1 sandbox of tenant 1"],
];

test("everything in order: every part is looked at, and only an address for trying gets advice", async () => {
  const checks = await stage.look();
  expect(checks.map(({ name }) => name)).toEqual(expect.arrayContaining(EVERYTHING));
  expect(odd(checks).map(({ name, level }) => [name, level])).toEqual([["PUBLIC_URL", "warn"]]);
  for (const secret of [token.slice(10), testSecretKey, stage.merchantToken])
    expect(JSON.stringify(checks)).not.toContain(secret);
});

type Break = () => Promise<(() => Promise<unknown>) | undefined>;

const nothing: Break = async () => undefined;
const redisSet =
  (name: string, value: string, back: string): Break =>
  async () => {
    await stage.redis.config("SET", name, value);
    return () => stage.redis.config("SET", name, back);
  };
const row =
  (change: string, back: string): Break =>
  async () => {
    await stage.sql.unsafe(change);
    return () => stage.sql.unsafe(back);
  };
const webhook =
  (url: string): Break =>
  async () => {
    const { api } = createTelegramApi(token, stage.fake.url);
    await api.setWebhook(url, { allowed_updates: ["message"] });
    return () =>
      registerWebhook(
        createTelegramApi(token, stage.fake.url),
        webhookUrl(stage.env.PUBLIC_URL, 1 as BotId) ?? "",
        "secret",
      );
  };
const lazyCommits: Break = async () => {
  const database = new URL(stage.env.DATABASE_URL ?? "").pathname.slice(1);
  await stage.sql.unsafe(`ALTER DATABASE ${database} SET synchronous_commit = off`);
  return () => stage.sql.unsafe(`ALTER DATABASE ${database} RESET synchronous_commit`);
};
const looseKey: Break = async () => {
  await Bun.write(`${stage.folder}/key`, testSecretKey);
  await chmod(`${stage.folder}/key`, 0o644);
  return undefined;
};

/** What is wrong, how it comes, with which settings; the part that fails, and of its remedy a piece in each language. */
type Case = [string, Break, () => Record<string, string>, string, string, string];

const BREAKS: Case[] = [
  ["no DATABASE_URL", nothing, () => ({ DATABASE_URL: "" }), "DATABASE_URL", "Defina DATABASE_URL", "Set DATABASE_URL"],
  ["no REDIS_URL", nothing, () => ({ REDIS_URL: "" }), "REDIS_URL", "Defina REDIS_URL", "Set REDIS_URL"],
  ["no key", nothing, () => ({ SECRET_KEY: "" }), "SECRET_KEY", "Defina SECRET_KEY", "Set SECRET_KEY"],
  ["half a key", nothing, () => ({ SECRET_KEY: "aGk=" }), "SECRET_KEY", "Defina SECRET_KEY", "Set SECRET_KEY"],
  ["another key", nothing, () => ({ SECRET_KEY: otherKey }), "sealed_secrets", "Acrescente a chave", "Add the old key"],
  ["a port that is none", nothing, () => ({ PORT: "http" }), "PORT", "Corrija PORT", "Correct PORT"],
  ["two places for one", nothing, () => ({ PORT: "1", PORT_FILE: "/x" }), "PORT", "Corrija PORT", "Correct PORT"],
  [
    "a strange split",
    nothing,
    () => ({ COMMISSION_RECIPIENTS: "nowhere=1" }),
    "COMMISSION_RECIPIENTS",
    "use só",
    "Name only",
  ],
  [
    "e-mail, no server",
    nothing,
    () => ({ ALERT_EMAIL: "ops@example.com" }),
    "alerts",
    "Defina SMTP_URL",
    "Set SMTP_URL",
  ],
  [
    "a public address that is away",
    nothing,
    () => ({ PUBLIC_URL: "https://bots.invalid" }),
    "PUBLIC_URL",
    "DNS",
    "DNS",
  ],
  [
    "a folder that is a file",
    nothing,
    () => ({ DATA_DIR: "/proc/version/x" }),
    "DATA_DIR",
    "Crie a pasta",
    "Create the folder",
  ],
  [
    "a key that all can read",
    looseKey,
    () => ({ SECRET_KEY: "", SECRET_KEY_FILE: `${stage.folder}/key` }),
    "permissions",
    "chmod 600",
    "chmod 600",
  ],
  [
    "PostgreSQL away",
    nothing,
    () => ({ DATABASE_URL: "postgres://127.0.0.1:1/x" }),
    "database",
    "Inicie o Postgre",
    "Start Postgre",
  ],
  [
    ...(["commits off", lazyCommits, () => ({}), "synchronous_commit"] as const),
    ...(["synchronous_commit = on", "synchronous_commit = on"] as const),
  ],
  [
    ...([
      "a newer schema",
      row(
        "INSERT INTO schema_migration (version, name) VALUES (999, 'x')",
        "DELETE FROM schema_migration WHERE version = 999",
      ),
    ] as const),
    ...([() => ({}), "schema", "Instale o grimbots mais novo", "Install the newer grimbots"] as const),
  ],
  ["Redis away", nothing, () => ({ REDIS_URL: "redis://127.0.0.1:1" }), "redis", "Inicie o Redis", "Start Redis"],
  [
    "Redis forgets",
    redisSet("maxmemory-policy", "allkeys-lru", "noeviction"),
    () => ({}),
    "redis_policy",
    "noeviction",
    "noeviction",
  ],
  [
    "Redis is full",
    redisSet("maxmemory", "1200000", "0"),
    () => ({}),
    "redis_memory",
    "Aumente maxmemory",
    "Raise maxmemory",
  ],
  [
    "Telegram away",
    nothing,
    () => ({ TELEGRAM_API_ROOT: "http://127.0.0.1:1" }),
    "clock_telegram",
    "Confira a rede",
    "Check the network",
  ],
  [
    "a stolen webhook",
    webhook("https://evil.example.com/x"),
    () => ({}),
    "bot 1 @alice_bot",
    "alguém mais tem",
    "somebody else has",
  ],
  [
    ...([
      "a revoked token",
      row("UPDATE bot SET status = 'token_revoked'", "UPDATE bot SET status = 'active'"),
    ] as const),
    ...([() => ({}), "bot 1 @alice_bot", "Pegue um token novo", "Get a new token"] as const),
  ],
  [
    ...([
      "a gateway of tomorrow",
      row("UPDATE gateway_account SET gateway = 'tomorrow'", "UPDATE gateway_account SET gateway = 'sandbox'"),
    ] as const),
    ...([() => ({}), "gateway account 1 tomorrow of tenant 1", "Instale o grimbots", "Install the newer"] as const),
  ],
];

test.each(BREAKS)("%s: found, and said in both languages what to do", async (_, breaks, more, name, pt, en) => {
  const mend = await breaks();
  try {
    const failed = (await stage.look(more())).find((check) => check.name === name);
    expect(failed?.pt).toMatchObject({ ok: false, level: "fail", remedy: expect.stringContaining(pt) });
    expect(failed?.en).toMatchObject({ ok: false, level: "fail", remedy: expect.stringContaining(en) });
  } finally {
    await mend?.();
  }
});

test.each([
  ["nobody to tell", () => ({ ALERT_TELEGRAM: "" }), nothing, "alerts", "Defina ALERT_TELEGRAM", "Set ALERT_TELEGRAM"],
  ["no public address", () => ({ PUBLIC_URL: "" }), nothing, "PUBLIC_URL", "use --poll", "use --poll"],
  ["a talkative log", () => ({ LOG_LEVEL: "trace" }), nothing, "LOG_LEVEL", "Volte LOG_LEVEL", "Set LOG_LEVEL"],
  ["no AOF", () => ({}), redisSet("appendonly", "no", "yes"), "redis_aof", "Defina appendonly", "Set appendonly"],
] as const)("%s is advice, not a failure", async (_, more, breaks, name, pt, en) => {
  const mend = await breaks();
  const check = (await stage.look(more())).find((one) => one.name === name);
  await mend?.();
  expect(check?.pt).toMatchObject({ ok: true, level: "warn", remedy: expect.stringContaining(pt) });
  expect(check?.en).toMatchObject({ ok: true, level: "warn", remedy: expect.stringContaining(en) });
});

test("a gateway that is away, and one that refuses its credentials", async () => {
  const name = "gateway account 1 sandbox of tenant 1";
  const failed = async () => (await stage.look()).find((check) => check.name === name)?.en;
  await stage.sql`UPDATE gateway_account SET credentials_sealed = ${seal({ token: "wrong-token-of-nobody", noticeSecret: "x".repeat(32), baseUrl: stage.sandbox.url })}`;
  expect(await failed()).toMatchObject({
    level: "fail",
    remedy: expect.stringContaining("gateway add --tenant 1 --kind sandbox"),
  });
  await stage.sql`UPDATE gateway_account SET credentials_sealed = ${seal({ token: stage.merchantToken, noticeSecret: "x".repeat(32), baseUrl: "http://127.0.0.1:1" })}`;
  expect(await failed()).toMatchObject({ level: "fail", remedy: expect.stringContaining("status page") });
});

const seal = (credentials: object) => testKeyring.seal(JSON.stringify(credentials), credentialsPlace(1 as AccountId));

test("queues without anybody behind them; and no process at all is advice", async () => {
  await stage.serveOnly(["tasks"]);
  const partly = odd(await stage.look()).filter(({ name }) => name.startsWith("queue_"));
  expect(partly.map(({ name }) => name)).toEqual(["queue_webhook", "queue_gateway", "queue_clock"]);
  expect(partly[0]?.pt.remedy).toContain("grimbots-worker@webhook");
  expect(partly[0]?.en.remedy).toContain("grimbots-worker@webhook");
  await stage.serveOnly(undefined);
  await stage.sql`DELETE FROM process`;
  expect((await stage.look()).find(({ name }) => name === "workers")).toMatchObject({ level: "warn" });
});
