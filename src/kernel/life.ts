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
export function askedToEnd(signals: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT", "SIGHUP"]): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of signals) {
      // Who is impatient at a terminal ends it at once with a second Ctrl-C. A second SIGTERM comes from a service manager that asks all
      // processes of a service, and from the parent, which does, too.
      if (signal === "SIGTERM") process.on(signal, () => resolve(signal));
      else process.once(signal, () => resolve(signal));
    }
  });
}

/** Why a process ends whose place another one has taken. */
export const HANDED_OVER = "handed over";

/** What a child says to its parent, on the channel between them. */
export const ALIVE = "alive";
export const SERVING = "serving";

/** For a child: resolves when its parent tells it to leave to another, or is gone, however it went. */
export function askedByParent(): Promise<string> {
  return new Promise((resolve) => {
    process.on("message", (message) => {
      if (message === HANDED_OVER) resolve(HANDED_OVER);
    });
    process.once("disconnect", () => resolve("parent gone"));
    if (!process.connected) resolve("parent gone");
  });
}

/** For a child: says that it lives each time the event loop comes round to it. */
export function sayAlive(everyMs: number): void {
  setInterval(() => tellParent(ALIVE), everyMs).unref();
}

/** Nobody hears it when there is no parent, or none any more. */
export function tellParent(what: typeof ALIVE | typeof SERVING): void {
  if (process.connected) process.send?.(what);
}
