// The search for the highest rate on a program that holds up to a known one.

import { expect, test } from "bun:test";
import { bestOf, climb } from "../../bench/climb.ts";

const search = { first: 1_000, growth: 1.5, precision: 1.1, misses: 1 };

/** Holds every rate up to `most`. */
const upTo = (most: number) => async (perSecond: number) => ({ perSecond, held: perSecond <= most });

test("it comes close to the highest rate that holds, from below and from above", async () => {
  for (const most of [300, 1_000, 2_345]) {
    const best = bestOf(await climb({ ...search, steps: 20 }, upTo(most)));
    expect(best?.perSecond).toBeLessThanOrEqual(most);
    expect(best?.perSecond).toBeGreaterThan(most / 1.2);
  }
});

test("it takes no more steps than it may", async () => {
  const tried = await climb({ ...search, steps: 3 }, upTo(1_000_000));
  expect(tried.map(({ perSecond }) => perSecond)).toEqual([1_000, 1_500, 2_250]);
  expect(bestOf(tried)?.perSecond).toBe(2_250);
});

test("when nothing holds there is no best", async () => {
  const tried = await climb({ ...search, steps: 4 }, upTo(0));
  expect(tried).toHaveLength(4);
  expect(bestOf(tried)).toBeUndefined();
});
