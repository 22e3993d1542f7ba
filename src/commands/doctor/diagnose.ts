// All that doctor looks at, beside each other as far as possible; what hangs together comes together.

import { connectDatabase, type Database } from "#db/connect.ts";
import type { Config } from "../../kernel/config.ts";
import { within } from "../../kernel/within.ts";
import { checkBots } from "./bots.ts";
import { checkConnections, checkDisk, checkSealed, checkServer, countLive } from "./database.ts";
import { type Finding, LOOK_MS, lookWithin } from "./finding.ts";
import { checkGateways } from "./gateways.ts";
import { checkDataDir, checkMachine, checkNtp, checkPermissions, checkRuntime } from "./machine.ts";
import { checkPublicUrl, checkTelegramClock } from "./reach.ts";
import { checkRedis } from "./redis.ts";
import { checkSettings, type Env, examineSettings } from "./settings.ts";

/** `withinMs`: bots, and beside them gateway accounts, are looked at for so long. */
export async function diagnose(env: Env, withinMs: number): Promise<Finding[]> {
  const examined = examineSettings(env);
  const { config, files } = examined;
  const stored = checkStored(config, withinMs);
  const live = stored.then(({ live }) => live);
  const groups = await Promise.all([
    lookWithin("settings", () => checkSettings(examined)),
    lookWithin("PUBLIC_URL", () => checkPublicUrl(config), "url_check"),
    lookWithin("permissions", () => checkPermissions(files)),
    lookWithin("DATA_DIR", () => checkDataDir(config)),
    lookWithin("runtime", () => checkRuntime(config)),
    lookWithin("machine", checkMachine),
    stored.then(({ server }) => server),
    redisOf(config, live),
    lookWithin("clock_telegram", () => checkTelegramClock(config), "telegram_network"),
    lookWithin("clock_ntp", checkNtp),
    stored.then(({ rest }) => rest),
  ]);
  return groups.flat();
}

function redisOf({ redisUrl }: Config, live: Promise<number | undefined>): Promise<Finding[]> {
  if (redisUrl === undefined) return Promise.resolve([]);
  return lookWithin("redis", () => checkRedis(redisUrl, live), "redis_start", LOOK_AT_BOTH_MS);
}

/** Redis is asked about workers once PostgreSQL has said whether anybody runs, which may take it as long as any look. */
const LOOK_AT_BOTH_MS = 8_000;

type Stored = { server: Finding[]; rest: Promise<Finding[]>; live: number | undefined };

/** The server first; what is kept in it is looked at only if it is there and of the right schema. */
async function checkStored(config: Config, withinMs: number): Promise<Stored> {
  const none = { server: [], rest: Promise.resolve([]), live: undefined };
  if (config.databaseUrl === undefined) return none;
  const sql = connectDatabase(config.databaseUrl, { connections: 4, name: "grimbots doctor" });
  const server = await lookWithin("database", () => checkServer(sql), "database_start");
  if (!server.some(({ name, level }) => name === "schema" && level === "ok")) {
    await sql.end({ timeout: 0 });
    return { ...none, server };
  }
  const live = await within(LOOK_MS, countLive(sql), () => new Error("no answer")).catch(() => undefined);
  return { server, live, rest: checkKept(sql, config, { live, withinMs }).finally(() => sql.end({ timeout: 0 })) };
}

async function checkKept(
  sql: Database,
  config: Config,
  { live = 0, withinMs }: { live: number | undefined; withinMs: number },
): Promise<Finding[]> {
  const groups = await Promise.all([
    lookWithin("database_connections", () => checkConnections(sql, live)),
    lookWithin("database_disk", () => checkDisk(sql, config.databaseUrl ?? "")),
    ...(config.secretKey === undefined
      ? []
      : [lookWithin("sealed_secrets", () => checkSealed(sql, config.secretKey), "set_key", COUNT_MS)]),
    lookWithin("bots", () => checkBots(sql, config, withinMs), "look_again", withinMs + SPARE_MS),
    lookWithin("gateways", () => checkGateways(sql, config, withinMs), "look_again", withinMs + SPARE_MS),
  ]);
  return groups.flat();
}

/** All that is kept sealed is counted, with millions of customers and deliveries; bots and gateways are looked at meanwhile. */
const COUNT_MS = 10_000;

/** What is under way when the time is over may end. */
const SPARE_MS = 20_000;
