// How what the operator asks for is read: at most once a second whoever asks, never twice at a time, and never waiting long for a part that hangs.

import { limits } from "../kernel/limits.ts";
import { within } from "../kernel/within.ts";

/**
 * Whoever asks while it is read waits for the end of that reading; whoever asks within `holdsMs(value)` of its beginning gets its value.
 * One that fails holds for nobody else.
 */
export function shareReading<Value>(
  read: () => Promise<Value>,
  holdsMs: (value: Value) => number,
): () => Promise<Value> {
  let running: Promise<Value> | undefined;
  let last: { value: Value; untilMs: number } | undefined;

  return async () => {
    const nowMs = performance.now();
    if (!running && last && nowMs < last.untilMs) return last.value;
    running ??= read()
      .then((value) => {
        last = { value, untilMs: nowMs + holdsMs(value) };
        return value;
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  };
}

/** The same for what is read into gauges, at most once in `everyMs`. */
export const atMostEvery = (everyMs: number, read: () => Promise<unknown>): (() => Promise<void>) =>
  shareReading(
    async () => void (await read()),
    () => everyMs,
  );

/**
 * A part of the reading. When it fails, or takes longer than its bound, `away` is called in place of it: a value that nobody read must not
 * be told. A part that still hangs is not begun a second time. Never rejects.
 */
export function boundedPart(
  read: () => Promise<void>,
  away: (error: unknown) => void,
  withinMs: number = limits.gaugePartMs,
): () => Promise<void> {
  let underWay: Promise<void> | undefined;
  return async () => {
    underWay ??= read().finally(() => {
      underWay = undefined;
    });
    await within(withinMs, underWay, () => new Error("it takes too long")).catch(away);
  };
}
