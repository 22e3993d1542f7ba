// What a benchmark is: a name, its flags with their help, and a run that says whether every target was met.

import { parseArgs } from "node:util";
import { CommandError } from "#src/kernel/errors.ts";
import type { OpenStage } from "./stage.ts";

/** Of a number, which is whole unless `fraction`. */
export type Bounds = { least: number; most: number; fraction?: boolean };

/** `value` is shown in the help; absent = the flag takes no value. */
export type Flag = { name: string; value?: string; means: string };

export type Flags = {
  text(name: string): string | undefined;
  has(name: string): boolean;
  /** A number within the bounds; throws CommandError for anything else. */
  number(name: string, bounds: Bounds): number | undefined;
  /** One of two words; throws CommandError for any other. */
  choice<Word extends string>(name: string, words: readonly [Word, Word]): Word | undefined;
};

export type Bench = {
  name: string;
  summary: string;
  flags: readonly Flag[];
  /** True when every target was met. `lent`: a stage to use and leave open; absent = the benchmark opens its own. */
  run(flags: Flags, lent?: OpenStage): Promise<boolean>;
};

const HELP: Flag = { name: "help", means: "Show this." };

/** Throws CommandError (exit 2) for a flag that the benchmark does not know. */
export function readFlags(bench: Bench, args: string[]): Flags {
  const options = Object.fromEntries(
    [...bench.flags, HELP].map((flag) => [
      flag.name,
      { type: flag.value ? ("string" as const) : ("boolean" as const) },
    ]),
  );
  let values: Record<string, string | boolean | undefined>;
  try {
    values = parseArgs({ args, options, strict: true, allowPositionals: false }).values as typeof values;
  } catch (error) {
    const [reason = ""] = error instanceof Error ? error.message.split(/\.(?:\s|$)/) : [];
    throw new CommandError(`${reason}; see \`npm run bench -- ${bench.name} --help\`.`, 2);
  }
  const text = (name: string) => (typeof values[name] === "string" ? values[name] : undefined);
  return {
    text,
    has: (name) => values[name] !== undefined && values[name] !== false,
    number(name, bounds) {
      const given = text(name);
      return given === undefined ? undefined : readNumber(name, given, bounds);
    },
    choice(name, words) {
      const given = text(name);
      const chosen = words.find((word) => word === given);
      if (given === undefined || chosen !== undefined) return chosen;
      throw new CommandError(`--${name} takes ${words.join(" or ")}, not "${given}".`, 2);
    },
  };
}

function readNumber(name: string, given: string, { least, most, fraction = false }: Bounds): number {
  const number = Number(given);
  if (given.trim() === "" || !(number >= least && number <= most) || (!fraction && !Number.isInteger(number)))
    throw new CommandError(`--${name} takes a number from ${least} to ${most}, not "${given}".`, 2);
  return number;
}

export function helpOf({ name, summary, flags }: Bench): string {
  const lines = [...flags, HELP].map((flag) => {
    const usage = `--${flag.name}${flag.value ? ` ${flag.value}` : ""}`;
    return `  ${usage.padEnd(26)} ${flag.means}`;
  });
  return `npm run bench -- ${name}: ${summary}\n\n${lines.join("\n")}\n`;
}
