// When updates arrive, decided without a look at the answers; and a wait that is exact to about a tenth of a millisecond.

import { setImmediate as turn, setTimeout as wait } from "node:timers/promises";

export type ScheduleKind = "poisson" | "fixed";

/** Gaps between arrivals in milliseconds, without end; the same seed gives the same gaps. */
export function gaps(kind: ScheduleKind, perSecond: number, seed: number): () => number {
  const meanMs = 1_000 / perSecond;
  if (kind === "fixed") return () => meanMs;
  const random = randomFrom(seed);
  return () => -Math.log(1 - random()) * meanMs;
}

/** Numbers in [0, 1): mulberry32 (Tommy Ettinger, public domain). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Timers fire up to this much after their whole number of milliseconds; the last stretch is spent in naps. */
const TIMER_LATE_MS = 0.2;
/** Sockets wait for the end of a nap, so an answer may be seen late by as much. */
const NAP_MS = 0.2;
/** The kernel rounds a nap up by about as much. */
const NAP_LATE_MS = 0.06;
const napping = new Int32Array(new SharedArrayBuffer(4));

/** Resolves at `timeMs` of performance.now(); sockets are served meanwhile, and at least once however late it is. */
export async function reach(timeMs: number): Promise<void> {
  do {
    const leftMs = timeMs - performance.now();
    if (leftMs >= 1 + TIMER_LATE_MS) await wait(Math.floor(leftMs - TIMER_LATE_MS));
    else {
      const napMs = Math.min(NAP_MS, leftMs - NAP_LATE_MS);
      if (napMs > 0) Atomics.wait(napping, 0, 0, napMs);
      await turn();
    }
  } while (performance.now() < timeMs);
}
