// Settings: read once from the environment (or from the file that NAME_FILE points to), checked, typed. Nothing else reads process.env.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { CommandError } from "./errors.ts";
import { createKeyring, type Keyring, newToken } from "./secret.ts";

export type Setting = { name: string; default?: string; means: string };

/** Every setting: what it means, special values, default. `deploy/grimbots.env.example` is checked against this list. */
export const settings = [
  {
    name: "DATABASE_URL",
    means:
      "PostgreSQL 15 or newer, postgres://user:password@host:port/database; ?socket=/path/.s.PGSQL.5432 goes by the server's socket file instead of TCP. Not needed with --embedded.",
  },
  {
    name: "REDIS_URL",
    means:
      "Redis 6.2 or newer, redis://[:password@]host:port/db, with maxmemory-policy noeviction. Not needed with --embedded.",
  },
  { name: "HOST", default: "127.0.0.1", means: "Address to listen on." },
  { name: "PORT", default: "8080", means: "Port to listen on; 0 = any free one." },
  {
    name: "PUBLIC_URL",
    means: "https address under which Telegram reaches this program. Needed for webhooks; not with --poll.",
  },
  {
    name: "SECRET_KEY",
    means:
      "32 random bytes in base64; several, comma-separated, newest first, to rotate. With --embedded and none set, one is made in DATA_DIR/secret.key.",
  },
  { name: "TELEGRAM_API_ROOT", default: "https://api.telegram.org", means: "Address of the Bot API server." },
  {
    name: "COMMISSION_RECIPIENTS",
    means:
      "Who gets the platform's part of a sale at each gateway that can split, as gateway=recipient, comma-separated (pushinpay=ACCOUNT-ID,woovi=PIX-KEY); the part itself is set per seller. Unset = no split.",
  },
  { name: "DATA_DIR", default: "./data", means: "Folder of the embedded services." },
  { name: "LOG_LEVEL", default: "info", means: "fatal, error, warn, info, debug, trace or silent." },
  {
    name: "METRICS_TOKEN",
    means: "Bearer token that opens /metrics and the details of /ready to other machines; unset = loopback only.",
  },
] as const satisfies readonly Setting[];

type Name = (typeof settings)[number]["name"];

export type Config = {
  databaseUrl: string | undefined;
  redisUrl: string | undefined;
  host: string;
  port: number;
  publicUrl: string | undefined;
  secretKey: string | undefined;
  telegramApiRoot: string;
  commissionRecipients: Readonly<Record<string, string>>;
  dataDir: string;
  logLevel: string;
  metricsToken: string | undefined;
};

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"];

/** Reads and checks the settings; throws CommandError with one sentence per fault. */
export function readConfig(env: Record<string, string | undefined> = process.env): Config {
  const read = (name: Name): string | undefined => readSetting(env, name);
  const need = (name: Name): string => read(name) ?? "";
  const config: Config = {
    databaseUrl: checkUrl("DATABASE_URL", read("DATABASE_URL"), ["postgres:", "postgresql:"]),
    redisUrl: checkUrl("REDIS_URL", read("REDIS_URL"), ["redis:", "rediss:", "unix:"]),
    host: need("HOST"),
    port: checkPort(need("PORT")),
    publicUrl: checkUrl("PUBLIC_URL", read("PUBLIC_URL"), ["https:", "http:"])?.replace(/\/+$/, ""),
    secretKey: read("SECRET_KEY"),
    telegramApiRoot: (checkUrl("TELEGRAM_API_ROOT", need("TELEGRAM_API_ROOT"), ["https:", "http:"]) ?? "").replace(
      /\/+$/,
      "",
    ),
    commissionRecipients: readPairs("COMMISSION_RECIPIENTS", read("COMMISSION_RECIPIENTS")),
    dataDir: path.resolve(need("DATA_DIR")),
    logLevel: need("LOG_LEVEL"),
    metricsToken: read("METRICS_TOKEN"),
  };
  if (!LOG_LEVELS.includes(config.logLevel))
    throw new CommandError(`LOG_LEVEL must be one of ${LOG_LEVELS.join(", ")}.`, 2);
  return config;
}

