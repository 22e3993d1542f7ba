// The tally: what each buyer was sent, by chat and method.

import { expect, test } from "bun:test";
import type { SendRow } from "#src/fake-telegram/sends.ts";
import { countSends, openTally } from "../../bench/payment-tally.ts";

const FIRST = 6_000_000_000;
const WHOLE = { sendPhoto: 1, sendMessage: 2 };

const row = (chat: number, method: string, atMs: number): SendRow => [FIRST + chat, method, atMs];
const sale = (chat: number, atMs: number): SendRow[] => [
  row(chat, "sendPhoto", atMs),
  row(chat, "sendMessage", atMs + 1),
  row(chat, "sendMessage", atMs + 2),
];

test("a chat that was sent a charge and a delivery counts as exactly that", () => {
  const tally = openTally(FIRST, 3);
  tally.add([...sale(0, 10), ...sale(2, 20)]);
  expect([tally.exactly(WHOLE), tally.beyond(WHOLE)]).toEqual([2, 0]);
});

test("a chat that lacks a message counts neither way, one with too many is beyond", () => {
  const tally = openTally(FIRST, 2);
  tally.add(sale(0, 10).slice(0, 2));
  tally.add([...sale(1, 20), row(1, "sendMessage", 30)]);
  expect([tally.exactly(WHOLE), tally.beyond(WHOLE)]).toEqual([0, 1]);
});

test("a message by a method that belongs to no sale is beyond", () => {
  const tally = openTally(FIRST, 1);
  tally.add([...sale(0, 10), row(0, "sendDocument", 30)]);
  expect(tally.beyond(WHOLE)).toBe(1);
});

test("other chats are left out", () => {
  const tally = openTally(FIRST, 1);
  tally.add([...sale(-1, 10), ...sale(1, 10)]);
  expect([tally.exactly(WHOLE), tally.beyond(WHOLE)]).toEqual([0, 0]);
});

test("the first message of several methods is the earliest, and NaN where none came", () => {
  const tally = openTally(FIRST, 3);
  tally.add([...sale(0, 10), row(1, "sendMessage", 15), row(1, "sendPhoto", 25)]);
  expect([...tally.firstMs(["sendMessage"])]).toEqual([11, 15, Number.NaN]);
  expect([...tally.firstMs(["sendMessage", "sendPhoto"])]).toEqual([10, 15, Number.NaN]);
});

test("messages are counted by method", () => {
  expect(countSends(sale(0, 10))).toEqual({ sendPhoto: 1, sendMessage: 2 });
});
