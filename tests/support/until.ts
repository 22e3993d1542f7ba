// Waits for a condition that nothing announces, within a bound: what a test polls, it polls here.

const LOOK_EVERY_MS = 10;

/** Resolves with the first value of `look` that is not false, null or undefined; rejects with `what` after `withinMs`. */
export async function until<Value>(
  what: string,
  look: () => Promise<Value> | Value,
  withinMs = 10_000,
): Promise<NonNullable<Exclude<Value, false>>> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const value = await look();
    if (value !== false && value !== null && value !== undefined) return value as NonNullable<Exclude<Value, false>>;
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await Bun.sleep(LOOK_EVERY_MS);
  }
}
