// The search for the highest rate: upwards, then between, and when it ends.

import { expect, test } from "bun:test";
import { highestHeld, nextRate, type Search, type Tried } from "../../bench/highest-rate.ts";

const search: Search = { first: 500, growth: 1.5, precision: 1.1, misses: 1 };

/** Searches against a program that holds everything up to `limit`; every rate that was tried, in order. */
function searchAgainst(limit: number, how: Search = search): Tried[] {
  const tried: Tried[] = [];
  for (let rate = nextRate(tried, how); rate !== undefined; rate = nextRate(tried, how)) {
    if (tried.length > 50) throw new Error("the search does not end");
    tried.push({ perSecond: rate, held: rate <= limit });
  }
  return tried;
}

test("it goes up in steps, then between the two ends, until they are close", () => {
  const tried = searchAgainst(1_400);
  expect(tried.slice(0, 4).map(({ perSecond }) => perSecond)).toEqual([500, 750, 1_125, 1_688]);
  const highest = highestHeld(tried);
  expect(highest).toBeLessThanOrEqual(1_400);
  expect(highest).toBeGreaterThan(1_400 / 1.1);
});

test("when the first rate is missed it goes down", () => {
  expect(searchAgainst(120).map(({ perSecond }) => perSecond)).toEqual([500, 333, 222, 148, 99, 121, 109, 115]);
  expect(highestHeld(searchAgainst(120))).toBe(115);
});

test("a program that holds nothing ends it, with 0", () => {
  expect(highestHeld(searchAgainst(0))).toBe(0);
});

test("a rate counts as missed only when it was missed often enough", () => {
  const patient = { ...search, misses: 2 };
  const once: Tried[] = [{ perSecond: 500, held: false }];
  expect(nextRate(once, patient)).toBe(500);
  expect(nextRate([...once, { perSecond: 500, held: false }], patient)).toBe(333);
  expect(nextRate([...once, { perSecond: 500, held: true }], patient)).toBe(750);
});

test("a miss below a rate that was held says nothing", () => {
  const tried = [
    { perSecond: 500, held: false },
    { perSecond: 750, held: true },
    { perSecond: 810, held: false },
  ];
  expect(nextRate(tried, search)).toBeUndefined();
  expect(highestHeld(tried)).toBe(750);
});
