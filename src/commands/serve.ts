// grimbots serve

import { writeFileSync } from "node:fs";
import path from "node:path";
import { isatty } from "node:tty";
import { connectDatabase } from "#db/connect.ts";
import { checkSchema, migrate } from "#db/migrate.ts";
import { type QueueName, queueList } from "#queues/index.ts";
import { allQueues } from "../app.ts";
import { openEmbedded } from "../embedded/open-embedded.ts";
import { type Config, openKeyring, readConfig } from "../kernel/config.ts";
import { CommandError, PermanentError, reasonOf } from "../kernel/errors.ts";
import type { BotId } from "../kernel/ids.ts";
import { askedByParent, askedToEnd, sayAlive } from "../kernel/life.ts";
import { limits } from "../kernel/limits.ts";
import { type Log, openLog } from "../kernel/log.ts";
import { allowHttpRequests, type Managed, readManaged } from "../kernel/own-process.ts";
import type { Keyring } from "../kernel/secret.ts";
import { openSystemd } from "../kernel/systemd.ts";
import { tokenPlace } from "../telegram/bots.ts";
import type { Command, Flags } from "./command.ts";
import { handedOver } from "./hand-over.ts";
import { openListener } from "./listener.ts";
import { rereadLogLevel } from "./log-level.ts";
import { serveAlone } from "./serve-alone.ts";
import { serveTogether } from "./serve-together.ts";

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
    { name: "polled", means: "Set by --processes on its children: one of them fetches the updates." },
    { name: "migrate", means: "Bring the database up to date first (always done with --embedded)." },
  ],
  async run(flags, _print) {
    const managed = readManaged();
    const role = readRole(flags, managed);
    const workers = readWorkers(flags.text("workers") ?? "all");
    if (!role.supervises) allowHttpRequests();
    const config = readConfig();
    const log = openLog(config.logLevel, 1);
    const systemd = openSystemd(managed, log);
    sayAlive(limits.childBeatMs);
    // Who leaves the terminal at which he started it ends it, too.
    const isAtTerminal = isatty(0);
    let rereadChildren = () => {};
    if (!isAtTerminal) rereadLogLevel(log, () => rereadChildren());
    const listenFd =
      role.supervises && role.hasHttp ? await openListener(config, managed, systemd) : managed.listener?.fd;
    const asked = askedToEnd(isAtTerminal ? ["SIGTERM", "SIGINT", "SIGHUP"] : ["SIGTERM", "SIGINT"]);
    const ending = Promise.race([
      asked,
      role.isChild ? askedByParent() : handedOver({ log, systemd, listenFd, obstacle: obstacleOf(flags, managed) }),
    ]);
    await using services = flags.has("embedded") ? await openServices(config, log) : undefined;
    const served = needServices(services ? { ...config, ...services.addresses } : config);
    const keyring = openKeyring(config.secretKey, flags.has("embedded") ? config.dataDir : undefined);
    await prepareDatabase(served.databaseUrl, { keyring, mayMigrate: flags.has("migrate") || flags.has("embedded") });
    const part = { ...role, config: served, log, systemd, ending, asked, listenFd };
    // Awaited here: the services end when this function does.
    if (role.supervises) {
      const together = serveTogether({ ...part, args: childFlags(flags), services: services?.addresses });
      rereadChildren = together.reread;
      await together.ended;
    } else {
      await serveAlone({
        ...part,
        keyring,
        workers,
        polls: flags.has("poll"),
        isPolled: flags.has("poll") || flags.has("polled"),
      });
    }
  },
};

type Role = {
  isChild: boolean;
  /** Whether it starts children that serve, and does not itself. */
  supervises: boolean;
  /** How many share the work. */
  processes: number;
  hasHttp: boolean;
};

/** A service that listens has a process that does nothing but hold its socket: what serves may then die and come back. */
function readRole(flags: Flags, { notifySocket, listener }: Managed): Role {
  const isChild = flags.has("share");
  const hasHttp = !flags.has("no-http");
  const processes = readProcesses(flags.text(isChild ? "share" : "processes") ?? "1");
  const isService = hasHttp && (notifySocket !== undefined || listener !== undefined);
  return { isChild, hasHttp, processes, supervises: !isChild && (processes > 1 || isService) };
}

/** Why no other process can take this one's place while it runs. */
function obstacleOf(flags: Flags, { notifySocket }: Managed): string | undefined {
  if (flags.has("embedded")) return "the embedded services belong to this process";
  return notifySocket === undefined ? "no service manager is there that could be told" : undefined;
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

function needServices(config: Config): Config & { databaseUrl: string; redisUrl: string } {
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
    all: [
      ...(workers ? ["--workers", workers] : []),
      ...(flags.has("no-http") ? ["--no-http"] : []),
      ...(flags.has("poll") ? ["--polled"] : []),
    ],
    first: flags.has("poll") ? ["--poll"] : [],
  };
}
