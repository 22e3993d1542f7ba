// The join: what was sent to the program against what the fake got from it.

import { expect, test } from "bun:test";
import type { Driven } from "../../bench/drive.ts";
import { joinSends } from "../../bench/join.ts";

const STARTED = 1_800_000_000_000;
const FIRST_CHAT = 5_000_000_000;

/** Three arrivals, 10 ms apart; each request left 4 ms late. */
function drivenWith(status: [number, number, number]): Driven {
  return {
    firstChat: FIRST_CHAT,
    startedAtMs: STARTED,
    dueMs: Float64Array.of(0, 10, 20),
    lagMs: Float64Array.of(4, 4, 4),
    ackMs: Float64Array.of(5, 5, 5),
    status: Uint16Array.from(status),
    ...{ connections: 1, heldBack: 0, resent: 0 },
  };
}

const sendAt = (arrival: number, ms: number): [number, string, number] => [
  FIRST_CHAT + arrival,
  "sendPhoto",
  STARTED + ms,
];

test("latency counts from the intended arrival, not from when the request left", () => {
  const joined = joinSends(drivenWith([200, 200, 200]), [sendAt(1, 17), sendAt(0, 6), sendAt(2, 29.5)], 0);
  expect([...joined.sendMs]).toEqual([6, 7, 9.5]);
  expect(joined).toMatchObject({ lost: 0, doubled: 0 });
});

test("the lead of the fake's clock is taken off", () => {
  const joined = joinSends(drivenWith([200, 200, 200]), [sendAt(0, 6)], 2);
  expect(joined.sendMs[0]).toBe(4);
});

test("accepted without a send is lost; refused without a send is not", () => {
  const joined = joinSends(drivenWith([200, 503, 0]), [], 0);
  expect([...joined.sendMs]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  expect(joined.lost).toBe(1);
});

test("a chat with two sends is doubled once, and its latency is the first one's", () => {
  const sends = [sendAt(1, 30), sendAt(1, 15), sendAt(1, 40)];
  const joined = joinSends(drivenWith([200, 200, 200]), sends, 0);
  expect(joined.sendMs[1]).toBe(5);
  expect(joined).toMatchObject({ lost: 2, doubled: 1 });
});

test("sends to chats of other steps are left out", () => {
  const joined = joinSends(drivenWith([200, 200, 200]), [sendAt(-1, 5), sendAt(3, 5), [1, "sendMessage", STARTED]], 0);
  expect(joined.lost).toBe(3);
});
