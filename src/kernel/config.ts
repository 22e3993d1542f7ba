// Settings: read once from the environment (or from the file that NAME_FILE points to), checked, typed. Nothing else reads process.env.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type AlertChat, readAlertChats, readAlertEmails } from "./alert-addresses.ts";
import { readTrustedProxies, type TrustedProxies } from "./client-address.ts";
import { CommandError } from "./errors.ts";
import { createKeyring, type Keyring, newToken } from "./secret.ts";

/** `isSecret`: a file that holds it is for its owner alone. */
export type Setting = { name: string; default?: string; isSecret?: true; means: string };

/** Every setting: what it means, special values, default. `deploy/grimbots.env.example` is checked against this list. */
export const settings = [
  {
    name: "DATABASE_URL",
    isSecret: true,
    means:
      "PostgreSQL 15 or newer, postgres://user:password@host:port/database; ?socket=/path/.s.PGSQL.5432 goes by the server's socket file instead of TCP. Not needed with --embedded.",
  },
  {
    name: "REDIS_URL",
    isSecret: true,
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
    isSecret: true,
    means:
      "32 random bytes in base64; several, comma-separated, newest first, to rotate. With --embedded and none set, one is made in DATA_DIR/secret.key.",
  },
  {
    name: "TRUSTED_PROXIES",
    means:
      "Addresses and networks of the proxies in front of this program, comma-separated (127.0.0.1,::1,10.0.0.0/8); unix: = whoever comes by a unix socket. What they say in X-Forwarded-For is believed. Unset = nobody.",
  },
  { name: "TELEGRAM_API_ROOT", default: "https://api.telegram.org", means: "Address of the Bot API server." },
  {
    name: "COMMISSION_RECIPIENTS",
    means:
      "Who gets the platform's part of a sale at each gateway that can split, as gateway=recipient, comma-separated (pushinpay=ACCOUNT-ID,woovi=PIX-KEY); the part itself is set per seller. Unset = no split.",
  },
  { name: "DATA_DIR", default: "./data", means: "Folder of the embedded services." },
  {
    name: "LOG_LEVEL",
    default: "info",
    means:
      "fatal, error, warn, info, debug, trace or silent. LOG_LEVEL_FILE, the path of a file that holds it, is read again at SIGHUP.",
  },
  {
    name: "METRICS_TOKEN",
    isSecret: true,
    means: "Bearer token that opens /metrics and the details of /ready to other machines; unset = loopback only.",
  },
  {
    name: "ALERT_TELEGRAM",
    isSecret: true,
    means:
      "Who is told when something is wrong: BOT_TOKEN@CHAT_ID, comma-separated; a bot made for this alone, in a chat or group (negative number) of the operator's. Unset = nobody by Telegram.",
  },
  {
    name: "ALERT_EMAIL",
    means: "The same by e-mail: addresses, comma-separated. Needs SMTP_URL. Unset = nobody by e-mail.",
  },
  {
    name: "SMTP_URL",
    isSecret: true,
    means:
      "Mail server for ALERT_EMAIL, smtp://user:password@host:587 or smtps://user:password@host:465; ?from=address is the sender, unset = the user or the first recipient.",
  },
] as const satisfies readonly Setting[];

type Name = (typeof settings)[number]["name"];
export type SettingName = Name;

export type Config = {
  databaseUrl: string | undefined;
  redisUrl: string | undefined;
  host: string;
  port: number;
  publicUrl: string | undefined;
  secretKey: string | undefined;
  trustedProxies: TrustedProxies;
  telegramApiRoot: string;
  commissionRecipients: Readonly<Record<string, string>>;
  dataDir: string;
  logLevel: string;
  metricsToken: string | undefined;
  alertChats: readonly AlertChat[];
  alertEmails: readonly string[];
  smtpUrl: string | undefined;
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
    trustedProxies: checkProxies(read("TRUSTED_PROXIES")),
    telegramApiRoot: (checkUrl("TELEGRAM_API_ROOT", need("TELEGRAM_API_ROOT"), ["https:", "http:"]) ?? "").replace(
      /\/+$/,
      "",
    ),
    commissionRecipients: readPairs("COMMISSION_RECIPIENTS", read("COMMISSION_RECIPIENTS")),
    dataDir: path.resolve(need("DATA_DIR")),
    logLevel: checkLogLevel(need("LOG_LEVEL")),
    metricsToken: read("METRICS_TOKEN"),
    ...checkAlertAddresses(read("ALERT_TELEGRAM"), read("ALERT_EMAIL")),
    smtpUrl: checkUrl("SMTP_URL", read("SMTP_URL"), ["smtp:", "smtps:"]),
  };
  if (config.alertEmails.length > 0 && config.smtpUrl === undefined)
    throw new CommandError("ALERT_EMAIL needs SMTP_URL, the server that takes the mail.", 2);
  return config;
}

function checkLogLevel(level: string): string {
  if (!LOG_LEVELS.includes(level)) throw new CommandError(`LOG_LEVEL must be one of ${LOG_LEVELS.join(", ")}.`, 2);
  return level;
}

function readSetting(env: Record<string, string | undefined>, name: Name): string | undefined {
  const setting: Setting | undefined = settings.find((one) => one.name === name);
  const file = env[`${name}_FILE`] || (env[name] ? undefined : credentialOf(env, name));
  if (env[name] && file) throw new CommandError(`Set ${name} or ${name}_FILE, not both.`, 2);
  const value = file ? readSettingFile(name, file) : env[name];
  return value?.trim() || setting?.default;
}

/** The file in which systemd (LoadCredential=) hands over a setting: its name in lower case. */
function credentialOf(env: Record<string, string | undefined>, name: Name): string | undefined {
  const file = env.CREDENTIALS_DIRECTORY && path.join(env.CREDENTIALS_DIRECTORY, name.toLowerCase());
  return file && existsSync(file) ? file : undefined;
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

function checkAlertAddresses(chats: string | undefined, emails: string | undefined) {
  const [alertChats, alertEmails] = [readAlertChats(chats), readAlertEmails(emails)];
  if (!alertChats) throw new CommandError("ALERT_TELEGRAM must be BOT_TOKEN@CHAT_ID, several comma-separated.", 2);
  if (!alertEmails) throw new CommandError("ALERT_EMAIL must be e-mail addresses, comma-separated.", 2);
  return { alertChats, alertEmails };
}

function checkProxies(value: string | undefined): TrustedProxies {
  const proxies = readTrustedProxies(value);
  if (proxies) return proxies;
  throw new CommandError("TRUSTED_PROXIES must be addresses like 127.0.0.1 or 10.0.0.0/8, comma-separated.", 2);
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

/** Where the key is kept that was made for embedded services. */
export const keyFile = (folder: string): string => path.join(folder, "secret.key");

function keptKey(folder: string): string {
  const file = keyFile(folder);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(file))
    writeFileSync(file, Buffer.from(newToken(), "base64url").toString("base64"), { mode: 0o600, flag: "wx" });
  return readFileSync(file, "utf8").trim();
}

/** The level that LOG_LEVEL_FILE names now. Throws CommandError when it is none, or when there is no such setting. */
export function readLogLevel(env: Record<string, string | undefined> = process.env): string {
  if (!env.LOG_LEVEL_FILE) throw new CommandError("LOG_LEVEL_FILE is not set, so there is nothing to read again.", 2);
  return checkLogLevel(readSetting(env, "LOG_LEVEL") ?? "");
}

/** The environment of this process, for those that it starts. */
export const ownEnvironment = (): Record<string, string | undefined> => ({ ...process.env });
