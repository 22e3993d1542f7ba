// doctor's look at the settings: each by itself, so that all that is wrong is named at once, and those that contradict one another.

import { existsSync } from "node:fs";
import path from "node:path";
import { type Config, openKeyring, readConfig, type Setting, settings } from "../../kernel/config.ts";
import { CommandError } from "../../kernel/errors.ts";
import { gateways } from "../../payments/gateways/index.ts";
import { advice, type Finding, failure, fine, shortReason } from "./finding.ts";

export type Env = Record<string, string | undefined>;

export type Examined = {
  /** What can be used of them; what is wrong counts as not set. */
  config: Config;
  faults: { name: string; sentence: string }[];
  isSet(name: string): boolean;
  /** The files that hold settings which are secrets. */
  files: string[];
};

const settingNames: readonly string[] = settings.map(({ name }) => name);
const secretNames = (settings as readonly Setting[]).filter(({ isSecret }) => isSecret).map(({ name }) => name);

/** Reads every setting on its own. */
export function examineSettings(env: Env): Examined {
  const given = withCredentials(env);
  const isSet = (name: string) => Boolean(given[name] ?? given[`${name}_FILE`]);
  const alone = (name: string): Env => ({ [name]: given[name], [`${name}_FILE`]: given[`${name}_FILE`] });
  const faults = settingNames.flatMap((name) => {
    const sentence = isSet(name) ? faultOf(alone(name)) : undefined;
    return sentence === undefined ? [] : [{ name, sentence }];
  });
  const wrong = new Set(faults.map(({ name }) => name));
  const usable = settingNames.filter((name) => !wrong.has(name)).map(alone);
  const files = secretNames.flatMap((name) => given[`${name}_FILE`] ?? []);
  return { config: readConfig(Object.assign({}, ...usable)), faults, isSet, files };
}

/** As if each credential that systemd handed over were named by its NAME_FILE. */
function withCredentials({ CREDENTIALS_DIRECTORY: folder, ...env }: Env): Env {
  if (!folder) return env;
  const files = settingNames.map((name) => [`${name}_FILE`, path.join(folder, name.toLowerCase()), name] as const);
  const handed = files.filter(([setting, file, name]) => !env[name] && !env[setting] && existsSync(file));
  return { ...env, ...Object.fromEntries(handed) };
}

function faultOf(env: Env): string | undefined {
  try {
    readConfig(env);
    return undefined;
  } catch (error) {
    return shortReason(error);
  }
}

export function checkSettings({ config, faults, isSet }: Examined): Finding[] {
  const wrong = new Set(faults.map(({ name }) => name));
  const needed = [
    ["DATABASE_URL", "set_database"],
    ["REDIS_URL", "set_redis"],
  ] as const;
  return [
    ...faults.map(({ name, sentence }) => failure(name, "setting_wrong", "correct_setting", { name, sentence })),
    ...needed.flatMap(([name, remedy]) => (isSet(name) ? [] : [failure(name, "not_set", remedy)])),
    ...(wrong.has("SECRET_KEY") ? [] : [checkKey(config)]),
    ...checkLevel(config),
    ...checkCommissions(config),
    checkAlerts(isSet),
  ];
}

function checkKey({ secretKey }: Config): Finding {
  const name = "SECRET_KEY";
  if (!secretKey) return failure(name, "not_set", "set_key");
  try {
    openKeyring(secretKey);
    return fine(name, "is_set");
  } catch (error) {
    const sentence = error instanceof CommandError ? error.message : shortReason(error);
    return failure(name, "setting_wrong", "set_key", { sentence });
  }
}

function checkLevel({ logLevel }: Config): Finding[] {
  if (logLevel === "info" || logLevel === "warn") return [];
  return [advice("LOG_LEVEL", "level_odd", "level_info", { level: logLevel })];
}

/** A line only when COMMISSION_RECIPIENTS names what is no gateway, or one that cannot split. */
function checkCommissions({ commissionRecipients }: Config): Finding[] {
  const splitting = gateways.filter(({ splits }) => splits).map(({ kind }) => kind);
  const strange = Object.keys(commissionRecipients).filter((kind) => !splitting.includes(kind));
  if (strange.length === 0) return [];
  const values = { kinds: strange.join(", "), splitting: splitting.join(", ") };
  return [failure("COMMISSION_RECIPIENTS", "commissions_odd", "commissions_only", values)];
}

function checkAlerts(isSet: (name: string) => boolean): Finding {
  const name = "alerts";
  const [email, smtp, telegram] = [isSet("ALERT_EMAIL"), isSet("SMTP_URL"), isSet("ALERT_TELEGRAM")];
  if (email !== smtp) {
    const [present, absent] = email ? ["ALERT_EMAIL", "SMTP_URL"] : ["SMTP_URL", "ALERT_EMAIL"];
    return failure(name, "alerts_half", "complete_alerts", { present, absent });
  }
  if (!telegram && !email) return advice(name, "alerts_off", "set_alerts");
  const channels = [...(telegram ? ["Telegram"] : []), ...(email ? ["e-mail"] : [])].join(" + ");
  return fine(name, "alerts_on", { channels });
}
