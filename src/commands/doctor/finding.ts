// What doctor finds out: a name, how bad it is, and two phrases of the table of words, in whatever language they are then said.

import { reasonOf } from "../../kernel/errors.ts";
import { redactTokens } from "../../kernel/log.ts";
import { type Language, say, type Values, type WordKey } from "./words.ts";

/** ok: nothing to do. warn: it works, and there is advice. fail: it does not work, or will lose something. */
export type Level = "ok" | "warn" | "fail";

export type Finding = {
  /** Stable, for programs: the part that was looked at. */
  name: string;
  level: Level;
  found: WordKey;
  remedy?: WordKey;
  values?: Values;
};

/** The stable form of --json. `ok` is false for a failure only; `remedy` is null when there is nothing to do. */
export type Check = { name: string; ok: boolean; level: Level; found: string; remedy: string | null };

export const fine = (name: string, found: WordKey, values?: Values): Finding => ({
  ...{ name, level: "ok", found },
  ...(values && { values }),
});

export const advice = (name: string, found: WordKey, remedy: WordKey, values?: Values): Finding => ({
  ...{ name, level: "warn", found, remedy },
  ...(values && { values }),
});

export const failure = (name: string, found: WordKey, remedy: WordKey, values?: Values): Finding => ({
  ...{ name, level: "fail", found, remedy },
  ...(values && { values }),
});

export function inWords({ name, level, found, remedy, values = {} }: Finding, language: Language): Check {
  return {
    ...{ name, ok: level !== "fail", level },
    found: say(found, language, values),
    remedy: remedy === undefined ? null : say(remedy, language, values),
  };
}

const SIGNS: Record<Level, string> = { ok: "ok  ", warn: "WARN", fail: "FAIL" };

/** One line for a person. */
export const asLine = ({ name, level, found, remedy }: Check): string =>
  `${SIGNS[level]} ${name}: ${found}${remedy === null ? "" : ` → ${remedy}`}`;

/** Each look may take so long; what takes longer is a finding itself. */
export const LOOK_MS = 5_000;

/** Findings of one look, which never throws and never takes longer than `ms`. `ifLost`: what it means that there is no answer. */
export async function lookWithin(
  name: string,
  look: () => Promise<Finding[]> | Finding[],
  ifLost: WordKey = "look_again",
  ms = LOOK_MS,
): Promise<Finding[]> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Finding[]>((resolve) => {
    timer = setTimeout(() => resolve([failure(name, "no_answer_in_time", ifLost, { seconds: ms / 1_000 })]), ms);
  });
  try {
    return await Promise.race([look(), late]);
  } catch (error) {
    return [failure(name, "not_answered", ifLost, { reason: shortReason(error) })];
  } finally {
    clearTimeout(timer);
  }
}

/** One line without secrets. */
export const shortReason = (error: unknown): string =>
  redactTokens(reasonOf(error)).split("\n")[0]?.slice(0, 200) || "no connection";
