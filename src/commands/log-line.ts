// A line of the log, as the journal or a file holds it, and as a person reads it.

/** `fact` lines are JSON of ours; everything else is `raw`: what systemd says, a crash's last words. `line` is as it was written. */
export type LogLine = { line: string; unit: string | undefined } & (
  | { fact: Record<string, unknown>; at: Date | undefined }
  | { raw: string; at: Date | undefined }
);

export type Wanted = {
  /** The least severe level that is shown. */
  level: string | undefined;
  /** A fact, or a pattern with `*` for any part of it: `charge.*`. */
  fact: string | undefined;
  bot: number | undefined;
  since: Date | undefined;
};

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"];
export const isLevel = (text: string): boolean => LEVELS.includes(text);

/** Reads a line of ours, or an entry of `journalctl -o json` around one. */
export function readLogLine(line: string): LogLine {
  const value = parseObject(line);
  if (value === undefined) return { line, unit: undefined, raw: line, at: undefined };
  if (!("MESSAGE" in value)) return { line, unit: undefined, ...readFact(value, line, undefined) };
  const message = messageOf(value.MESSAGE);
  const micros = Number(value.__REALTIME_TIMESTAMP);
  const at = Number.isFinite(micros) ? new Date(micros / 1_000) : undefined;
  // What systemd itself says of a unit names it in UNIT.
  const named = value.UNIT ?? value._SYSTEMD_UNIT;
  const unit = typeof named === "string" ? named.replace(/\.service$/, "") : undefined;
  const fact = parseObject(message);
  return { line: message, unit, ...(fact ? readFact(fact, message, at) : { raw: message, at }) };
}

function readFact(value: Record<string, unknown>, line: string, at: Date | undefined) {
  if (typeof value.level !== "string" || typeof value.time !== "string") return { raw: line, at };
  const told = new Date(value.time);
  return { fact: value, at: Number.isNaN(told.getTime()) ? at : told };
}

/** journald gives text that is no UTF-8 as a list of bytes. */
function messageOf(message: unknown): string {
  if (typeof message === "string") return message;
  return Array.isArray(message) ? Buffer.from(message as number[]).toString("utf8") : "";
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Whether the line is asked for. What is no fact has neither level nor bot: it is shown unless a fact or a bot is asked for. */
export function isWanted(line: LogLine, { level, fact, bot, since }: Wanted): boolean {
  if (since && line.at && line.at < since) return false;
  if (!("fact" in line)) return fact === undefined && bot === undefined;
  const told = line.fact;
  if (level && LEVELS.indexOf(String(told.level)) < LEVELS.indexOf(level)) return false;
  if (fact && !patternOf(fact).test(String(told.fact))) return false;
  return bot === undefined || told.botId === bot;
}

const patternOf = (fact: string): RegExp =>
  new RegExp(
    `^${fact
      .split("*")
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`,
  );

const PAINT: Record<string, string> = { warn: "33", error: "31", fatal: "1;31", debug: "2", trace: "2" };

/** One line for a person: local time, level, fact, sentence, the other fields. Without colours nothing in it controls a terminal. */
export function formatLogLine(line: LogLine, hasColours: boolean): string {
  const paint = (text: string, code: string | undefined) =>
    hasColours && code ? `\u001b[${code}m${text}\u001b[0m` : text;
  if (!("fact" in line)) {
    const when = line.at ? `${localTime(line.at)} ` : "";
    return `${when}${harmless(line.raw)}${line.unit ? paint(` (${line.unit})`, "2") : ""}`;
  }
  const { level, time, pid, fact, msg, ...fields } = line.fact;
  const words = Object.entries({ ...fields, ...(line.unit && { unit: line.unit }), pid });
  const rest = words
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${harmless(name)}=${written(value)}`);
  const severity = String(level);
  return [
    line.at ? localTime(line.at) : harmless(String(time)),
    paint(harmless(severity.toUpperCase()).padEnd(5), PAINT[severity]),
    paint(harmless(String(fact ?? "-")), "1"),
    ...(msg === undefined ? [] : [harmless(String(msg))]),
    paint(rest.join(" "), "2"),
  ].join("  ");
}

/** What came from outside may hold sequences that a terminal obeys. */
const harmless = (text: string): string => text.replace(/(?!\t)\p{Cc}/gu, "·");

const written = (value: unknown): string =>
  typeof value === "string" && /^[\w.:/@+*-]+$/.test(value) ? value : harmless(JSON.stringify(value));

const two = (value: number, length = 2): string => String(value).padStart(length, "0");

/** As in "2026-03-01 09:00:00.000", in the machine's time zone. */
function localTime(at: Date): string {
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${two(at.getMilliseconds(), 3)}`;
}
