// Percentiles: nearest rank, on values that were measured.

import { describe, expect, test } from "bun:test";
import { percentilesOf, spreadOf } from "../../bench/percentiles.ts";

const oneTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe("percentiles", () => {
  test("are values of the sample, whatever its order", () => {
    expect(percentilesOf(oneTo(1_000).reverse())).toEqual({
      count: 1_000,
      p50: 500,
      p90: 900,
      p99: 990,
      p999: 999,
      max: 1_000,
    });
  });

  test("of few values show the largest one in the tail", () => {
    expect(percentilesOf([3, 1, 2])).toEqual({ count: 3, p50: 2, p90: 3, p99: 3, p999: 3, max: 3 });
  });

  test("sort by number, not by text", () => {
    expect(percentilesOf([10, 9, 100]).p50).toBe(10);
  });

  test("leave out what never happened", () => {
    expect(percentilesOf([Number.NaN, 5, Number.NaN])).toMatchObject({ count: 1, p50: 5, max: 5 });
    expect(percentilesOf([Number.NaN])).toMatchObject({ count: 0, p99: Number.NaN });
  });
});

describe("the spread of runs", () => {
  test("is the middle run between the extremes", () => {
    expect(spreadOf([9, 4, 5])).toEqual({ median: 5, least: 4, most: 9 });
  });

  test("is between the two middle ones of an even number", () => {
    expect(spreadOf([1, 8, 4, 2])).toEqual({ median: 3, least: 1, most: 8 });
  });
});
