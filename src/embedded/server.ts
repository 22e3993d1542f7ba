// One server process: started, waited for until it answers, stopped within a bound.
import { open, readFile, stat } from "node:fs/promises";
import { CommandError } from "../kernel/errors.ts";
import type { Command } from "./command.ts";
import { retry } from "./retry.ts";

/** A server that answers. `exited` settles when its process ends, whoever ended it. */
export type Server = { readonly pid: number; readonly exited: Promise<unknown>; stop(): Promise<void> };

/** What to run. `stopSignals` are sent one after the other, each given `stopWithinMs` to work. */
export type ServerPlan = {
  name: string;
  command: Command;
  logPath: string;
  stopSignals: NodeJS.Signals[];
  isReady(): Promise<boolean>;
};

const logAtMostBytes = 10 * 1024 * 1024;
const stopWithinMs = 10_000;
// Long, because after a power cut the server first reads back up to max_wal_size, or its whole append-only file.
const readyPace = { firstMs: 5, longestMs: 100, withinMs: 60_000 };

/** Starts the server and waits until it is ready. Throws a CommandError with the log's last line when it ends instead. */
export async function startServer(plan: ServerPlan): Promise<Server> {
  await using log = await openLog(plan.logPath);
  const child = Bun.spawn({
    ...plan.command,
    stdin: "ignore",
    stdout: log.fd,
    stderr: log.fd,
    // A session of its own: Ctrl-C in a terminal is for us, and we still need the server while we finish our work.
    detached: true,
  });
  const server = { pid: child.pid, exited: child.exited, stop: () => stop(child, plan) };
  try {
    if (await becomesReady(child, plan)) return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
  await server.stop();
  throw new CommandError(`${plan.name} does not start: ${await lastLine(plan.logPath)} (see ${plan.logPath})`);
}

/** False when it ended instead, or did not answer in time. */
async function becomesReady(child: Bun.Subprocess, plan: ServerPlan): Promise<boolean> {
  const became = await retry(readyPace, async () => {
    if (child.exitCode !== null || child.signalCode !== null) return "ended";
    return (await plan.isReady()) ? "ready" : undefined;
  });
  return became === "ready";
}

async function stop(child: Bun.Subprocess, plan: ServerPlan): Promise<void> {
  for (const signal of plan.stopSignals) {
    child.kill(signal);
    if (await endsWithin(child.exited, stopWithinMs)) return;
  }
  throw new CommandError(`${plan.name} (process ${child.pid}) does not stop: end it by hand.`);
}

async function endsWithin(exited: Promise<unknown>, withinMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), withinMs);
  const ended = await Promise.race([exited.then(() => true), late]);
  clearTimeout(timer);
  return ended;
}

/** Appends, and starts anew when the log has grown beyond its bound. */
async function openLog(file: string) {
  const log = await open(file, "a", 0o600);
  if ((await stat(file)).size > logAtMostBytes) await log.truncate(0);
  return log;
}

async function lastLine(file: string): Promise<string> {
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
  const fatal = lines.slice(-10).findLast((line) => /FATAL|ERROR|#/.test(line));
  return (fatal ?? lines.at(-1) ?? "no word in its log").slice(0, 300);
}
