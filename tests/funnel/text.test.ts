// Splitting: where a long text is cut, and that nothing of it is lost or torn.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { FormattedText } from "../../src/funnel/html.ts";
import { splitText } from "../../src/funnel/text.ts";

const plain = (text: string): FormattedText => ({ text, entities: [] });
const texts = (text: string, limit: number) => splitText(plain(text), limit).map((part) => part.text);

describe("the cut", () => {
  test.each([
    ["a text that fits stays whole", "um dois", 7, ["um dois"]],
    ["a paragraph before a line", "aa\n\nbb\ncc dd", 9, ["aa", "bb\ncc dd"]],
    ["a line before a sentence", "aa\nbb. cc dd", 9, ["aa", "bb. cc dd"]],
    ["a sentence before a word", "aa. bb cc dd", 8, ["aa.", "bb cc dd"]],
    ["a quoted sentence", 'a "b!" cc dd', 9, ['a "b!"', "cc dd"]],
    ["a word before its letters", "aaaa bbbb", 6, ["aaaa", "bbbb"]],
    ["white space right at the limit", "aaaa bbbb", 4, ["aaaa", "bbbb"]],
    ["a paragraph right at the limit", "a b\n\nc d", 3, ["a b", "c d"]],
    ["letters when there is no pause", "aaaaaaa", 3, ["aaa", "aaa", "a"]],
    ["no surrogate pair is torn", "a🏟🏟🏟", 4, ["a🏟", "🏟🏟"]],
    ["a family stays together", "ab👨‍👩‍👧cd", 9, ["ab", "👨‍👩‍👧c", "d"]],
    ["an accent stays with its letter", "abe\u0301f", 3, ["ab", "e\u0301f"]],
    ["a grapheme longer than the limit is cut between code points", "👨‍👩‍👧", 4, ["👨\u200d", "👩\u200d", "👧"]],
    ["white space alone gives nothing", " ".repeat(9), 4, []],
    ["long white space is dropped at the cut", `a${" ".repeat(9)}b`, 4, ["a", "b"]],
    ["an empty text gives nothing", "", 4, []],
  ])("%s", (_, text, limit, parts) => {
    expect(texts(text, limit)).toEqual(parts);
  });
});

test("an entity that crosses a cut goes on in the next part", () => {
  const link = { type: "text_link" as const, offset: 1, length: 7, url: "https://t.me/" };
  expect(splitText({ text: "aaaa bbbb cc", entities: [link] }, 5)).toEqual([
    { text: "aaaa", entities: [{ ...link, offset: 1, length: 3 }] },
    { text: "bbbb", entities: [{ ...link, offset: 0, length: 3 }] },
    { text: "cc", entities: [] },
  ]);
});

test("the default limit is Telegram's", () => {
  expect(splitText(plain("a".repeat(4097))).map(({ text }) => text.length)).toEqual([4096, 1]);
});

describe("properties", () => {
  const units = fc.constantFrom("a", "é", "e\u0301", "🏟", "👨‍👩‍👧", " ", "\n", "\n\n", ". ", "!", "palavra ");
  const marked = fc
    .array(units, { maxLength: 60 })
    .map((pieces) => pieces.join(""))
    .chain((text) => fc.tuple(fc.constant(text), fc.array(fc.tuple(fc.nat(text.length), fc.nat(text.length)))))
    .map(([text, ranges]): FormattedText => {
      const entities = ranges.map(([a, b]) => ({
        type: "bold" as const,
        offset: Math.min(a, b),
        length: Math.abs(a - b),
      }));
      return { text, entities: entities.filter(({ length }) => length > 0) };
    });
  const limits = fc.integer({ min: 2, max: 40 });

  test("every part fits, none is blank, and no pair is torn", () => {
    fc.assert(
      fc.property(marked, limits, (formatted, limit) => {
        if (formatted.text.length <= limit) return;
        for (const { text } of splitText(formatted, limit)) {
          expect(text.length).toBeLessThanOrEqual(limit);
          expect(text.trim()).not.toBe("");
          expect(text.isWellFormed()).toBe(true);
        }
      }),
    );
  });

  test("every character arrives in order with the same marks, save white space at the cuts", () => {
    fc.assert(
      fc.property(marked, limits, (formatted, limit) => {
        expect(splitText(formatted, limit).flatMap(marksOfCharacters)).toEqual(marksOfCharacters(formatted));
      }),
    );
  });

  test("white space is lost at the cuts only", () => {
    fc.assert(
      fc.property(marked, limits, ({ text, entities }, limit) => {
        let at = 0;
        for (const part of splitText({ text, entities }, limit)) {
          const found = text.indexOf(part.text, at);
          expect(text.slice(at, found).trim()).toBe("");
          at = found + part.text.length;
        }
        expect(text.slice(at).trim()).toBe("");
      }),
    );
  });

  test("a cut falls between graphemes wherever a grapheme fits", () => {
    const segmenter = new Intl.Segmenter("pt-BR", { granularity: "grapheme" });
    fc.assert(
      fc.property(marked, (formatted) => {
        const whole = [...segmenter.segment(formatted.text)].map(({ segment }) => segment).filter((one) => one.trim());
        const cut = splitText(formatted, 12).flatMap(({ text }) =>
          [...segmenter.segment(text)].map((one) => one.segment),
        );
        expect(cut.filter((one) => one.trim())).toEqual(whole);
      }),
    );
  });
});

function marksOfCharacters({ text, entities }: FormattedText): string[] {
  return [...text].flatMap((character, index, all) => {
    const at = all.slice(0, index).join("").length;
    const marks = entities.filter(({ offset, length }) => offset <= at && at < offset + length).length;
    return character.trim() === "" ? [] : [`${character}${marks}`];
  });
}
