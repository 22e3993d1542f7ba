// The join of broadcasts: who got how many, and each bot's pace from its first to its last message.

import { expect, test } from "bun:test";
import { joinCrowds } from "../../bench/broadcast-join.ts";

const crowds = { firstChat: 1_000, bots: 2, people: 4 };
const sendAt = (chat: number, ms: number): [number, string, number] => [1_000 + chat, "sendMessage", 500_000 + ms];

test("everybody once: nobody lost or doubled, and the pace of each", () => {
  const first = [0, 1, 2, 3].map((n) => sendAt(n, n * 100));
  const second = [3, 2, 1, 0].map((n) => sendAt(4 + n, 50 + (3 - n) * 500));
  const { lost, doubled, perSecond, mostInASecond } = joinCrowds(crowds, [
    ...second,
    ...first,
    sendAt(-1, 5),
    sendAt(8, 5),
  ]);
  expect([lost, doubled, mostInASecond]).toEqual([0, 0, 4]);
  expect([...perSecond]).toEqual([10, 2]);
});

test("who got nothing is lost, who got two is doubled, and a bot with fewer than two messages has no pace", () => {
  const { lost, doubled, perSecond } = joinCrowds(crowds, [sendAt(0, 0), sendAt(0, 100), sendAt(2, 200), sendAt(5, 0)]);
  expect([lost, doubled]).toEqual([5, 1]);
  expect([...perSecond]).toEqual([10, Number.NaN]);
});

test("the most in a second is of any second, not of whole ones", () => {
  const times = [0, 900, 1_000, 1_500, 1_899, 1_900].map((ms, n) => sendAt(n % 4, ms));
  expect(joinCrowds(crowds, times).mostInASecond).toBe(4);
});
