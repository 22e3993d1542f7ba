// Reais and cents: as written in Brazil, both ways, and never through a fraction.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { cents, formatReais, parseReais } from "../../src/kernel/money.ts";

test.each([
  [0, "R$ 0,00"],
  [5, "R$ 0,05"],
  [1990, "R$ 19,90"],
  [123_456, "R$ 1.234,56"],
  [100_000_000, "R$ 1.000.000,00"],
  [-150, "-R$ 1,50"],
  [Number.MAX_SAFE_INTEGER, "R$ 90.071.992.547.409,91"],
])("%d cents are %s", (amount, text) => {
  expect(formatReais(cents(amount))).toBe(text);
});

describe("parseReais", () => {
  test.each([
    ["1.234,56", 123_456],
    ["1234,56", 123_456],
    ["19.90", 1990],
    ["19,9", 1990],
    ["19.9", 1990],
    ["19", 1900],
    ["1.234", 123_400],
    ["R$ 19,90", 1990],
    [" r$19,90 ", 1990],
    ["0,07", 7],
    ["1.15", 115],
    ["4,35", 435],
  ])("reads %j", (text, amount) => {
    expect<number | undefined>(parseReais(text)).toBe(amount);
  });

  test.each([
    "",
    "R$",
    "abc",
    "-1",
    "1,234",
    "1,234.56",
    "1.23.45",
    "19,",
    ",50",
    "1e3",
    "١٩",
    "12.34,56",
    "1 234",
    "9".repeat(17),
  ])("does not guess at %j", (text) => {
    expect(parseReais(text)).toBeUndefined();
  });
});

test("what is written is read back", () => {
  fc.assert(
    fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (amount) => {
      expect<number | undefined>(parseReais(formatReais(cents(amount)))).toBe(amount);
    }),
  );
});

test.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])("%d is no amount of cents", (amount) => {
  expect(() => cents(amount)).toThrow(RangeError);
});
