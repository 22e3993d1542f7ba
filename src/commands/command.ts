// What a command is: its words, its flags with their help, and what it runs.

import { parseArgs } from "node:util";
import { CommandError } from "../kernel/errors.ts";

export type Flag = {
  name: string;
  /** Shown in the help; absent = the flag takes no value. */
  value?: string;
  required?: boolean;
  means: string;
};

export type Flags = { text(name: string): string | undefined; need(name: string): string; has(name: string): boolean };

export type Command = {
  words: string;
  summary: string;
  flags: readonly Flag[];
  /** The flag whose value may also stand alone, without its name. */
  alone?: string;
  /** Prints its result through `print`; with --json that is one object on stdout. Throws CommandError with a sentence. */
  run(flags: Flags, print: Print): Promise<void>;
};

/** `result` goes out with --json, `sentence` without. */
export type Print = (result: object, sentence: string) => void;

const COMMON: readonly Flag[] = [
  { name: "json", means: "Print the result as one JSON object on stdout." },
  { name: "help", means: "Show this." },
];

/** Reads a command's flags; throws CommandError (exit 2) for anything that it does not know. */
export function readFlags(command: Command, args: string[]): Flags {
  const known = [...command.flags, ...COMMON];
  const options = Object.fromEntries(
    known.map((flag) => [flag.name, { type: flag.value ? ("string" as const) : ("boolean" as const) }]),
  );
  const wrong = (reason: string) => new CommandError(`${reason}; see \`grimbots ${command.words} --help\`.`, 2);
  const allowPositionals = command.alone !== undefined;
  let values: Record<string, string | boolean | undefined>;
  let alone: string[];
  try {
    const parsed = parseArgs({ args, options, strict: true, allowPositionals });
    values = { ...(parsed.values as typeof values) };
    alone = parsed.positionals;
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split(". ")[0] ?? "") : "";
    throw wrong(reason.replace(/\.$/, ""));
  }
  if (command.alone !== undefined && values[command.alone] === undefined) values[command.alone] = alone.shift();
  if (alone[0] !== undefined) throw wrong(`Unexpected argument '${alone[0]}'`);
  const text = (name: string) => (typeof values[name] === "string" ? values[name] : undefined);
  const flags: Flags = {
    text,
    has: (name) => values[name] !== undefined && values[name] !== false,
    need(name) {
      const value = text(name);
      if (!value) throw wrong(`--${name} is missing`);
      return value;
    },
  };
  if (!flags.has("help")) for (const flag of command.flags) if (flag.required) flags.need(flag.name);
  return flags;
}

/** What --help prints. */
export function helpOf(command: Command): string {
  const lines = [...command.flags, ...COMMON].map((flag) => {
    const usage = `--${flag.name}${flag.value ? ` ${flag.value}` : ""}`;
    return `  ${usage.padEnd(28)} ${flag.means}${flag.required ? " (required)" : ""}`;
  });
  return `grimbots ${command.words}: ${command.summary}\n\n${lines.join("\n")}\n`;
}
