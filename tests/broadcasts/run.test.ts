// A broadcast in hand: evenly at its pace, one at a time while it is not known to work, held and resumed, nobody lost on the way.

import { describe, expect, test } from "bun:test";
import type { Content } from "#src/broadcasts/content.ts";
import { openRun, type Recipient, type Run } from "#src/broadcasts/run.ts";
import type { BotId, BroadcastId, ChatId, CustomerId } from "#src/kernel/ids.ts";
import { limits } from "#src/kernel/limits.ts";

const WALL = Date.parse("2026-03-01T12:00:00Z");

function openHeld({ rate = 10, people = 20, content = { text: "Oi" } as Content, id = 1 } = {}): Run {
  const run = openRun(
    { id: id as BroadcastId, botId: 7 as BotId, content, rate, cursorId: 0, lastCustomerId: 1_000 },
    0,
    0,
  );
  run.add(peopleOf(1, people), people);
  return run;
}

const peopleOf = (from: number, count: number): Recipient[] =>
  Array.from({ length: count }, (_, n) => ({
    ...{ customerId: (from + n) as CustomerId, chatId: (100 + from + n) as ChatId },
    ...{ firstName: null, lastName: null, tries: 0 },
  }));

/** Begins whoever is due, each ended at once, looking every `everyMs`; the times. */
function timesOf(run: Run, untilMs: number, everyMs = 1): number[] {
  const times: number[] = [];
  for (let nowMs = 0; nowMs <= untilMs; nowMs += everyMs) {
    const recipient = run.next(nowMs, WALL);
    if (!recipient) continue;
    run.begin(recipient, nowMs);
    run.end(true);
    times.push(nowMs);
  }
  return times;
}

const gapsOf = (times: number[]): number[] => times.slice(1).map((at, n) => at - (times[n] ?? 0));

describe("its pace", () => {
  test("is even", () => {
    const gaps = gapsOf(timesOf(openHeld({ rate: 10 }), 2_000));
    expect(gaps.length).toBeGreaterThan(17);
    for (const gap of gaps) expect(Math.abs(gap - 100)).toBeLessThanOrEqual(1);
  });

  test("is kept by who looks too rarely for it to be even", () => {
    expect(timesOf(openHeld({ rate: 30, people: 100 }), 2_000, 20).length).toBeGreaterThanOrEqual(59);
  });

  test("is not made up for after a long standstill", () => {
    const run = openHeld({ rate: 30, people: 200 });
    const first = timesOf(run, 1_000).length;
    const after: number[] = [];
    for (let nowMs = 5_000; nowMs < 6_000; nowMs++) {
      const recipient = run.next(nowMs, WALL);
      if (recipient) run.begin(recipient, nowMs);
      if (recipient) run.end(true);
      if (recipient) after.push(nowMs);
    }
    expect(after.length).toBeLessThanOrEqual(first + 1);
  });

  test("of several that begin together falls on different moments", () => {
    const first = Array.from({ length: 10 }, (_, n) => timesOf(openHeld({ rate: 1, people: 1, id: n + 1 }), 1_000)[0]);
    expect(new Set(first).size).toBe(10);
    const gaps = gapsOf(first.map((at) => at ?? -1).toSorted((a, b) => a - b));
    expect(Math.min(...gaps)).toBeGreaterThan(30);
  });
});

test("no more are under way than there are places, and one at a time before the medium has a name", () => {
  const begunOf = (run: Run): number => {
    let begun = 0;
    for (let nowMs = 0; nowMs < 10_000; nowMs++) {
      const recipient = run.next(nowMs, WALL);
      if (recipient) run.begin(recipient, nowMs);
      if (recipient) begun += 1;
    }
    return begun;
  };
  expect(begunOf(openHeld({ rate: 30, people: 100 }))).toBe(limits.bulkInFlightPerBroadcast);
  const media = { kind: "photo", source: { url: "https://example.com/a.jpg" } } as const;
  const run = openHeld({ rate: 30, people: 100, content: { media } });
  expect(begunOf(run)).toBe(1);
  run.end(true);
  expect(begunOf(run)).toBe(limits.bulkInFlightPerBroadcast);
});

