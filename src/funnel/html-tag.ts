// The pieces between "<" and ">" and after "&" in Telegram's HTML; a zero byte counts as white space, as at Telegram.

import { byteOffset, HtmlError } from "./html-error.ts";

/** `argument`: the one attribute that means something for this tag; `unix`: the time of a tg-time. `end`: after ">". */
export type StartTag = { name: string; argument: string; unix: number; end: number };

const TAGS = new Set(
  "a b strong i em s strike del u ins tg-spoiler tg-emoji tg-time span pre code blockquote".split(" "),
);
const REFERENCE = /&(?:#x([\dA-Fa-f]*)|#(\d*)|([A-Za-z]*))/y;
const NAMED = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["quot", '"'],
]);
/** A numeric reference is read up to this length, "&#" included. */
const LONGEST_NUMBER = 9;
const HALF_A_PAIR =
  "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units";
const LAST_CODE_POINT = 0x10ffff;

/** The character that a reference at `at` stands for, or undefined when it stays as it is written. */
export function readReference(source: string, at: number): { character: string; end: number } | undefined {
  REFERENCE.lastIndex = at;
  const [written = "", hex, decimal, name] = REFERENCE.exec(source) ?? [];
  const character = name === undefined ? numbered(written, hex, decimal) : NAMED.get(name);
  if (character === undefined) return undefined;
  const end = at + written.length;
  return { character, end: source[end] === ";" ? end + 1 : end };
}

/** Reads `<name attribute="value" …>` at `at`. Throws HtmlError. */
export function readStartTag(source: string, at: number): StartTag {
  const nameEnd = skip(source, at + 1, (char) => !isSpace(char) && char !== ">");
  if (nameEnd >= source.length) throw fault(source, at, "Unclosed start tag");
  const name = lower(source.slice(at + 1, nameEnd));
  if (!TAGS.has(name)) throw fault(source, at, `Unsupported start tag "${name}"`);
  const tag = { name, argument: "", unix: 0, end: nameEnd };
  for (;;) {
    tag.end = skip(source, tag.end, isSpace);
    if (source[tag.end] === ">") break;
    const attribute = readAttribute(source, tag.end, name, at);
    Object.assign(tag, meaning(name, attribute));
    tag.end = attribute.end;
  }
  if (name === "span" && tag.argument !== "spoiler") throw fault(source, at, 'Tag "span" must have class "tg-spoiler"');
  return { ...tag, end: tag.end + 1 };
}

/** Reads `</name>` at `at`, which must close `expected` (an empty name closes any tag); returns the index after it. */
export function readEndTag(source: string, at: number, expected: string | undefined): number {
  if (expected === undefined) throw fault(source, at, "Unexpected end tag");
  const nameEnd = skip(source, at + 2, (char) => !isSpace(char) && char !== ">");
  const name = lower(source.slice(at + 2, nameEnd));
  const end = skip(source, nameEnd, isSpace);
  if (source[end] !== ">") throw fault(source, at, "Unclosed end tag");
  if (name !== "" && name !== expected) {
    throw new HtmlError(
      `Unmatched end tag at byte offset ${byteOffset(source, at)}, expected "</${expected}>", found "</${name}>"`,
    );
  }
  return end + 1;
}

type Attribute = { name: string; value: string | undefined; end: number };

function readAttribute(source: string, at: number, tag: string, tagAt: number): Attribute {
  const nameEnd = skip(source, at, (char) => !isSpace(char) && !`=>/"'`.includes(char));
  const name = source.slice(at, nameEnd);
  if (name === "") throw fault(source, tagAt, `Empty attribute name in the tag "${tag}"`);
  const equals = skip(source, nameEnd, isSpace);
  if (equals >= source.length) throw fault(source, tagAt, `Unclosed start tag "${tag}"`);
  if (source[equals] !== "=") return { name, value: undefined, end: equals };
  const valueAt = skip(source, equals + 1, isSpace);
  if (valueAt >= source.length) throw fault(source, tagAt, `Unclosed start tag "${tag}"`);
  const quote = source[valueAt];
  const { value, end } = quote === '"' || quote === "'" ? quoted(source, valueAt, quote) : token(source, valueAt);
  if (end >= source.length) throw fault(source, tagAt, "Unclosed start tag");
  return { name, value, end };
}

function quoted(source: string, at: number, quote: string): { value: string; end: number } {
  let value = "";
  let end = at + 1;
  while (end < source.length && source[end] !== quote) {
    const reference = source[end] === "&" ? readReference(source, end) : undefined;
    value += reference?.character ?? source[end];
    end = reference?.end ?? end + 1;
  }
  return { value, end: end + 1 };
}

function token(source: string, at: number): { value: string; end: number } {
  const end = skip(source, at, (char) => /[a-z\d.-]/i.test(char));
  const next = source[end] ?? "\0";
  if (!isSpace(next) && next !== ">") throw fault(source, at, "Unexpected end of name token");
  return { value: lower(source.slice(at, end)), end };
}

function meaning(tag: string, { name, value }: Attribute): Partial<StartTag> {
  const key = `${tag} ${name}`;
  if (key === "blockquote expandable") return { argument: "1" };
  if (value === undefined) return {};
  if (key === "a href" || key === "tg-emoji emoji-id" || key === "tg-time format") return { argument: value };
  if (key === "code class" && value.startsWith("language-")) return { argument: value.slice("language-".length) };
  if (key === "span class" && value.startsWith("tg-")) return { argument: value.slice("tg-".length) };
  if (key === "tg-time unix") return { unix: Number.parseInt(value, 10) | 0 };
  return {};
}

function numbered(written: string, hex: string | undefined, decimal: string | undefined): string | undefined {
  const code = hex === undefined ? Number.parseInt(decimal ?? "", 10) : Number.parseInt(hex, 16);
  const stands = code > 0 && code < LAST_CODE_POINT && written.length <= LONGEST_NUMBER;
  if (!stands) return undefined;
  const character = String.fromCodePoint(code);
  if (!character.isWellFormed()) throw new HtmlError(HALF_A_PAIR);
  return character;
}

function skip(source: string, at: number, goesOn: (char: string) => boolean): number {
  let end = at;
  while (end < source.length && goesOn(source.charAt(end))) end++;
  return end;
}

function isSpace(char: string): boolean {
  return " \t\r\n\0\v".includes(char);
}

/** ASCII only: other letters keep their case, as they do at Telegram. */
function lower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function fault(source: string, at: number, sentence: string): HtmlError {
  return new HtmlError(`${sentence} at byte offset ${byteOffset(source, at)}`);
}
