// Settings: read from the environment or from files, checked, and refused with one sentence that repeats no secret.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openKeyring, readConfig, readLogLevel } from "#src/kernel/config.ts";
import { CommandError } from "#src/kernel/errors.ts";
import { environmentOf } from "#src/kernel/own-process.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "grimbots-config-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("an empty environment gives the defaults, and nothing that was not set", () => {
  expect(readConfig({})).toEqual({
    databaseUrl: undefined,
    redisUrl: undefined,
    host: "127.0.0.1",
    port: 8080,
    publicUrl: undefined,
    secretKey: undefined,
    trustedProxies: expect.any(Object),
    telegramApiRoot: "https://api.telegram.org",
    commissionRecipients: {},
    dataDir: path.resolve("data"),
    logLevel: "info",
    metricsToken: undefined,
    alertChats: [],
    alertEmails: [],
    smtpUrl: undefined,
  });
});

test("what is set is read; slashes at the end of addresses and white space around values do not count", () => {
  const config = readConfig({
    DATABASE_URL: "postgres://alice:hunter2@db/grimbots",
    REDIS_URL: " redis://cache:6379/2 ",
    HOST: "0.0.0.0",
    PORT: "0",
    PUBLIC_URL: "https://bots.example.com//",
    TELEGRAM_API_ROOT: "http://127.0.0.1:8081/",
    LOG_LEVEL: "debug",
    METRICS_TOKEN: "",
  });
  expect(config).toMatchObject({
    databaseUrl: "postgres://alice:hunter2@db/grimbots",
    redisUrl: "redis://cache:6379/2",
    host: "0.0.0.0",
    port: 0,
    publicUrl: "https://bots.example.com",
    telegramApiRoot: "http://127.0.0.1:8081",
    logLevel: "debug",
    metricsToken: undefined,
  });
});

test.each([
  [{ PORT: "65536" }, "PORT must be a number from 0 to 65535."],
  [{ PORT: "80a" }, "PORT must be a number from 0 to 65535."],
  [{ PORT: "-1" }, "PORT must be a number from 0 to 65535."],
  [{ LOG_LEVEL: "loud" }, "LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent."],
  [{ DATABASE_URL: "mysql://alice:hunter2@db/x" }, "DATABASE_URL must be an address that starts with postgres:// or"],
  [{ DATABASE_URL: "hunter2" }, "DATABASE_URL must be an address that starts with postgres:// or postgresql://."],
  [
    { REDIS_URL: "http://:hunter2@cache" },
    "REDIS_URL must be an address that starts with redis:// or rediss:// or unix://.",
  ],
  [{ PUBLIC_URL: "bots.example.com" }, "PUBLIC_URL must be an address that starts with https:// or http://."],
  [{ TELEGRAM_API_ROOT: "ftp://x" }, "TELEGRAM_API_ROOT must be an address that starts with https:// or http://."],
  [{ SECRET_KEY: "hunter2", SECRET_KEY_FILE: "/x" }, "Set SECRET_KEY or SECRET_KEY_FILE, not both."],
  [
    { SECRET_KEY_FILE: "/no/such/file" },
    "SECRET_KEY_FILE must name a file that exists and that this program may read.",
  ],
  [{ SECRET_KEY_FILE: "/" }, "SECRET_KEY_FILE must name a file that exists and that this program may read."],
])("%j is refused", (env, sentence) => {
  const refused = () => readConfig(env);
  expect(refused).toThrow(CommandError);
  expect(refused).toThrow(sentence);
  expect(refused).not.toThrow(/hunter2/);
});

test("every setting can stand in a file, whose last newline does not count", async () => {
  const file = path.join(folder, "database-url");
  await writeFile(file, "postgres://alice:hunter2@db/grimbots\n");
  expect(readConfig({ DATABASE_URL_FILE: file }).databaseUrl).toBe("postgres://alice:hunter2@db/grimbots");
  expect(readConfig({ DATABASE_URL_FILE: file, DATABASE_URL: "" }).databaseUrl).toContain("hunter2");
});

