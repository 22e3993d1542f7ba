// Walking: which steps run in a row, and that every walk ends.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { longestWalk, waits, walk } from "../../src/funnel/walk.ts";

type Stop = { id: string; next?: string; buttons?: object[][] };

const steps: Stop[] = [
  { id: "a", next: "b" },
  { id: "b", next: "c", buttons: [] },
  { id: "c", next: "d", buttons: [[{ text: "Bob" }]] },
  { id: "d" },
  { id: "x", next: "y" },
  { id: "y", next: "x" },
  { id: "z", next: "nowhere" },
];

test.each([
  ["a", ["a", "b", "c"], "c"],
  ["c", ["c"], "c"],
  ["d", ["d"], "d"],
  ["x", ["x", "y"], "y"],
  ["z", ["z"], "z"],
  ["nowhere", [], "nowhere"],
])("from %s it runs %p and stands at %s", (from, ids, at) => {
  const walked = walk({ steps }, from);
  expect(walked.steps.map(({ id }) => id)).toEqual(ids);
  expect(walked.at).toBe(at);
});

test("a walk never runs more steps than its bound", () => {
  const long = Array.from({ length: 60 }, (_, n) => ({ id: `${n}`, next: `${n + 1}` }));
  expect(walk({ steps: long }, "0").steps).toHaveLength(longestWalk);
});

test("any walk in any funnel ends, runs no step twice, and passes no step that waits", () => {
  const names = fc.constantFrom(...Array.from("abcdefgh"));
  const step = fc.record(
    { id: names, next: names, buttons: fc.array(fc.array(fc.constant({}), { maxLength: 1 }), { maxLength: 2 }) },
    { requiredKeys: ["id"] },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), names, (steps, from) => {
      const walked = walk({ steps }, from).steps;
      expect(new Set(walked).size).toBe(walked.length);
      expect(walked.slice(0, -1).some(waits)).toBe(false);
    }),
  );
});
