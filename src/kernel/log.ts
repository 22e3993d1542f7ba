// One JSON line per fact, with ids as fields. Secrets have no way in: a bot token is cut out of any text that carries one.

import pino, { type Logger } from "pino";

export type Log = Logger;

/** Also inside an address (".../bot123:AbC.../getMe"), where the colon may be written %3A. */
const BOT_TOKEN = /(?<!\d)(\d{3,})(?::|%3A)[A-Za-z0-9_-]{20,}/gi;

/** Replaces every Telegram bot token in a text by its public half. */
export function redactTokens(text: string): string {
  return text.replace(BOT_TOKEN, "$1:***");
}

/** `to`: 1 stdout (serve: journald reads it), 2 stderr (commands: stdout is theirs). */
export function openLog(level: string, to: 1 | 2): Log {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: ["token", "*.token", "secret", "*.secret", "password", "*.password"], censor: "***" },
      serializers: { err: (error: unknown) => ({ type: errorName(error), message: String(error) }) },
      // The whole line, whatever field or sentence the token came in.
      hooks: { streamWrite: redactTokens },
    },
    pino.destination({ dest: to, sync: true }),
  );
}

function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
