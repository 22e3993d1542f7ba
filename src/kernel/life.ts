// One life: what is opened in order is closed in reverse, each part within a bound.

import { reasonOf } from "./errors.ts";
import type { Log } from "./log.ts";

/** Runs `close`, but waits for it no longer than `ms`; what did not end by then is logged by name and left to the process' end. */
export async function closeWithin(name: string, ms: number, log: Log, close: () => Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), ms);
  });
  try {
    if ((await Promise.race([close(), late])) === "late")
      log.warn({ fact: "close.late", part: name }, "did not close in time");
  } catch (error) {
    log.warn({ fact: "close.failed", part: name, reason: reasonOf(error) }, "did not close cleanly");
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves with the name of the first signal that asks the process to end. */
export function askedToEnd(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => resolve(signal));
  });
}

/** Resolves when stdin ends: a child whose stdin is its parent's pipe learns so that the parent is gone, however it went. */
export async function parentGone(): Promise<string> {
  const reader = Bun.stdin.stream().getReader();
  while (!(await reader.read()).done);
  return "parent gone";
}
