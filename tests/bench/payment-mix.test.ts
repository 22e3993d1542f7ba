// The mix of notices: how many are news, repeats and strangers, and that a repeat never comes before what it repeats.

import { expect, test } from "bun:test";
import { PAID_SHARE, sortAt } from "../../bench/payment-mix.ts";

const run = Array.from({ length: 6_000 }, (_, place) => sortAt(place));

test("a sixth brings news, half are repeats, a third is about charges that nobody made", () => {
  const share = (sort: string) => run.filter((one) => one.sort === sort).length / run.length;
  expect([share("paid"), share("repeat"), share("unknown")]).toEqual([1 / 6, 1 / 2, 1 / 3]);
  expect(PAID_SHARE).toBe(1 / 6);
});

test("each payment is told once, in turn", () => {
  const told = run.flatMap((one) => (one.sort === "paid" ? [one.nth] : []));
  expect(told).toEqual(Array.from({ length: 1_000 }, (_, nth) => nth));
});

test("what is repeated was told before", () => {
  const told = new Set<number>();
  for (const one of run) {
    if (one.sort === "paid") told.add(one.nth);
    if (one.sort === "repeat") expect(told.has(one.nth)).toBe(true);
  }
});
