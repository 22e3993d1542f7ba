// Turns: everybody gets his, so many leave together and no more, an answer comes first, and at rest no timer runs.

import { expect, test } from "bun:test";
import { openTurns } from "#src/broadcasts/turns.ts";
import { limits } from "#src/kernel/limits.ts";
import { until } from "../support/until.ts";

/** Items that are always due, up to a number of times in all. */
function openItems(count: number, times: number) {
  const items = Array.from({ length: count }, () => ({ begun: 0, dueMs: () => Number.POSITIVE_INFINITY }));
  const turns: number[] = [];
  let left = times;
  let turnMs = 0;
  let isAsked = false;
  const open = openTurns({
    items: () => items,
    begin(item, nowMs) {
      if (left === 0) return false;
      if (nowMs !== turnMs) turns.push(0);
      turnMs = nowMs;
      turns[turns.length - 1] = (turns.at(-1) ?? 0) + 1;
      left -= 1;
      item.begun += 1;
      return true;
    },
    isAsked: () => isAsked,
  });
  return {
    ...{ items, turns, open },
    ask: (asked: boolean) => {
      isAsked = asked;
    },
    isOver: () => left === 0,
  };
}

test("all get theirs, and no more leave together than may", async () => {
  const { items, turns, open, isOver } = openItems(limits.bulkAtOnce * 3, limits.bulkAtOnce * 6);
  open.soon();
  await until("all have left", isOver);
  open.stop();
  expect(Math.max(...turns)).toBe(limits.bulkAtOnce);
  expect(new Set(items.map(({ begun }) => begun))).toEqual(new Set([2]));
});

test("while answers are asked for without end, it is the broadcasts' turn all the same", async () => {
  const { open, ask, isOver } = openItems(2, 4);
  ask(true);
  open.soon();
  await until("all have left", isOver);
  open.stop();
});

test("stopped, nothing leaves any more; without items nothing runs", async () => {
  const { turns, open } = openItems(2, 4);
  open.stop();
  open.soon();
  const none = openItems(0, 1);
  none.open.soon();
  const later = openItems(1, 1);
  later.open.soon();
  await until("one that was begun later has left", later.isOver);
  later.open.stop();
  expect([turns, none.turns]).toEqual([[], []]);
});
