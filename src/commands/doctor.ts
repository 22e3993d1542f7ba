// grimbots doctor: one line for each thing that must be right, with the remedy when it is not.

import { Redis } from "ioredis";
import { connectDatabase, type Database } from "#db/connect.ts";
import { readSchemaVersion, schemaVersion } from "#db/migrate.ts";
import { type Config, openKeyring, readConfig } from "../kernel/config.ts";
import { CommandError, reasonOf } from "../kernel/errors.ts";
import type { BotId } from "../kernel/ids.ts";
import { redactTokens } from "../kernel/log.ts";
import { createTelegramApi, sentenceOf } from "../telegram/api.ts";
import { tokenPlace } from "../telegram/bots.ts";
import { webhookUrl } from "../telegram/register.ts";
import { checkCommissions, checkGateways } from "./check-gateways.ts";
import type { Command } from "./command.ts";

export type Check = { name: string; ok: boolean; found: string; remedy?: string };

const CLOCK_SKEW_MS = 2_000;
const MIN_POSTGRES = 150_000;

export const doctor: Command = {
  words: "doctor",
  summary:
    "checks configuration, database, Redis, clock, every bot's webhook and every gateway account; says what to do.",
  flags: [],
  async run(_flags, print) {
    const config = readConfig();
    const settings = [checkKey(config), ...checkCommissions(config)];
    const checks = [...settings, ...(await checkDatabase(config)), await checkRedis(config)];
    const failed = checks.filter((check) => !check.ok);
    const lines = checks.map(
      (check) =>
        `${check.ok ? "ok  " : "FAIL"} ${check.name}: ${check.found}${check.remedy ? ` → ${check.remedy}` : ""}`,
    );
    print({ ok: failed.length === 0, checks }, lines.join("\n"));
    if (failed.length > 0) throw new CommandError(`${failed.length} of ${checks.length} checks failed.`);
  },
};

function checkKey(config: Config): Check {
  try {
    openKeyring(config.secretKey);
    return { name: "SECRET_KEY", ok: true, found: "is set" };
  } catch (error) {
    return { name: "SECRET_KEY", ok: false, found: "not usable", remedy: reasonOf(error) };
  }
}

async function checkDatabase(config: Config): Promise<Check[]> {
  if (!config.databaseUrl)
    return [{ name: "DATABASE_URL", ok: false, found: "not set", remedy: "Set it to the address of PostgreSQL." }];
  const sql = connectDatabase(config.databaseUrl, { connections: 2 });
  try {
    const checks = await checkServer(sql);
    const isCurrent = checks.every((check) => check.ok);
    return isCurrent ? [...checks, ...(await checkBots(sql, config)), ...(await checkGateways(sql, config))] : checks;
  } catch (error) {
    return [
      {
        name: "database",
        ok: false,
        found: redactTokens(reasonOf(error)),
        remedy: "Start PostgreSQL, or correct DATABASE_URL.",
      },
    ];
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function checkServer(sql: Database): Promise<Check[]> {
  const [server] = await sql<{ version: number; now: Date; fsync: string; connections: number }[]>`
    SELECT current_setting('server_version_num')::int AS version, clock_timestamp() AS now, current_setting('fsync') AS fsync,
      current_setting('max_connections')::int AS connections`;
  const skewMs = Math.abs(Date.now() - (server?.now.getTime() ?? 0));
  const schema = await readSchemaVersion(sql);
  const check = (name: string, ok: boolean, found: string, remedy: string): Check => ({
    name,
    ok,
    found,
    ...(ok ? {} : { remedy }),
  });
  return [
    check(
      "database",
      (server?.version ?? 0) >= MIN_POSTGRES,
      `PostgreSQL ${Math.floor((server?.version ?? 0) / 10_000)}`,
      "Use PostgreSQL 15 or newer.",
    ),
    check(
      "schema",
      schema === schemaVersion,
      `${schema}, needed ${schemaVersion}`,
      schema < schemaVersion ? "Run `grimbots migrate`." : "Install the newer grimbots.",
    ),
    check(
      "fsync",
      server?.fsync === "on",
      server?.fsync ?? "unknown",
      "Set fsync = on in postgresql.conf: without it a power cut loses sales.",
    ),
    check("clock", skewMs < CLOCK_SKEW_MS, `${skewMs} ms from the database's`, "Let NTP set both clocks."),
  ];
}

async function checkRedis(config: Config): Promise<Check> {
  const name = "redis";
  if (!config.redisUrl)
    return { name: "REDIS_URL", ok: false, found: "not set", remedy: "Set it to the address of Redis." };
  const redis = new Redis(config.redisUrl, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  // The rejected connect says the same.
  redis.on("error", () => undefined);
  try {
    await redis.connect();
    const [, policy = "unknown"] = (await redis.config("GET", "maxmemory-policy")) as string[];
    if (policy === "noeviction") return { name, ok: true, found: `maxmemory-policy ${policy}` };
    return {
      name,
      ok: false,
      found: `maxmemory-policy ${policy}`,
      remedy: "Set maxmemory-policy noeviction: Redis may not forget jobs.",
    };
  } catch (error) {
    return { name, ok: false, found: reasonOf(error), remedy: "Start Redis, or correct REDIS_URL." };
  } finally {
    redis.disconnect();
  }
}

type BotRow = { id: BotId; username: string; status: string; token_sealed: string };

const BOTS_AT_ONCE = 20;

async function checkBots(sql: Database, config: Config): Promise<Check[]> {
  const bots = await sql<BotRow[]>`SELECT id, username, status, token_sealed FROM bot ORDER BY id`;
  const checks: Check[] = [];
  for (let from = 0; from < bots.length; from += BOTS_AT_ONCE)
    checks.push(...(await Promise.all(bots.slice(from, from + BOTS_AT_ONCE).map((bot) => checkBot(bot, config)))));
  return checks;
}

async function checkBot(bot: BotRow, config: Config): Promise<Check> {
  const name = `bot ${bot.id} @${bot.username}`;
  if (bot.status === "token_revoked")
    return {
      name,
      ok: false,
      found: "its token is revoked",
      remedy: "Get a new token from @BotFather and add the bot again.",
    };
  try {
    const { api } = createTelegramApi(
      openKeyring(config.secretKey).open(bot.token_sealed, tokenPlace(bot.id)),
      config.telegramApiRoot,
    );
    const info = await api.getWebhookInfo();
    const ours = webhookUrl(config.publicUrl, bot.id);
    const found = `${info.url ? `webhook ${info.url}` : "no webhook"}, ${info.pending_update_count} waiting${info.last_error_message ? `, last error: ${info.last_error_message}` : ""}`;
    if (ours === undefined || info.url === ours) return { name, ok: true, found };
    return {
      name,
      ok: false,
      found,
      remedy: `Its webhook should be ${ours}: run \`grimbots bot webhook --bot ${bot.id}\`; if it changes again, somebody else has the token.`,
    };
  } catch (error) {
    return {
      name,
      ok: false,
      found: sentenceOf(error),
      remedy: "Check the token with @BotFather, SECRET_KEY and TELEGRAM_API_ROOT.",
    };
  }
}
