// grimbots logs: the log for a person, from the journal, a file or a pipe.

import { createReadStream, fstatSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { endingWithUs } from "../embedded/command.ts";
import { CommandError } from "../kernel/errors.ts";
import type { Command, Flags } from "./command.ts";
import { formatLogLine, isLevel, isWanted, readLogLine, type Wanted } from "./log-line.ts";

export const logs: Command = {
  words: "logs",
  summary: "shows the log for people: from systemd's journal, a file, or what is piped into it.",
  alone: "file",
  flags: [
    {
      name: "file",
      value: "FILE|-",
      means: "Read this file, or - for what is piped in; --file may be left out before it. Default: the journal.",
    },
    { name: "follow", means: "Go on with what is written from now on." },
    {
      name: "level",
      value: "LEVEL",
      means: "Only this level and what is more severe: debug, info, warn, error, fatal.",
    },
    { name: "fact", value: "FACT", means: "Only this fact; * stands for any part of it, as in charge.*." },
    { name: "bot", value: "ID", means: "Only what tells of this bot." },
    {
      name: "since",
      value: "WHEN",
      means: "Only what is newer than 30s, 10m, 2h or 7d, or than a time like 2026-03-01T12:00.",
    },
    { name: "unit", value: "UNIT", means: "The unit in the journal; * stands for any part. Default: grimbots*." },
  ],
  async run(flags) {
    const wanted = readWanted(flags);
    const source = openSource(flags, wanted.since);
    const show = flags.has("json") ? asWritten : forPeople(process.stdout.isTTY === true);
    try {
      await pipeline(chosen(source.input, wanted, show), process.stdout, { end: false });
    } catch (error) {
      // Whoever read us has seen enough.
      if ((error as { code?: unknown }).code === "EPIPE") return;
      throw new CommandError(source.failed);
    } finally {
      source.close();
    }
  },
};

type Show = (line: ReturnType<typeof readLogLine>) => string | undefined;

/** Only what is JSON: somebody parses it. */
const asWritten: Show = (line) => ("fact" in line ? line.line : undefined);
const forPeople =
  (hasColours: boolean): Show =>
  (line) =>
    formatLogLine(line, hasColours);

async function* chosen(input: Source["input"], wanted: Wanted, show: Show): AsyncGenerator<string> {
  for await (const text of linesOf(input)) {
    const line = readLogLine(text);
    const shown = isWanted(line, wanted) ? show(line) : undefined;
    if (shown !== undefined) yield `${shown}\n`;
  }
}

/** A line that is longer than this is none of ours, and is shown in parts. */
const LINE_CHARACTERS = 1_000_000;

async function* linesOf(input: Source["input"]): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of input) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield line.replace(/\r$/, "");
    if (rest.length > LINE_CHARACTERS) {
      yield rest;
      rest = "";
    }
  }
  if (rest !== "") yield rest;
}

/** `failed`: what to say when it breaks off. */
type Source = { input: AsyncIterable<Uint8Array>; failed: string; close(): void };

function openSource(flags: Flags, since: Date | undefined): Source {
  const file = flags.text("file");
  if (file === "-" || (file === undefined && isPiped()))
    return { input: process.stdin, failed: "What is piped in could not be read to its end.", close: () => undefined };
  if (file === undefined) return openJournal(flags, since);
  const failed = `${file} cannot be read.`;
  // tail knows what to do when the file is moved away or cut.
  if (flags.has("follow")) return openProgram(["tail", "-q", "-n", since ? "+1" : "50", "-F", "--", file], failed);
  const input = createReadStream(file);
  return { input, failed, close: () => void input.destroy() };
}

/** Called at a prompt or by a timer nothing is piped in, and the journal is meant. */
function isPiped(): boolean {
  const stdin = fstatSync(0, { throwIfNoEntry: false });
  return stdin !== undefined && (stdin.isFIFO() || stdin.isFile() || stdin.isSocket());
}

function openJournal(flags: Flags, since: Date | undefined): Source {
  if (Bun.which("journalctl") === null)
    throw new CommandError(
      "There is no journal on this machine: name a file, or pipe the log in (grimbots logs FILE).",
      2,
    );
  const how = ["--no-pager", "--quiet", "--all", "-o", "json", "--output-fields=MESSAGE,UNIT,_SYSTEMD_UNIT"];
  const which = ["-u", flags.text("unit") ?? "grimbots*"];
  const from = since ? ["--since", `@${Math.floor(since.getTime() / 1_000)}`] : [];
  return openProgram(
    ["journalctl", ...how, ...which, ...from, ...(flags.has("follow") ? ["-f"] : [])],
    "The journal could not be read: run this as root, or as a member of the group systemd-journal.",
  );
}

function openProgram(command: string[], failed: string): Source {
  const child = Bun.spawn(endingWithUs(command), { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  async function* output(): AsyncGenerator<Uint8Array> {
    yield* child.stdout;
    if ((await child.exited) !== 0) throw new Error("it ended with a failure");
  }
  return { input: output(), failed, close: () => child.kill() };
}

function readWanted(flags: Flags): Wanted {
  const level = flags.text("level");
  if (level !== undefined && !isLevel(level))
    throw new CommandError("--level takes trace, debug, info, warn, error or fatal.", 2);
  const bot = flags.text("bot");
  if (bot !== undefined && !/^[1-9]\d{0,15}$/.test(bot))
    throw new CommandError("--bot must be the number of a bot.", 2);
  const since = flags.text("since");
  return {
    level,
    fact: flags.text("fact"),
    bot: bot === undefined ? undefined : Number(bot),
    since: since === undefined ? undefined : readSince(since, Date.now()),
  };
}

const UNIT_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "10m" is ten minutes ago; anything else is a time, in the machine's zone unless it names one. */
function readSince(text: string, nowMs: number): Date {
  const [, count, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const at = count === undefined ? new Date(text) : new Date(nowMs - Number(count) * (UNIT_MS[unit] ?? 0));
  if (Number.isNaN(at.getTime()))
    throw new CommandError("--since takes a span like 10m, 2h or 7d, or a time like 2026-03-01T12:00.", 2);
  return at;
}
