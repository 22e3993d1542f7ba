// The books of a soak: any difference from the sandbox is a target that is missed.

import { expect, test } from "bun:test";
import { noTotals } from "#src/sandbox-gateway/merchant.ts";
import { type Books, bookTargets, differing } from "../../bench/payment-books.ts";
import { steadyRate } from "../../bench/payment-soak.ts";

const totals = { ...noTotals(), charges: 2, payments: 2, paid: 3_980, fees: 38 };
const books: Books = {
  ...{ paidOrders: 2, payments: 2, paid: 3_980, fees: 38, refunded: 0, others: 0 },
  ...{ sent: 2, unsent: 0, times: 2, orphans: 0, unsettled: 0, alerts: 0 },
};
const missed = (some: Books) =>
  bookTargets(some, totals, 2)
    .filter(({ met }) => !met)
    .map(({ name, figure }) => [name, figure]);

test("books that agree miss nothing", () => {
  expect(missed(books)).toEqual([]);
});

test("a cent is seen", () => {
  expect(missed({ ...books, paid: 3_979 })).toEqual([["sales against the statement, off by", 1]]);
  expect(missed({ ...books, fees: 39 })).toEqual([["fees against the statement, off by", 1]]);
});

test("a payment that nobody delivered, one delivered again, an orphan and an alert are seen", () => {
  expect(missed({ ...books, sent: 1, unsent: 1 })).toContainEqual(["deliveries not sent", 1]);
  expect(missed({ ...books, times: 3 })).toEqual([["deliveries sent again", 1]]);
  expect(missed({ ...books, orphans: 1, alerts: 1 })).toEqual([
    ["notices without a charge", 1],
    ["alerts", 1],
  ]);
});

test("charges are compared one by one, also those that only one side has", () => {
  const sale = { paid: 1_990, fee: 19 };
  const ours = new Map([
    ["a", sale],
    ["b", { ...sale, fee: 18 }],
    ["c", sale],
  ]);
  const theirs = new Map([
    ["a", sale],
    ["b", sale],
    ["d", sale],
  ]);
  expect(differing(ours, theirs)).toEqual(["b", "c", "d"]);
});

test("the steady rate leaves out the beginning and what came late", () => {
  const times = Array.from({ length: 100 }, (_, n) => 5_000 + n * 20);
  times.splice(95, 5, 60_000, 61_000, 62_000, 63_000, Number.NaN);
  expect(steadyRate(Float64Array.from(times))).toBeCloseTo(50);
});
