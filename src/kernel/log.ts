// One JSON line per fact, with ids as fields. Secrets have no way in: a bot token is cut out of any text that carries one.

import pino, { type Logger } from "pino";

export type Log = Logger;

const BOT_TOKEN = /\b(\d{3,}):[A-Za-z0-9_-]{20,}/g;

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
      serializers: { err: (error: unknown) => ({ type: errorName(error), message: redactTokens(String(error)) }) },
    },
    pino.destination({ dest: to, sync: true }),
  );
}

function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
