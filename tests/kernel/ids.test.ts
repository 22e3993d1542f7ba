// Ids read from text: positive whole numbers that a JavaScript number holds, written as we write them, or nothing.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { type BotId, parseId } from "#src/kernel/ids.ts";

test.each(["1", "42", "9007199254740991"])("%p is an id", (text) => {
  expect(parseId<BotId>(text)).toBe(Number(text) as BotId);
});

test.each([
  "",
  "0",
  "-1",
  "01",
  "1.0",
  "1e3",
  " 1",
  "1 ",
  "0x1",
  "٣",
  "1\n",
  "9007199254740992",
  "99999999999999999999",
])("%p is none", (text) => {
  expect(parseId<BotId>(text)).toBeUndefined();
});

test("an id is read from exactly the text that it is written as", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const id = parseId<BotId>(text);
      if (id !== undefined) expect(String(id)).toBe(text);
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (id) => {
      expect(parseId<BotId>(String(id))).toBe(id as BotId);
    }),
  );
});
