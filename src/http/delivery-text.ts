// A formatted text as safe HTML for a browser: every letter is escaped, and only the marks of the funnel's HTML become tags.

import type { FormattedText } from "../funnel/html.ts";
import { escapeHtml } from "../funnel/html.ts";

type Entity = FormattedText["entities"][number];

/** Marks become these; what is not listed (an emoji of Telegram's own, a date) is shown as its text. */
const TAGS: Partial<Record<Entity["type"], [open: string, close: string]>> = {
  bold: ["<b>", "</b>"],
  italic: ["<i>", "</i>"],
  underline: ["<u>", "</u>"],
  strikethrough: ["<s>", "</s>"],
  spoiler: ['<span class="spoiler" tabindex="0">', "</span>"],
  code: ["<code>", "</code>"],
  pre: ["<pre>", "</pre>"],
  blockquote: ["<blockquote>", "</blockquote>"],
  expandable_blockquote: ["<blockquote>", "</blockquote>"],
};

/** Addresses that a browser may follow; any other scheme could run something. */
const FOLLOWED = /^(?:https?|tg):\/\//i;
/** A bare address, as Telegram makes a link of it; punctuation at its end belongs to the sentence. */
const BARE = /https?:\/\/[^\s<>"'“”]*[^\s<>"'“”.,;:!?)\]}]/gi;

/** A link that tells the other side nothing; the address as it is when a browser should not follow it. */
export function linkTo(address: string, inner: string, attributes = ""): string {
  if (!FOLLOWED.test(address)) return inner;
  return `<a href="${escapeHtml(address)}" rel="noopener noreferrer nofollow"${attributes}>${inner}</a>`;
}

/** Well-formed whatever the entities are: one that crosses the end of another ends with it. */
export function htmlOf({ text, entities }: FormattedText): string {
  const sorted = entities.toSorted((a, b) => a.offset - b.offset || b.length - a.length);
  return between(text, sorted, 0, text.length, false);
}

/** The part from `from` to `to`, of which `entities` (in order) mark parts. */
function between(text: string, entities: Entity[], from: number, to: number, isLinked: boolean): string {
  let html = "";
  let at = from;
  let rest = entities;
  while (rest.length > 0) {
    const [entity, ...others] = rest as [Entity, ...Entity[]];
    const start = Math.max(at, entity.offset);
    const end = Math.min(to, entity.offset + entity.length);
    const inside = others.filter(({ offset }) => offset < end);
    rest = others.filter(({ offset }) => offset >= end);
    if (start >= end) continue;
    html += plain(text.slice(at, start), isLinked);
    html += marked(entity, (linked) => between(text, inside, start, end, isLinked || linked));
    at = end;
  }
  return html + plain(text.slice(at, to), isLinked);
}

function marked(entity: Entity, inner: (linked: boolean) => string): string {
  if (entity.type === "text_link") return linkTo(entity.url, inner(true));
  const [open = "", close = ""] = TAGS[entity.type] ?? [];
  return open + inner(entity.type === "code" || entity.type === "pre") + close;
}

function plain(text: string, isLinked: boolean): string {
  if (isLinked) return escapeHtml(text);
  let html = "";
  let at = 0;
  for (const { 0: address, index } of text.matchAll(BARE)) {
    html += escapeHtml(text.slice(at, index)) + linkTo(address, escapeHtml(address));
    at = index + address.length;
  }
  return html + escapeHtml(text.slice(at));
}