test("what Telegram holds back comes first when the pause is over, in order, and nobody before that", () => {
  const run = openHeld({ people: 5 });
  const [first, second] = [run.next(1_000, WALL), undefined];
  if (first) run.begin(first, 1_000);
  const next = run.next(1_200, WALL);
  if (next) run.begin(next, 1_200);
  expect([first?.customerId, next?.customerId, second]).toEqual([1, 2, undefined] as never);
  if (next) run.putBack(next, WALL + 30_000);
  if (first) run.putBack(first, WALL + 29_000);
  expect(run.next(5_000, WALL + 29_999)).toBeUndefined();
  const order = [5_000, 6_000, 7_000].map((nowMs) => {
    const recipient = run.next(nowMs, WALL + 30_000);
    if (recipient) run.begin(recipient, nowMs);
    return Number(recipient?.customerId);
  });
  expect(order).toEqual([1, 2, 3]);
  expect(run.underWay()).toBe(3);
});

test("failures: growing pauses, one at a time, and back to the pace with the first that arrives", () => {
  const run = openHeld({ people: 40, rate: 30 });
  let wallMs = WALL;
  const pauses: number[] = [];
  for (let tries = 0; tries < 10; tries++) {
    const nowMs = (tries + 1) * 1_000;
    const recipient = run.next(nowMs, wallMs);
    if (!recipient) throw new Error("somebody is due");
    run.begin(recipient, nowMs);
    expect(run.next(nowMs + 1_000, wallMs) === undefined).toBe(tries > 0);
    run.rest(wallMs);
    // One that failed beside it counts for nothing more.
    run.rest(wallMs);
    run.putBack(recipient);
    let pauseMs = 0;
    while (!run.next(nowMs + 1_000, wallMs + pauseMs)) pauseMs += 500;
    pauses.push(pauseMs);
    wallMs += pauseMs;
  }
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 120, 120, 120].map((seconds) => seconds * 1_000));
  const recipient = run.next(20_000, wallMs);
  if (recipient) run.begin(recipient, 20_000);
  run.end(true);
  const two = [21_000, 22_000].map((nowMs) => {
    const next = run.next(nowMs, wallMs);
    if (next) run.begin(next, nowMs);
    return next?.customerId;
  });
  expect(two).toEqual([2, 3] as CustomerId[]);
});

test("a chat that has to wait holds up nobody else", () => {
  const run = openHeld({ people: 3 });
  const first = run.next(1_000, WALL);
  if (first) run.setAside(first, 2_000);
  expect(run.next(1_000, WALL)?.customerId as number).toBe(2);
  expect(run.next(2_000, WALL)?.customerId as number).toBe(1);
});

test("stopped, it begins nothing more; it is quiet when all that was under way is written", () => {
  const run = openHeld({ people: 3 });
  const first = run.next(1_000, WALL);
  if (first) run.begin(first, 1_000);
  run.stop();
  expect([run.next(9_000, WALL), run.isStopped(), run.isQuiet()]).toEqual([undefined, true, false]);
  run.end(true);
  run.unwritten += 1;
  expect(run.isQuiet()).toBe(false);
  run.unwritten -= 1;
  expect(run.isQuiet()).toBe(true);
});

test("hungry while customers run short, empty when all were read and nobody waits", () => {
  const run = openHeld({ people: 4, rate: 9 });
  expect(run.isHungry()).toBe(false);
  const first = run.next(1_000, WALL);
  if (first) run.begin(first, 1_000);
  expect(run.isHungry()).toBe(true);
  run.add([], 1_000);
  expect([run.isHungry(), run.isEmpty()]).toEqual([false, false]);
  for (const nowMs of [2_000, 3_000, 4_000]) {
    const recipient = run.next(nowMs, WALL);
    if (recipient) run.begin(recipient, nowMs);
  }
  expect(run.isEmpty()).toBe(true);
});
