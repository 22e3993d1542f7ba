// The program under measurement as its operator holds it: started, asked to end, killed, and started again on the same port.

import type { Database } from "#db/connect.ts";
import { type Program, type Running, type Settings, startCommand } from "./program.ts";
import { waitFor } from "./wait-for.ts";

export type Application = {
  /** The supervisor when there are several processes. */
  pid(): number;
  /** Resolves once it is ready; gives the time of its exec and of its first 200 from /ready, both by performance.now(). */
  start(processes: number): Promise<{ execMs: number; readyMs: number }>;
  /** Resolves once its process is gone; without one there is nothing to do. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

const START_MS = 20_000;
/** Readiness is asked for this often: as exact as the figure for it is. */
const ASK_MS = 2;

export function holdApplication(options: {
  program: Program;
  settings: Settings;
  url: string;
  sql: Database;
  log: string;
}): Application {
  const { program, settings, url, sql, log } = options;
  let running: Running | undefined;

  async function untilAllLive(processes: number): Promise<void> {
    const [row] = await sql<{ count: number }[]>`
      SELECT count(*)::int AS count FROM process WHERE beat_at > clock_timestamp() - interval '1 second'`;
    if ((row?.count ?? 0) < processes) throw new Error("not all processes live");
  }

  async function dispose(): Promise<void> {
    const ending = running;
    running = undefined;
    await ending?.[Symbol.asyncDispose]();
  }

  return {
    pid: () => running?.pid ?? 0,
    async start(processes) {
      const started = await startCommand(program, ["serve", "--processes", String(processes)], settings, log);
      running = started;
      await waitFor("the program", START_MS, () => checkReady(url), ASK_MS);
      const readyMs = performance.now();
      if (processes > 1) await waitFor("the second process", START_MS, () => untilAllLive(processes));
      return { execMs: started.startedMs, readyMs };
    },
    async end(signal) {
      const ending = running;
      if (signal === "SIGTERM" || !ending) return dispose();
      running = undefined;
      ending.kill("SIGKILL");
      await ending.exited;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

async function checkReady(url: string): Promise<void> {
  const response = await fetch(`${url}/ready`, { keepalive: false });
  if (!response.ok) throw new Error(await response.text());
}