function readSetting(env: Record<string, string | undefined>, name: Name): string | undefined {
  const setting: Setting | undefined = settings.find((one) => one.name === name);
  const file = env[`${name}_FILE`];
  if (env[name] && file) throw new CommandError(`Set ${name} or ${name}_FILE, not both.`, 2);
  const value = file ? readSettingFile(name, file) : env[name];
  return value?.trim() || setting?.default;
}

function readSettingFile(name: Name, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new CommandError(`${name}_FILE must name a file that exists and that this program may read.`, 2);
  }
}

function checkUrl(name: Name, value: string | undefined, protocols: string[]): string | undefined {
  if (value === undefined) return undefined;
  const protocol = URL.canParse(value) ? new URL(value).protocol : "";
  // The value itself may hold a password, so the sentence doesn't repeat it.
  if (!protocols.includes(protocol))
    throw new CommandError(`${name} must be an address that starts with ${protocols.join("// or ")}//.`, 2);
  return value;
}

function readPairs(name: Name, value: string | undefined): Record<string, string> {
  const pairs = (value ?? "").split(",").filter(Boolean);
  const read = pairs.map((pair) => /^\s*([a-z_]+)=(\S+)\s*$/.exec(pair));
  if (read.includes(null)) throw new CommandError(`${name} must be pairs like gateway=recipient, comma-separated.`, 2);
  return Object.fromEntries(read.map((pair) => [pair?.[1] ?? "", pair?.[2] ?? ""]));
}

function checkPort(value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port > 65_535) throw new CommandError("PORT must be a number from 0 to 65535.", 2);
  return port;
}

/** The keyring of SECRET_KEY; `keepIn`: a folder where a key is made and kept when none is set (embedded services only). */
export function openKeyring(secretKey: string | undefined, keepIn?: string): Keyring {
  const text = secretKey ?? (keepIn === undefined ? undefined : keptKey(keepIn));
  if (!text) throw new CommandError("Set SECRET_KEY to 32 random bytes in base64 (openssl rand -base64 32).", 2);
  const keys = text.split(",").map((part) => Buffer.from(part.trim(), "base64"));
  if (keys.some((key) => key.length !== 32))
    throw new CommandError("SECRET_KEY must be 32 bytes in base64 (several: comma-separated, newest first).", 2);
  return createKeyring(keys);
}

const keyFile = (folder: string): string => path.join(folder, "secret.key");

function keptKey(folder: string): string {
  const file = keyFile(folder);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(file))
    writeFileSync(file, Buffer.from(newToken(), "base64url").toString("base64"), { mode: 0o600, flag: "wx" });
  return readFileSync(file, "utf8").trim();
}

/** The environment for a child of this program: as ours, with `settled` in place of what was found out; the key stays in its file. */
export function environmentOf(
  config: Config,
  settled: Partial<Record<Name, string>>,
): Record<string, string | undefined> {
  const env: Record<string, string | undefined> = { ...process.env };
  for (const name of Object.keys(settled)) delete env[`${name}_FILE`];
  if (config.secretKey === undefined) env.SECRET_KEY_FILE = keyFile(config.dataDir);
  return { ...env, ...settled };
}

/** This program as it was called: the executable, or Bun with the source. */
export function ownCommand(): string[] {
  const [, script = ""] = Bun.argv;
  return script.startsWith("/$bunfs/") || script === "" ? [process.execPath] : [process.execPath, script];
}

const MAX_HTTP_REQUESTS = "BUN_CONFIG_MAX_HTTP_REQUESTS";

/**
 * Bun allows 256 HTTP requests at once and reads another number from its environment only while it starts, so a program that needs
 * more becomes itself again with that number set: the same process, some tens of milliseconds later.
 */
export function allowHttpRequests(count: number): void {
  if (process.env[MAX_HTTP_REQUESTS] !== undefined || process.execve === undefined) return;
  const command = ownCommand();
  process.execve(process.execPath, [...command, ...Bun.argv.slice(2)], {
    ...process.env,
    [MAX_HTTP_REQUESTS]: String(count),
  });
}
