// What closed tags become: marks while the text is being read, Telegram's message entities at the end.

import type { MessageEntity } from "grammy/types";
import { HtmlError } from "./html-error.ts";
import type { StartTag } from "./html-tag.ts";
import { checkedLink, isUserLink } from "./link.ts";

export type OpenTag = StartTag & { offset: number };

/** `argument`: the address of a text_link, the id of a custom_emoji, the language of a code or pre, a date's format. */
export type Mark = { type: MessageEntity["type"]; offset: number; length: number; argument: string; unix: number };

const TYPES = new Map<string, MessageEntity["type"]>([
  ["a", "text_link"],
  ["b", "bold"],
  ["strong", "bold"],
  ["i", "italic"],
  ["em", "italic"],
  ["u", "underline"],
  ["ins", "underline"],
  ["s", "strikethrough"],
  ["strike", "strikethrough"],
  ["del", "strikethrough"],
  ["span", "spoiler"],
  ["tg-spoiler", "spoiler"],
  ["tg-emoji", "custom_emoji"],
  ["tg-time", "date_time"],
  ["code", "code"],
  ["pre", "pre"],
  ["blockquote", "blockquote"],
]);

/** The order of marks over the same range, the outer first (get_type_priority in tdlib's MessageEntity.cpp). */
const RANKS = [
  ...["blockquote", "expandable_blockquote", "pre", "code", "date_time", "text_link"],
  ...["bold", "italic", "underline", "strikethrough", "spoiler", "custom_emoji"],
];

/** Adds the mark that `tag` leaves on `text`, which ends where the tag closes. Throws HtmlError. */
export function addMark(marks: Mark[], tag: OpenTag, text: string): void {
  const length = text.length - tag.offset;
  const type = TYPES.get(tag.name);
  if (length === 0 || type === undefined) return;
  const mark = { type, offset: tag.offset, length, argument: tag.argument, unix: tag.unix };
  if (type === "custom_emoji") refuseEmojiId(tag.argument);
  if (type === "date_time") mark.argument = dateFormat(tag.argument);
  if (type === "text_link") mark.argument = linkOf(tag.argument || text.slice(tag.offset));
  if (type === "blockquote" && tag.argument !== "") mark.type = "expandable_blockquote";
  const lost = (type === "text_link" && mark.argument === "") || (type === "date_time" && tag.unix <= 0);
  if (!lost && !mergeCodeIntoPre(marks, mark)) marks.push(mark);
}

/** The marks as Telegram's JSON holds them, in Telegram's order: by offset, the longer first. */
export function toEntities(marks: Mark[]): MessageEntity[] {
  const rank = ({ type }: Mark) => RANKS.indexOf(type);
  return marks.toSorted((a, b) => a.offset - b.offset || b.length - a.length || rank(a) - rank(b)).map(toEntity);
}

function toEntity({ type, offset, length, argument, unix }: Mark): MessageEntity {
  if (type === "text_link") return { type, offset, length, url: argument };
  if (type === "custom_emoji") return { type, offset, length, custom_emoji_id: argument };
  if (type === "pre") return { type, offset, length, ...(argument !== "" && { language: argument }) };
  if (type === "date_time") return { type, offset, length, unix_time: unix, date_time_format: dateFormat(argument) };
  if (type === "text_mention") throw new HtmlError("A mention is written as a tg://user link");
  return { type, offset, length };
}

/** `<pre><code class="language-x">`, in either order over the same range, is one pre with a language. */
function mergeCodeIntoPre(marks: Mark[], mark: Mark): boolean {
  const last = marks.at(-1);
  const sameRange = last !== undefined && last.offset === mark.offset && last.length === mark.length;
  if (!sameRange) return false;
  const language = last.type === "code" && mark.type === "pre" ? last.argument : mark.argument;
  const pair = `${last.type} ${mark.type}`;
  if (language === "" || (pair !== "code pre" && pair !== "pre code")) return false;
  last.type = "pre";
  last.argument = language;
  return true;
}

function linkOf(address: string): string {
  return isUserLink(address) ? address : (checkedLink(address) ?? "");
}

function refuseEmojiId(id: string): void {
  const isId = /^-?[1-9]\d{0,18}$/.test(id) && BigInt.asIntN(64, BigInt(id)) === BigInt(id);
  if (!isId) throw new HtmlError("Invalid custom emoji identifier specified");
}

type DateFormat = MessageEntity.DateTimeMessageEntity["date_time_format"];

function dateFormat(written: string): DateFormat {
  if (written === "r" || written === "R") return "r";
  if (!/^[tTdDwW]*$/.test(written)) throw new HtmlError("Invalid date format used");
  const week: "w" | "" = /w/i.test(written) ? "w" : "";
  const day = written.includes("d") ? "d" : written.includes("D") ? "D" : "";
  const time = written.includes("t") ? "t" : written.includes("T") ? "T" : "";
  return `${week}${day}${time}`;
}
