// Several processes on one port: starts them, starts again the one that dies, ends them together.

import type { Subprocess } from "bun";
import { type Config, environmentOf, ownCommand } from "../kernel/config.ts";
import { reasonOf } from "../kernel/errors.ts";
import { limits } from "../kernel/limits.ts";
import type { Log } from "../kernel/log.ts";

type Supervised = {
  config: Config & { databaseUrl: string; redisUrl: string };
  processes: number;
  args: { all: string[]; first: string[] };
  log: Log;
  ending: Promise<string>;
};

const RESTART_MIN_MS = 250;
const RESTART_MAX_MS = 10_000;
/** A child that lived this long was not crashing at its start. */
const STEADY_MS = 30_000;

/** Runs the children until a signal comes; then they drain, and whoever does not end in time is killed. */
export async function supervise({ config, processes, args, log, ending }: Supervised): Promise<void> {
  let isEnding = false;
  const children = new Map<number, Subprocess>();
  // With PORT=0 every process would get a port of its own.
  const port = config.port === 0 ? freePort(config.host) : config.port;
  const env = environmentOf(config, {
    DATABASE_URL: config.databaseUrl,
    REDIS_URL: config.redisUrl,
    PORT: String(port),
  });

  async function keepRunning(index: number): Promise<void> {
    let pauseMs = RESTART_MIN_MS;
    while (!isEnding) {
      const startedMs = performance.now();
      const how = await runChild(index).catch((error) => reasonOf(error));
      if (isEnding) return;
      pauseMs = performance.now() - startedMs > STEADY_MS ? RESTART_MIN_MS : Math.min(pauseMs * 2, RESTART_MAX_MS);
      log.error({ fact: "child.died", index, how, pauseMs }, "a process died; it is started again");
      await Promise.race([Bun.sleep(pauseMs), ending]);
    }
  }

  /** Resolves with the exit code; rejects when the machine refuses a new process. */
  async function runChild(index: number): Promise<number> {
    const own = index === 0 ? args.first : [];
    const child = Bun.spawn([...ownCommand(), "serve", ...args.all, ...own, "--share", String(processes)], {
      env,
      // Never written to: its end tells the child that this process is gone.
      stdin: "pipe",
      stdout: "inherit",
      stderr: "inherit",
    });
    children.set(index, child);
    log.info({ fact: "child.started", index, childPid: child.pid }, "process started");
    return child.exited;
  }

  const running = Array.from({ length: processes }, (_, index) => keepRunning(index));
  const signal = await ending;
  isEnding = true;
  log.info({ fact: "ending", signal }, "ending all processes");
  for (const child of children.values()) child.kill("SIGTERM");
  const killing = setTimeout(() => {
    for (const child of children.values()) child.kill("SIGKILL");
  }, limits.drainMs + 5_000);
  await Promise.all(running);
  clearTimeout(killing);
}

function freePort(host: string): number {
  const server = Bun.serve({ hostname: host, port: 0, fetch: () => new Response() });
  const port = server.port ?? 0;
  void server.stop(true);
  return port;
}
