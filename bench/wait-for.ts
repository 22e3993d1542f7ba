// Waiting for something outside that tells nobody when it is done: asked again until it is, or until the time is up.

import { CommandError, reasonOf } from "#src/kernel/errors.ts";

const PAUSE_MS = 50;

/** Resolves with what `ask` gives once it no longer throws; throws CommandError with its last reason after `ms`. */
export async function waitFor<Value>(
  what: string,
  ms: number,
  ask: () => Promise<Value>,
  pauseMs = PAUSE_MS,
): Promise<Value> {
  for (const endMs = performance.now() + ms; ; await Bun.sleep(pauseMs)) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > endMs) throw new CommandError(`${what} is not ready after ${ms} ms: ${reasonOf(error)}`);
    }
  }
}

/** Whether `isDone` came true within `ms`. */
export async function isDoneWithin(ms: number, isDone: () => Promise<boolean>): Promise<boolean> {
  for (const endMs = performance.now() + ms; performance.now() < endMs; await Bun.sleep(PAUSE_MS))
    if (await isDone()) return true;
  return isDone();
}
