// Long texts become several messages: cut where a reader would pause, never inside a character.

import { sliceText } from "./formatted.ts";
import type { FormattedText } from "./html.ts";

/** Telegram's bound for the text of one message, in UTF-16 units after parsing. */
const TEXT_UNITS = 4096;

/** Where a text may be cut, the best first: between paragraphs, lines, sentences, words. */
const PAUSES = [/\n\s*\n/g, /\n/g, /(?<=[.!?…:;]["'”’»)\]]*)\s/g, /\s/g];

const graphemes = new Intl.Segmenter("pt-BR", { granularity: "grapheme" });

/**
 * The text in parts of at most `limit` UTF-16 units. Only white space at the cuts is lost; an entity that crosses a cut
 * goes on in the next part. A text that fits stays as it is, and a text of nothing but white space that does not fit,
 * or an empty one, gives no part.
 */
export function splitText(formatted: FormattedText, limit = TEXT_UNITS): FormattedText[] {
  const { text } = formatted;
  if (text.length <= limit) return text === "" ? [] : [formatted];
  const parts: FormattedText[] = [];
  const last = endOfWords(text, text.length);
  for (let start = startOfWords(text, 0); start < last; ) {
    const cut = last - start <= limit ? last : cutAfter(text, start, limit);
    parts.push(sliceText(formatted, start, endOfWords(text, cut)));
    start = startOfWords(text, cut);
  }
  return parts;
}

/** Where the part that starts at `start` ends: at the last pause of the best kind within `limit`, if there is one. */
function cutAfter(text: string, start: number, limit: number): number {
  // Two units more: a pause may begin right at the limit, and a paragraph's is two units long.
  const window = text.slice(start, start + limit + 2);
  for (const pause of PAUSES) {
    const cut = [...window.matchAll(pause)].findLast(({ index }) => index <= limit)?.index;
    if (cut !== undefined) return start + cut;
  }
  return start + cutInWord(window, limit);
}

/** No pause at all: between graphemes (emoji with joiners, letters with accents), or else between code points. */
function cutInWord(window: string, limit: number): number {
  const grapheme = graphemes.segment(window).containing(limit)?.index ?? limit;
  if (grapheme > 0) return grapheme;
  const insidePair = /^[\uD800-\uDBFF][\uDC00-\uDFFF]/.test(window.slice(limit - 1, limit + 1));
  return insidePair && limit > 1 ? limit - 1 : limit;
}

function startOfWords(text: string, at: number): number {
  let start = at;
  while (start < text.length && /\s/.test(text.charAt(start))) start++;
  return start;
}

function endOfWords(text: string, at: number): number {
  let end = at;
  while (end > 0 && /\s/.test(text.charAt(end - 1))) end--;
  return end;
}
