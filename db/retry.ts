// Which errors of PostgreSQL are worth another try: it is away, it is restarting, or two transactions met.

import { setTimeout as wait } from "node:timers/promises";
import { reasonOf } from "#src/kernel/errors.ts";
import type { Log } from "#src/kernel/log.ts";

/** SQLSTATE classes and codes, and postgres.js' own codes, after which the same statement may succeed. */
const AGAIN = [
  /^08/, // connection exception
  /^40/, // serialization failure, deadlock
  /^53/, // insufficient resources: too many connections, disk full, out of memory
  /^57/, // admin shutdown, crash shutdown, cannot connect now, statement timeout
  /^55P03$/, // lock not available
  /^25P03$/, // idle in transaction too long
  /^25006$/, // read only: a standby that is about to be promoted
  /^58/, // system error: the server's disk or files
  /^ERR_(SOCKET|STREAM)/, // a connection that broke under a statement
  /^CONNECTION_/,
  /^CONNECT_TIMEOUT$/,
  /^E[A-Z]+$/, // ECONNREFUSED, ECONNRESET, EPIPE, ENOENT of a socket
];

export function isTransient(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" && AGAIN.some((pattern) => pattern.test(code));
}

/** Repeats `work` while PostgreSQL is away, with pauses from 50 ms to 1 s, until `signal` says that the process ends. */
export async function whileAway<Value>(work: () => Promise<Value>, log: Log, signal: AbortSignal): Promise<Value> {
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 1_000)) {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error) || signal.aborted) throw error;
      log.warn({ fact: "database.away", reason: reasonOf(error) }, "PostgreSQL is away; trying again");
      await wait(pauseMs * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
    }
  }
}
