// The life of an incident, and the words about it, without anything around them.

import { expect, test } from "bun:test";
import { alerts } from "#src/ops/alerts.ts";
import { type Incident, step } from "#src/ops/incident.ts";
import { durationText, type Seen, troubleWith } from "#src/ops/look.ts";
import { composeNote, readAcknowledgement } from "#src/ops/notification.ts";

const begun = Date.parse("2026-03-01T12:00:00Z");
const at = (seconds: number): Date => new Date(begun + seconds * 1_000);
const trouble = (...things: string[]): Seen => ({ things, total: things.length, sentence: `${things.join()} falhou.` });

/** Plays what was seen at which second; says what was told at which. */
function play(seen: [seconds: number, seen: Seen][], holdMs = 0): { told: string[]; last: Incident | undefined } {
  let last: Incident | undefined;
  const told: string[] = [];
  for (const [seconds, what] of seen) {
    const next = step(last, what, { name: "redis_down", holdMs }, at(seconds));
    if (!next) continue;
    last = next.keep ? next.incident : undefined;
    if (next.says) told.push(`${seconds} ${next.says}`);
  }
  return { told, last };
}

test("what does not hold for its time is forgotten, and begins anew", () => {
  const { told, last } = play(
    [
      [0, trouble("a")],
      [10, "fine"],
      [20, trouble("a")],
      [30, trouble("a")],
    ],
    15_000,
  );
  expect(told).toEqual([]);
  expect(last?.since).toEqual(at(20));
});

test("what cannot be seen changes nothing: neither fired nor over", () => {
  const { told } = play(
    [
      [0, trouble("a")],
      [10, "unknown"],
      [20, trouble("a")],
      [30, "unknown"],
      [600, "unknown"],
    ],
    15_000,
  );
  expect(told).toEqual(["20 fired"]);
});

test("it is over half a minute after it was last seen, once, and not before", () => {
  const { told, last } = play([
    [0, trouble("a")],
    [10, "fine"],
    [20, trouble("a")],
    [30, "fine"],
    [59, "fine"],
    [60, "fine"],
    [70, "fine"],
  ]);
  expect(told).toEqual(["0 fired", "60 over"]);
  expect(last?.goneAt).toEqual(at(30));
});

test("where not all can be named, one that is named instead of another is no news; more of them are", () => {
  const many = (first: number, total: number): Seen => ({
    things: Array.from({ length: 50 }, (_, n) => `bot:${first + n}`),
    total,
    sentence: "Muitos.",
  });
  const { told } = play([
    [0, many(1, 80)],
    [700, many(20, 80)],
    [710, many(20, 81)],
  ]);
  expect(told).toEqual(["0 fired", "700 again", "1310 more"].slice(0, 2));
  expect(
    play([
      [0, many(1, 80)],
      [599, many(20, 81)],
      [600, many(20, 81)],
    ]).told,
  ).toEqual(["0 fired", "600 more"]);
});

test("all at once fits into one message of Telegram's, and into its buttons", () => {
  const told = alerts.map(({ name }) => {
    const seen: Seen = { things: [], total: 1, sentence: "x".repeat(2_000) };
    const next = step(undefined, seen, { name, holdMs: 0 }, at(0));
    return { incident: next?.incident as Incident, says: "fired" as const };
  });
  const { text, buttons, subject } = composeNote("bots.example.com", told, "2 avisos novos.", at(0));
  expect(text.length).toBeLessThan(4_096);
  expect(text).toMatch(/… e mais \d+: veja `grimbots alerts`\.$/);
  expect(subject).toBe("GRIMBOTS bots.example.com: 18 alertas");
  expect(buttons.map(({ data }) => readAcknowledgement(data)?.name)).toEqual(alerts.map(({ name }) => name));
  for (const { data } of buttons) expect(Buffer.byteLength(data)).toBeLessThanOrEqual(64);
});

test("a sentence names the first few, and how many more there are", () => {
  const seen = troubleWith([1, 2, 3, 4, 5, 6, 7], String, (named, total) => `${total}: ${named}.`);
  expect(seen).toEqual({
    things: ["1", "2", "3", "4", "5", "6", "7"],
    total: 7,
    sentence: "7: 1, 2, 3, 4, 5 e mais 2.",
  });
  expect(troubleWith([], String, () => "")).toBe("fine");
});

test.each([
  [25, "25 s"],
  [119, "119 s"],
  [240, "4 min"],
  [3_600, "1 h"],
  [4_200, "1 h 10 min"],
  [4 * 86_400, "4 dias"],
])("%d s are %s", (seconds, text) => {
  expect(durationText(seconds * 1_000)).toBe(text);
});
