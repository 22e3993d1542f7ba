// Telegram's HTML mode, read as Telegram reads it: tags become entities whose offsets count UTF-16 units.
// Messages go out as text and entities, never with parse_mode, so neither a person's name nor a cut can break a tag.
// Source: parse_html in tdlib's MessageEntity.cpp; errors keep its wording, and its byte offsets count UTF-8 bytes.

import type { MessageEntity } from "grammy/types";
import { cleanText } from "./formatted.ts";
import { addMark, type Mark, type OpenTag, toEntities } from "./html-entity.ts";
import { HtmlError } from "./html-error.ts";
import { readEndTag, readReference, readStartTag } from "./html-tag.ts";

export { HtmlError } from "./html-error.ts";

/** A text and what is bold, linked … in it. Offsets and lengths are UTF-16 units, as in JavaScript's strings. */
export type FormattedText = { text: string; entities: MessageEntity[] };

/**
 * Reads Telegram's HTML and cleans the result as Telegram does before it counts its length (white space at the ends,
 * control characters). Throws HtmlError with Telegram's own sentence.
 */
export function parseHtml(html: string): FormattedText {
  const source = html.toWellFormed();
  const open: OpenTag[] = [];
  const marks: Mark[] = [];
  let text = "";
  for (let at = 0; at < source.length; ) {
    const reference = source[at] === "&" ? readReference(source, at) : undefined;
    if (reference !== undefined) {
      text += reference.character;
      at = reference.end;
    } else if (source[at] !== "<") {
      const end = endOfPlain(source, at);
      text += source.slice(at, end);
      at = end;
    } else if (source[at + 1] === "/") {
      const tag = open.pop();
      at = readEndTag(source, at, tag?.name);
      if (tag !== undefined) addMark(marks, tag, text);
    } else {
      const tag = readStartTag(source, at);
      open.push({ ...tag, offset: text.length });
      at = tag.end;
    }
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined) {
    throw new HtmlError(`Can't find end tag corresponding to start tag "${unclosed.name}"`);
  }
  return cleanText({ text, entities: toEntities(marks) });
}

/** Where the text that begins at `at` may end: at the next tag or reference behind its first character. */
function endOfPlain(source: string, at: number): number {
  let end = at + 1;
  while (end < source.length && source[end] !== "<" && source[end] !== "&") end++;
  return end;
}

/** Makes any text safe inside HTML: between tags and inside quoted attributes of either quote. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
