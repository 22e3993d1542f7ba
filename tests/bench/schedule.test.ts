// The schedule: gaps that depend on the rate and the seed alone.

import { expect, test } from "bun:test";
import { gaps } from "../../bench/schedule.ts";

const take = (count: number, next: () => number): number[] => Array.from({ length: count }, next);

test("a fixed schedule has the same gap everywhere", () => {
  expect(take(3, gaps("fixed", 500, 1))).toEqual([2, 2, 2]);
});

test("the same seed gives the same arrivals, another seed others", () => {
  expect(take(50, gaps("poisson", 100, 7))).toEqual(take(50, gaps("poisson", 100, 7)));
  expect(take(50, gaps("poisson", 100, 8))).not.toEqual(take(50, gaps("poisson", 100, 7)));
});

test("Poisson gaps have the mean of the rate, and spread as much as their mean", () => {
  const sample = take(20_000, gaps("poisson", 100, 3));
  const mean = sample.reduce((sum, gap) => sum + gap, 0) / sample.length;
  const variance = sample.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / sample.length;
  expect(mean).toBeGreaterThan(9.7);
  expect(mean).toBeLessThan(10.3);
  expect(Math.sqrt(variance) / mean).toBeGreaterThan(0.95);
  expect(Math.sqrt(variance) / mean).toBeLessThan(1.05);
  expect(Math.min(...sample)).toBeGreaterThanOrEqual(0);
});
