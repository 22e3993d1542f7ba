// grimbots serve

import { writeFileSync } from "node:fs";
import path from "node:path";
import { connectDatabase } from "#db/connect.ts";
import { checkSchema, migrate } from "#db/migrate.ts";
import { type QueueName, queueList } from "#queues/index.ts";
import { allQueues, openApp } from "../app.ts";
import { openEmbedded } from "../embedded/open-embedded.ts";
import { openHttp } from "../http/index.ts";
import { allowHttpRequests, type Config, openKeyring, readConfig } from "../kernel/config.ts";
import { CommandError, PermanentError, reasonOf } from "../kernel/errors.ts";
import type { BotId } from "../kernel/ids.ts";
import { askedToEnd, closeWithin, parentGone } from "../kernel/life.ts";
import { limits } from "../kernel/limits.ts";
import { type Log, openLog } from "../kernel/log.ts";
import type { Keyring } from "../kernel/secret.ts";
import { tokenPlace } from "../telegram/bots.ts";
import { startPolling } from "../telegram/poll.ts";
import type { Command, Flags } from "./command.ts";
import { supervise } from "./supervise.ts";

export const serve: Command = {
  words: "serve",
  summary: "answers Telegram and works on the queues, until SIGTERM.",
  flags: [
    {
      name: "workers",
      value: "LIST",
      means: "Queues to work on: all, none, or some of tasks,gateway,webhook,clock. Default: all.",
    },
    { name: "no-http", means: "Do not listen; only work on the queues." },
    { name: "processes", value: "N|auto", means: "Processes that share the port; auto = one per core. Default: 1." },
    { name: "poll", means: "Fetch the bots' updates by long polling instead of receiving them by webhook." },
    { name: "embedded", means: "Run a private PostgreSQL and Redis under DATA_DIR, stopped on exit." },
    { name: "share", value: "N", means: "Set by --processes on its children: how many share the bots' rates." },
    { name: "migrate", means: "Bring the database up to date first (always done with --embedded)." },
  ],
  async run(flags, _print) {
    allowHttpRequests(limits.httpRequests);
    const config = readConfig();
    const log = openLog(config.logLevel, 1);
    const workers = readWorkers(flags.text("workers") ?? "all");
    const processes = readProcesses(flags.text("processes") ?? "1");
    const ending = askedToEnd();
    await using services = flags.has("embedded") ? await openServices(config, log) : undefined;
    const served = needServices(services ? { ...config, ...services.addresses } : config);
    const keyring = openKeyring(config.secretKey, flags.has("embedded") ? config.dataDir : undefined);
    await prepareDatabase(served.databaseUrl, { keyring, mayMigrate: flags.has("migrate") || flags.has("embedded") });
    // Awaited here: the services end when this function does.
    if (processes > 1) await supervise({ config: served, processes, args: childFlags(flags), log, ending });
    else await serveAlone({ config: served, keyring, log, ending, workers, flags });
  },
};

type Served = Config & { databaseUrl: string; redisUrl: string };
type Alone = {
  config: Served;
  keyring: Keyring;
  log: Log;
  ending: Promise<string>;
  workers: QueueName[];
  flags: Flags;
};

async function serveAlone({ config, keyring, log, ending, workers, flags }: Alone): Promise<void> {
  const processes = readProcesses(flags.text("share") ?? "1");
  await using app = await openApp({ config, keyring, log, workers, processes });
  const polling = flags.has("poll") ? await startPolling(app) : undefined;
  const http = flags.has("no-http") ? undefined : openHttp(app, { ...config, isShared: processes > 1 });
  log.info({ fact: "serving", url: http?.url, workers, poll: polling !== undefined }, "serving");
  const signal = await (flags.has("share") ? Promise.race([ending, parentGone()]) : ending);
  log.info({ fact: "ending", signal }, "ending: no more is taken in, what is under way ends");
  if (http) await closeWithin("http", 2_000, log, http.stop);
  if (polling) await closeWithin("polling", 2_000, log, polling.stop);
}

async function openServices(config: Config, log: Log) {
  const services = await openEmbedded({
    dataDir: config.dataDir,
    log: (line) => log.info({ fact: "embedded" }, line),
  });
  const databaseUrl = withSocket(services.databaseUrl, services.databaseSocket);
  writeSettings(config, { DATABASE_URL: databaseUrl, REDIS_URL: services.redisUrl });
  return {
    addresses: { databaseUrl, redisUrl: services.redisUrl },
    [Symbol.asyncDispose]: () => services[Symbol.asyncDispose](),
  };
}

/** What the other commands need to reach these services, as a file that only its owner reads: it holds passwords. */
function writeSettings(config: Config, addresses: Record<string, string>): void {
  const key = config.secretKey === undefined ? { SECRET_KEY_FILE: path.join(config.dataDir, "secret.key") } : {};
  const lines = Object.entries({ ...addresses, ...key }).map(([name, value]) => `${name}='${value}'\n`);
  writeFileSync(path.join(config.dataDir, "embedded.env"), lines.join(""), { mode: 0o600 });
}

/** The address by which a process reaches the embedded PostgreSQL fastest. */
export function withSocket(url: string, socket: string | undefined): string {
  const address = new URL(url);
  if (socket) address.searchParams.set("socket", socket);
  return address.href;
}

function needServices(config: Config): Served {
  const { databaseUrl, redisUrl } = config;
  if (!databaseUrl || !redisUrl) throw new CommandError("Set DATABASE_URL and REDIS_URL, or use --embedded.", 2);
  return { ...config, databaseUrl, redisUrl };
}

/** The schema is the one this program needs, and the key opens what is kept: with another one every message would be refused for good. */
async function prepareDatabase(url: string, options: { keyring: Keyring; mayMigrate: boolean }): Promise<void> {
  const sql = connectDatabase(url, { connections: 1 });
  try {
    if (options.mayMigrate) await migrate(sql);
    else await checkSchema(sql);
    const [bot] = await sql<{ id: BotId; sealed: string }[]>`
      SELECT id, token_sealed AS sealed FROM bot ORDER BY id DESC LIMIT 1`;
    if (bot) options.keyring.open(bot.sealed, tokenPlace(bot.id));
  } catch (error) {
    if (error instanceof CommandError || error instanceof PermanentError) throw error;
    throw new CommandError(
      `PostgreSQL does not answer at DATABASE_URL (${reasonOf(error)}); \`grimbots doctor\` says more.`,
    );
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function readWorkers(text: string): QueueName[] {
  if (text === "all") return [...allQueues];
  if (text === "none") return [];
  const names = text.split(",");
  const known = queueList.map((queue) => queue.name);
  for (const name of names)
    if (!known.some((one) => one === name))
      throw new CommandError(`--workers takes all, none, or some of ${known.join(",")}; not "${name}".`, 2);
  return known.filter((name) => names.includes(name));
}

function readProcesses(text: string): number {
  const processes = text === "auto" ? navigator.hardwareConcurrency : Number(text);
  if (!Number.isInteger(processes) || processes < 1 || processes > 64)
    throw new CommandError("--processes takes a number from 1 to 64, or auto.", 2);
  return processes;
}

/** The flags that each child gets, too; the first child alone polls. */
function childFlags(flags: Flags): { all: string[]; first: string[] } {
  const workers = flags.text("workers");
  return {
    all: [...(workers ? ["--workers", workers] : []), ...(flags.has("no-http") ? ["--no-http"] : [])],
    first: flags.has("poll") ? ["--poll"] : [],
  };
}