test("a credential of a service manager counts where nothing else is set", async () => {
  await writeFile(path.join(folder, "database_url"), "postgres://alice:hunter2@db/credential\n");
  // What was never set arrives as an empty one.
  await writeFile(path.join(folder, "metrics_token"), "\n");
  const env = { CREDENTIALS_DIRECTORY: folder };
  expect(readConfig(env)).toMatchObject({
    databaseUrl: "postgres://alice:hunter2@db/credential",
    metricsToken: undefined,
  });
  expect(readConfig({ ...env, DATABASE_URL: "postgres://db/other" }).databaseUrl).toBe("postgres://db/other");
  await writeFile(path.join(folder, "other"), "postgres://db/file");
  expect(readConfig({ ...env, DATABASE_URL_FILE: path.join(folder, "other") }).databaseUrl).toBe("postgres://db/file");
});

test("the level of the log is read again from its file, and from nothing else", async () => {
  const file = path.join(folder, "log_level");
  await writeFile(file, "debug\n");
  expect(readLogLevel({ LOG_LEVEL_FILE: file })).toBe("debug");
  await writeFile(file, "loud\n");
  expect(() => readLogLevel({ LOG_LEVEL_FILE: file })).toThrow("LOG_LEVEL must be one of");
  expect(() => readLogLevel({ LOG_LEVEL: "debug" })).toThrow("LOG_LEVEL_FILE is not set");
});

const base64 = (fill: number, length = 32) => Buffer.alloc(length, fill).toString("base64");

test("SECRET_KEY: several keys, newest first", () => {
  const sealed = openKeyring(base64(1)).seal("secret", "here");
  expect(openKeyring(`${base64(2)}, ${base64(1)}`).open(sealed, "here")).toBe("secret");
  const renewed = openKeyring(`${base64(2)},${base64(1)}`).seal("secret", "here");
  expect(openKeyring(base64(2)).open(renewed, "here")).toBe("secret");
});

test.each([undefined, "", "short", base64(1, 31), base64(1, 33), `${base64(1)},`])(
  "SECRET_KEY %p is refused",
  (text) => {
    const refused = () => openKeyring(text);
    expect(refused).toThrow(CommandError);
    expect(refused).toThrow(/32 (random )?bytes in base64/);
  },
);

test("for the embedded services a key is made once, for nobody else's eyes, and found again", async () => {
  const dataDir = path.join(folder, "data");
  const sealed = openKeyring(undefined, dataDir).seal("secret", "here");
  expect(openKeyring(undefined, dataDir).open(sealed, "here")).toBe("secret");
  const file = path.join(dataDir, "secret.key");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(Buffer.from(await readFile(file, "utf8"), "base64").length).toBe(32);
});

test("a child gets what was found out, and the made key by its file, never as a value", () => {
  const dataDir = path.join(folder, "data");
  const env = environmentOf(readConfig({ DATA_DIR: dataDir }), { PORT: "8080", DATABASE_URL: "postgres://x/y" });
  expect(env).toMatchObject({ PORT: "8080", DATABASE_URL: "postgres://x/y" });
  expect(env.SECRET_KEY_FILE).toBe(path.join(dataDir, "secret.key"));
  const given = environmentOf(readConfig({ SECRET_KEY: base64(1) }), {});
  expect(given.SECRET_KEY_FILE).toBeUndefined();
});

test("the operator's addresses: chats with their bot, e-mail only with a server", () => {
  const token = "123456789:AAFq-3xYz_0123456789abcdefghijklmno";
  const config = readConfig({
    ALERT_TELEGRAM: `${token}@42, ${token}@-1001234567890`,
    ALERT_EMAIL: "alice@example.com, bob@example.com",
    SMTP_URL: "smtp://user:hunter2@mail.example.com:587",
  });
  expect(config.alertChats).toEqual([
    { token, chatId: 42 },
    { token, chatId: -1_001_234_567_890 },
  ]);
  expect(config.alertEmails).toEqual(["alice@example.com", "bob@example.com"]);
  for (const env of [
    { ALERT_TELEGRAM: token },
    { ALERT_TELEGRAM: `${token}@alice` },
    { ALERT_EMAIL: "alice", SMTP_URL: "smtp://localhost" },
    { ALERT_EMAIL: "alice@example.com" },
    { SMTP_URL: "http://localhost" },
  ])
    expect(() => readConfig(env)).toThrow(CommandError);
});
