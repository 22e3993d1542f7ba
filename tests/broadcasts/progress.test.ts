// How far a broadcast has come, whatever the order in which its messages end.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { openProgress } from "#src/broadcasts/progress.ts";
import type { CustomerId } from "#src/kernel/ids.ts";

const ids = (...numbers: number[]) => numbers as CustomerId[];

test("everybody up to the first who has no outcome is done, and with nobody open all up to the cursor", () => {
  const progress = openProgress(10);
  expect([progress.doneId(), progress.cursorId(), progress.begunId()]).toEqual([10, 10, 10]);
  progress.take(ids(12, 15, 19), 20);
  expect([progress.doneId(), progress.cursorId()]).toEqual([11, 20]);
  progress.begin(15 as CustomerId);
  progress.end(15 as CustomerId);
  expect([progress.doneId(), progress.begunId()]).toEqual([11, 15]);
  progress.end(12 as CustomerId);
  expect(progress.doneId()).toBe(18);
  progress.end(19 as CustomerId);
  expect(progress.doneId()).toBe(20);
  progress.take([], 40);
  expect([progress.doneId(), progress.cursorId()]).toEqual([40, 40]);
});

test("nobody without an outcome is ever at or below it, and at the end it is the cursor", () => {
  const order = fc
    .uniqueArray(fc.integer({ min: 1, max: 1_000 }), { maxLength: 30 })
    .chain((some) =>
      fc.record({ some: fc.constant(some), ended: fc.shuffledSubarray(some, { minLength: some.length }) }),
    );
  fc.assert(
    fc.property(order, ({ some, ended }) => {
      const progress = openProgress(0);
      progress.take(some.toSorted((a, b) => a - b) as CustomerId[], 1_000);
      const open = new Set(some);
      for (const id of ended) {
        progress.end(id as CustomerId);
        open.delete(id);
        const done = progress.doneId();
        expect([...open].filter((one) => one <= done)).toEqual([]);
        expect(done).toBe(open.size === 0 ? 1_000 : Math.min(...open) - 1);
      }
    }),
  );
});
