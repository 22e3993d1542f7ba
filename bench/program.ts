// The program that is measured, as an operator runs it: the executable with its settings in the environment.

import { existsSync, openSync } from "node:fs";
import path from "node:path";
import { commandFor } from "#src/embedded/command.ts";
import { CommandError } from "#src/kernel/errors.ts";
import { isBuilt } from "../deploy/setup/is-built.mjs";

/** How it is called: the executable, or Bun with its flags and the source. */
export type Program = readonly [string, ...string[]];
export type Settings = Record<string, string>;

/** A process that runs until it is disposed: asked to end, and made to after a while. */
export type Running = {
  pid: number;
  /** When it was executed, by performance.now(). */
  startedMs: number;
  exited: Promise<number>;
  kill(signal: "SIGKILL"): void;
  [Symbol.asyncDispose](): Promise<void>;
};

const EXECUTABLE = "dist/grimbots";
/** The program drains within 10 s. */
const END_MS = 15_000;
const COMMAND_MS = 30_000;

/** The executable, built first when it is missing or older than its source. `chosen`: another one, taken as it is. */
export async function findProgram(chosen: string | undefined): Promise<Program> {
  const file = path.resolve(chosen ?? EXECUTABLE);
  if (chosen !== undefined) {
    if (!existsSync(file)) throw new CommandError(`There is no ${chosen} to measure.`, 2);
    return [file];
  }
  if (isBuilt()) return [file];
  const build = Bun.spawn([process.execPath, "deploy/build.ts"], { stdio: ["ignore", "ignore", "inherit"] });
  if ((await build.exited) !== 0) throw new CommandError("The executable could not be built: see above.");
  return [file];
}

/** Runs a command to its end and gives what it printed with --json; throws CommandError with what it said instead. */
export async function runCommand<Result>(program: Program, args: string[], settings: Settings): Promise<Result> {
  const child = Bun.spawn([...program, ...args, "--json"], {
    env: settings,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: COMMAND_MS,
  });
  const [said, complained] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new CommandError(`grimbots ${args[0]} failed: ${complained.trim() || said}`);
  return JSON.parse(said || "null") as Result;
}

/** Starts a long-running command; what it prints goes to `logFile`. It ends with us, also when we are killed. */
export async function startCommand(
  program: Program,
  args: string[],
  settings: Settings,
  logFile: string,
): Promise<Running> {
  const [file, ...first] = program;
  const rest = [...first, ...args];
  const command = await commandFor({ program: file, args: rest, folders: [], account: undefined, deathSignal: "TERM" });
  const log = openSync(logFile, "a");
  const startedMs = performance.now();
  const child = Bun.spawn(command.cmd, { env: { ...command.env, ...settings }, stdio: ["ignore", log, log] });
  return {
    pid: child.pid,
    startedMs,
    exited: child.exited,
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      const killing = setTimeout(() => child.kill("SIGKILL"), END_MS);
      await child.exited;
      clearTimeout(killing);
    },
  };
}
