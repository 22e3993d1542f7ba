// Time as the fake feels it: dates, lifetimes and the retry schedule follow it, so that a test need not wait for them.

/** `nowMs`: milliseconds since the epoch. `after` runs once, later; what it returns cancels it. */
export type Timeline = {
  nowMs(): number;
  after(delayMs: number, run: () => void): () => void;
};

/** The real clock; with a `factor` of 60, a minute of Telegram's schedule passes in a second. Defaults to 1. */
export function realTimeline(factor = 1): Timeline {
  const startedAtMs = Date.now();
  return {
    nowMs: () => startedAtMs + (Date.now() - startedAtMs) * factor,
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs / factor);
      return () => clearTimeout(timer);
    },
  };
}
