// Flood control: bulk stays under Telegram's 30 a second, answers never wait for it, a chat is not flooded, memory is bounded.

import { expect, test } from "bun:test";
import fc from "fast-check";
import type { BotId, ChatId } from "#src/kernel/ids.ts";
import { limits } from "#src/kernel/limits.ts";
import { openPace } from "#src/telegram/pace.ts";

const bot = 7 as BotId;
const chat = (number: number) => number as ChatId;

/** A pace with its clock in the hand. */
function openHeld(share = 1) {
  let ms = 0;
  const pace = openPace({ nowMs: () => ms, share });
  let chats = 0;
  return {
    pace,
    advance(by: number) {
      ms += by;
    },
    /** A message to somebody who has got none yet. */
    take: (bulk: boolean, to: BotId = bot) => pace.take(to, chat(++chats), bulk),
  };
}

/** When each of `count` bulk messages leaves, in ms, if every wait is waited for. */
function bulkTimes(held: ReturnType<typeof openHeld>, count: number): number[] {
  const times: number[] = [];
  for (let nowMs = 0; times.length < count; ) {
    const waitMs = held.take(true);
    if (waitMs === 0) times.push(nowMs);
    held.advance(waitMs);
    nowMs += waitMs;
  }
  return times;
}

test("bulk: no second holds more than Telegram's 30 messages and one that was late, and the rate is used", () => {
  const times = bulkTimes(openHeld(), 300);
  for (const from of times)
    expect(times.filter((ms) => ms >= from && ms < from + 1_000).length).toBeLessThanOrEqual(31);
  expect(times.at(-1)).toBeLessThan((300 / limits.bulkPerSecond) * 1_100);
});

test.each([2, 4, 64])("bulk: %d processes share the rate, and a small share still sends", (processes) => {
  const times = bulkTimes(openHeld(1 / processes), 20);
  const perSecond = limits.bulkPerSecond / processes;
  expect(times.at(-1)).toBeGreaterThan((18 / perSecond) * 1_000 - 1_000);
  expect(times.at(-1)).toBeLessThan((20 / perSecond) * 1_200);
});

test("an answer is never held back by its bot's bulk, but bulk waits for answers", () => {
  const held = openHeld();
  while (held.take(true) === 0);
  for (let answers = 0; answers < 100; answers++) expect(held.take(false)).toBe(0);
  const waitMs = held.take(true);
  expect(waitMs).toBeGreaterThan(1_000);
  // One second's worth of answers at most is made good: bulk is not shut out for long.
  expect(waitMs).toBeLessThanOrEqual(1_000 + 1_000 / limits.bulkPerSecond + 1);
  held.advance(waitMs);
  expect(held.take(true)).toBe(0);
});

test("a chat takes a burst, then one a second, answers as well as bulk", () => {
  const { pace, advance } = openHeld();
  const taken = () => pace.take(bot, chat(501), false);
  for (let messages = 0; messages < limits.chatBurst; messages++) expect(taken()).toBe(0);
  expect(taken()).toBe(1_000);
  advance(998);
  expect(taken()).toBeGreaterThan(0);
  advance(2);
  expect(taken()).toBe(0);
  expect(taken()).toBe(1_000);
  expect(pace.take(bot, chat(501), true)).toBe(1_000);
});

test("a bot whose bulk is all this process' has its whole rate here, until it is shared again", () => {
  const held = openHeld(1 / 4);
  held.pace.own(bot, true);
  expect(bulkTimes(held, 100).at(-1)).toBeLessThan((100 / limits.bulkPerSecond) * 1_100);
  held.pace.own(bot, false);
  expect(bulkTimes(held, 100).at(-1)).toBeGreaterThan((95 / limits.bulkPerSecond) * 4 * 1_000);
});

test("what the bot's bucket holds back is told apart from what a chat has to wait", () => {
  const { pace, take } = openHeld();
  for (let messages = 0; messages < limits.chatBurst; messages++) pace.take(8 as BotId, chat(501), false);
  expect(pace.take(bot, chat(501), true)).toBe(0);
  expect(pace.bulkWait(8 as BotId)).toBeGreaterThan(0);
  expect(pace.bulkWait(bot)).toBe(0);
  while (take(true) === 0);
  expect(pace.bulkWait(bot)).toBe(Math.ceil(1_000 / limits.bulkPerSecond));
});

test("chats and bots do not hold each other back", () => {
  const { pace, take } = openHeld();
  while (pace.take(bot, chat(501), false) === 0);
  expect(pace.take(bot, chat(502), false)).toBe(0);
  expect(pace.take(8 as BotId, chat(501), false)).toBe(0);
  while (take(true) === 0);
  expect(take(true, 8 as BotId)).toBe(0);
});

test("memory is bounded: the chat that was silent for longest is forgotten first", () => {
  const { pace, take } = openHeld();
  const silent = chat(900_000);
  const talking = chat(900_001);
  for (const one of [silent, talking]) while (pace.take(bot, one, false) === 0);
  for (let others = 0; others < limits.pacedChats - 1; others++) take(false, (others + 10) as BotId);
  expect(pace.take(bot, talking, false)).toBeGreaterThan(0);
  // Forgotten: its bucket is full again.
  expect(pace.take(bot, silent, false)).toBe(0);
});

test("whatever is taken when: a wait is a whole number of ms, is bounded, and waiting for it helps", () => {
  const step = fc.record({ chatId: fc.integer({ min: 1, max: 3 }), bulk: fc.boolean(), pauseMs: fc.nat(1_500) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(1, 0.5, 1 / 64), (steps, share) => {
      const { pace, advance } = openHeld(share);
      const longestMs = 1_000 + (2 * 1_000) / (limits.bulkPerSecond * share);
      for (const { chatId, bulk, pauseMs } of steps) {
        const waitMs = pace.take(bot, chat(chatId), bulk);
        expect(Number.isInteger(waitMs)).toBe(true);
        expect(waitMs).toBeLessThanOrEqual(longestMs);
        if (waitMs > 0) {
          advance(waitMs);
          // A last millisecond may be missing to rounding.
          expect(pace.take(bot, chat(chatId), bulk)).toBeLessThanOrEqual(1);
        }
        advance(pauseMs);
      }
    }),
  );
});
