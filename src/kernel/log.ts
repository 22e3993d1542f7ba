// One JSON line per fact: time, level, pid, fact, ids as fields, and a sentence that is always the same. What is secret or personal is cut out.
//
// error: somebody must look, something was not done. warn: it went wrong and the program copes (it tries again, it goes another way).
// info: what it did, as seldom as starts, sales and broadcasts are; nothing per update. debug: the rest, also per message.

import pino, { type Logger } from "pino";
import { limits } from "./limits.ts";
import { redactLine, redactTokens } from "./redact.ts";

export { redactTokens };
export type Log = Logger;

/** pino's number for it. */
const WARN = 40;

/** `to`: 1 stdout (serve: journald reads it), 2 stderr (commands: stdout is theirs). */
export function openLog(level: string, to: 1 | 2): Log {
  const mayTell = openThrottle(limits.sameFactPerSecond);
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => ({ type: errorName(error), message: String(error) }) },
      hooks: {
        logMethod(args, method, severity) {
          const about: unknown = args[0];
          if (severity < WARN || !isFact(about)) return method.apply(this, args);
          const leftOut = mayTell(about.fact);
          if (leftOut === undefined) return;
          if (leftOut > 0) args[0] = { ...about, leftOut } as never;
          method.apply(this, args);
        },
        // The whole line, whatever field or sentence it came in.
        streamWrite: redactLine,
      },
    },
    pino.destination({ dest: to, sync: true }),
  );
}

/**
 * Warnings and errors come by the thousand when a service is away or somebody knocks with forged notices. Answers, for one that wants to be
 * told: undefined = not now; else how many of the fact were left out before it.
 */
export function openThrottle(
  perSecond: number,
  nowMs: () => number = () => performance.now(),
): (fact: string) => number | undefined {
  const seconds = new Map<string, { sinceMs: number; told: number; leftOut: number }>();
  return (fact) => {
    const now = nowMs();
    const known = seconds.get(fact) ?? { sinceMs: now, told: 0, leftOut: 0 };
    const isOver = now - known.sinceMs >= 1_000;
    const second = isOver ? { sinceMs: now, told: 0, leftOut: known.leftOut } : known;
    seconds.set(fact, second);
    if (second.told >= perSecond) {
      second.leftOut += 1;
      return undefined;
    }
    const { leftOut } = second;
    second.told += 1;
    second.leftOut = 0;
    return leftOut;
  };
}

const isFact = (value: unknown): value is { fact: string } =>
  typeof value === "object" && value !== null && "fact" in value && typeof value.fact === "string";

function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
