// Ratios: who wins by how much, also when it is a peer.

import { expect, test } from "bun:test";
import { cellsOf, compare, type Figure } from "../../bench/compare.ts";
import { aligned } from "../../bench/words.ts";

const latency: Figure = { name: "p99", unit: "ms", better: "less", values: { ours: 4, peer: 10, floor: 2 } };
const rate: Figure = {
  name: "rate",
  unit: "updates/s",
  better: "more",
  values: { ours: 1_000, peer: 2_000, floor: 0 },
};

test("less wins where less is better, more where more is", () => {
  expect(compare(latency, "ours", "peer")).toEqual({ ratio: 0.4, winner: "ours" });
  expect(compare(latency, "ours", "floor")).toEqual({ ratio: 2, winner: "floor" });
  expect(compare(rate, "ours", "peer")).toEqual({ ratio: 0.5, winner: "peer" });
});

test("figures that lie within two per cent are level", () => {
  expect(compare({ ...latency, values: { ours: 10.1, peer: 10 } }, "ours", "peer").winner).toBeUndefined();
});

test("against nothing nobody is compared, against 0 everybody wins", () => {
  expect(compare({ ...latency, values: { ours: 4 } }, "ours", "peer")).toEqual({ ratio: Number.NaN });
  expect(compare(rate, "ours", "floor")).toEqual({ ratio: Number.POSITIVE_INFINITY, winner: "ours" });
});

test("the table has a line for each figure and a ratio for each peer", () => {
  const [head, first, second] = aligned(cellsOf([latency, rate], ["ours", "peer", "floor"])).split("\n");
  expect(head?.trim().split(/ {2,}/)).toEqual(["ours", "peer", "floor", "ours : peer", "ours : floor"]);
  expect(first?.trim().split(/ {2,}/)).toEqual([
    "p99, ms",
    "4.00",
    "10.0",
    "2.00",
    "0.40 ours wins",
    "2.00 floor wins",
  ]);
  expect(second?.trim().split(/ {2,}/)).toEqual([
    "rate, updates/s",
    "1000",
    "2000",
    "0.00",
    "0.50 peer wins",
    "– ours wins",
  ]);
});
