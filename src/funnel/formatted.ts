// Cutting and cleaning a formatted text: the entities follow the text they mark.

import type { FormattedText } from "./html.ts";

/** What Telegram turns into spaces: the control characters of ASCII but for line feed, carriage return and delete. */
const CONTROLS = /(?![\n\r\u007f-\u009f])\p{Cc}/gu;
/** What Telegram removes: carriage returns, line and direction separators, marks that draw over other letters. */
const REMOVED = /[\r\u2028-\u202e]|\u0333|\u033f|\u030a/g;
/** Characters that draw nothing; Telegram calls a text of only these empty. */
const INVISIBLE = /^[\s\u180e\u200b-\u200f\u202e\u2800\ufeff\ufffc\u{e0000}\u{e0001}]*$/u;

/**
 * The text as Telegram keeps it, and counts it against its limits: control characters become spaces, some characters
 * go, white space goes at the end and, up to the first entity, at the start. Source: fix_formatted_text in tdlib.
 */
export function cleanText(formatted: FormattedText): FormattedText {
  const { text, entities } = removeUnkept({ ...formatted, text: formatted.text.replace(CONTROLS, " ") });
  let end = text.length;
  while (end > 0 && isSpace(text, end - 1)) end--;
  let first = 0;
  while (first < text.length && isSpace(text, first)) first++;
  const start = Math.min(first, entities[0]?.offset ?? end);
  return sliceText({ text, entities }, start, Math.max(start, end));
}

const isSpace = (text: string, at: number): boolean => text[at] === " " || text[at] === "\n";

/** The part from `start` up to `end` (UTF-16 units); entities are clipped to it. */
export function sliceText({ text, entities }: FormattedText, start: number, end: number): FormattedText {
  const clipped = entities.flatMap((entity) => {
    const from = Math.max(entity.offset, start);
    const to = Math.min(entity.offset + entity.length, end);
    return from < to ? [{ ...entity, offset: from - start, length: to - from }] : [];
  });
  return { text: text.slice(start, end), entities: clipped };
}

/** Several texts as one, with `between` between them. */
export function joinTexts(texts: FormattedText[], between = ""): FormattedText {
  const joined: FormattedText = { text: "", entities: [] };
  for (const [index, { text, entities }] of texts.entries()) {
    if (index > 0) joined.text += between;
    joined.entities.push(...entities.map((entity) => ({ ...entity, offset: entity.offset + joined.text.length })));
    joined.text += text;
  }
  return joined;
}

/** True when Telegram would refuse the text as empty. */
export function isBlank(text: string): boolean {
  return INVISIBLE.test(text);
}

function removeUnkept({ text, entities }: FormattedText): FormattedText {
  const kept = text.replace(REMOVED, "");
  if (kept.length === text.length) return { text, entities };
  const keptBefore = new Uint32Array(text.length + 1);
  for (let at = 0; at < text.length; at++) {
    keptBefore[at + 1] = (keptBefore[at] ?? 0) + (text.charAt(at).replace(REMOVED, "") === "" ? 0 : 1);
  }
  const moved = entities.flatMap((entity) => {
    const offset = keptBefore[entity.offset] ?? 0;
    const length = (keptBefore[entity.offset + entity.length] ?? offset) - offset;
    return length > 0 ? [{ ...entity, offset, length }] : [];
  });
  return { text: kept, entities: moved };
}
