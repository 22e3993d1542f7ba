// Tries something again until it works or its time is over.

/** How the tries are spaced: the first wait, doubled up to the longest, and the whole time. */
export type Pace = { firstMs: number; longestMs: number; withinMs: number };

/**
 * Calls `attempt` until it gives something else than undefined; the time over, gives undefined. What `attempt` throws is
 * final.
 */
export async function retry<T>(pace: Pace, attempt: () => Promise<T | undefined>): Promise<T | undefined> {
  const endsAt = performance.now() + pace.withinMs;
  for (let waitMs = pace.firstMs; ; waitMs = Math.min(waitMs * 2, pace.longestMs)) {
    const result = await attempt();
    if (result !== undefined || performance.now() + waitMs > endsAt) return result;
    await Bun.sleep(waitMs);
  }
}
