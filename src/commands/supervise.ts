// Several processes on one port: starts them, starts again the one that dies or freezes, ends them together.

import { reasonOf } from "../kernel/errors.ts";
import { HANDED_OVER } from "../kernel/life.ts";
import { limits } from "../kernel/limits.ts";
import type { Log } from "../kernel/log.ts";
import { ownCommand } from "../kernel/own-process.ts";
import { type Child, startChild } from "./child.ts";

type Supervised = {
  processes: number;
  /** What every child is called with, and what the first one is besides. */
  args: { all: string[]; first: string[] };
  env: Record<string, string | undefined>;
  /** The socket that they all accept connections from; undefined: each opens one of its own on the same port. */
  listenFd: number | undefined;
  log: Log;
  ending: Promise<string>;
  /** Called when all of them serve for the first time, and afterwards whenever their number changes. */
  onServing(serving: number): void;
};

export type Supervision = {
  /** Asks the children, too, to read again what can be read again. */
  reread(): void;
  ended: Promise<void>;
};

const RESTART_MIN_MS = 250;
const RESTART_MAX_MS = 10_000;
/** A child that lived this long was not crashing at its start. */
const STEADY_MS = 30_000;

/** Runs the children until `ending`; then they drain, and whoever does not end in time is killed. */
export function supervise(options: Supervised): Supervision {
  const { processes, log, ending } = options;
  let isEnding = false;
  let haveAllServed = false;
  const children = new Map<number, Child>();
  const serving = new Set<Child>();

  function tell(): void {
    haveAllServed ||= serving.size === processes;
    if (haveAllServed && !isEnding) options.onServing(serving.size);
  }

  async function keepRunning(index: number): Promise<void> {
    let pauseMs = RESTART_MIN_MS;
    while (!isEnding) {
      const startedMs = performance.now();
      const how = await runChild(index).catch((error) => reasonOf(error));
      if (isEnding) return;
      tell();
      pauseMs = performance.now() - startedMs > STEADY_MS ? RESTART_MIN_MS : Math.min(pauseMs * 2, RESTART_MAX_MS);
      log.error({ fact: "child.died", index, how, pauseMs }, "a process died; it is started again");
      await Promise.race([Bun.sleep(pauseMs), ending]);
    }
  }

  /** Resolves with how it ended; rejects when the machine refuses a new process. */
  async function runChild(index: number): Promise<string> {
    const child = startChild({ ...options, command: commandOf(options, index) });
    children.set(index, child);
    log.info({ fact: "child.started", index, childPid: child.pid }, "process started");
    void child.serves.then(() => {
      serving.add(child);
      tell();
    });
    const how = await child.ended;
    serving.delete(child);
    children.delete(index);
    return how;
  }

  async function end(running: Promise<unknown>): Promise<void> {
    const reason = await ending;
    isEnding = true;
    log.info({ fact: "ending", signal: reason }, "ending all processes");
    for (const child of children.values()) reason === HANDED_OVER ? child.handOver() : child.kill("SIGTERM");
    const lingerMs = reason === HANDED_OVER ? limits.handedOverLingerMs : limits.lingerMs;
    const killing = setTimeout(
      () => {
        for (const child of children.values()) child.kill("SIGKILL");
      },
      lingerMs + limits.drainMs + 5_000,
    );
    await running;
    clearTimeout(killing);
  }

  const running = Promise.all(Array.from({ length: processes }, (_, index) => keepRunning(index)));
  return {
    ended: end(running),
    reread() {
      // Who does not serve yet has only just read it, and a signal that nobody listens to would end it.
      for (const child of serving) child.kill("SIGHUP");
    },
  };
}

function commandOf({ args, processes }: Supervised, index: number): string[] {
  const own = index === 0 ? args.first : [];
  return [...ownCommand(), "serve", ...args.all, ...own, "--share", String(processes)];
}
