// Whether a seller's HTML can be sent to anybody, whatever the person's name.

import { Type } from "@sinclair/typebox";
import { reasonOf } from "../kernel/errors.ts";
import { isBlank } from "./formatted.ts";
import { type FormattedText, parseHtml } from "./html.ts";
import { fillValues, unknownVariables, type Values, valuesOf } from "./variables.ts";

/** A seller's HTML. It may be longer than the text it draws: tags and addresses do not count at Telegram. */
export const Html = Type.String({ title: "o texto", maxLength: 60_000 });

/** Five messages of Telegram's length; more is no message but a book. */
const TEXT_UNITS = 20_000;

/** As long as Telegram lets a first and a last name be, and made of what HTML trips over. */
export const longName = `Ana "d'<i>&amp;🏟 `.repeat(4).slice(0, 64);

/** The variables that a text may have, shown by what they may stand for: each sample has a value, or undefined, for every one of them. */
export type Vocabulary = readonly [Values, ...Values[]];
const PEOPLE: Vocabulary = [valuesOf({ firstName: longName, fullName: `${longName} ${longName}` }), valuesOf({})];

/** What is wrong with a text, as sentences. `mayBeEmpty`: something else is sent when nothing of the text is left. */
export function textProblems(
  html: string,
  { mayBeEmpty = false, vocabulary = PEOPLE, longest = TEXT_UNITS } = {},
): string[] {
  const unknown = variableProblems(html, vocabulary);
  const written = parseOrReason(html);
  if (typeof written === "string") return [...unknown, `o texto tem um erro de HTML: ${written}`];
  if (!mayBeEmpty && isBlank(written.text)) return ["o texto não pode ficar em branco"];
  const filled = vocabulary.map((values) => parseOrReason(fillValues(html, values)));
  const blank = vocabulary === PEOPLE ? "para quem não tem nome" : "quando não há valor para as variáveis";
  const problems = filled.flatMap((text) => filledProblems(text, mayBeEmpty ? undefined : blank, longest));
  return [...unknown, ...new Set(problems)];
}

/** A sentence for each variable that nothing would fill in. */
export function variableProblems(text: string, [sample]: Vocabulary): string[] {
  const known = Object.keys(sample).map((name) => `{${name}}`);
  return unknownVariables(text, known).map((variable) => `a variável ${variable} não existe (há ${listOf(known)})`);
}

function filledProblems(text: FormattedText | string, blank: string | undefined, longest: number): string[] {
  if (typeof text === "string") return [`o texto tem uma variável dentro de uma marca de HTML: ${text}`];
  if (text.text.length > longest) return [tooLong(longest)];
  return blank !== undefined && isBlank(text.text) ? [`o texto fica em branco ${blank}`] : [];
}

export function tooLong(longest: number): string {
  return `o texto passa de ${longest.toLocaleString("pt-BR")} caracteres`;
}

/** "{a}, {b} e {c}" */
function listOf(names: string[]): string {
  return [names.slice(0, -1).join(", "), names.at(-1)].filter(Boolean).join(" e ");
}

function parseOrReason(html: string): FormattedText | string {
  try {
    return parseHtml(html);
  } catch (error) {
    return reasonOf(error);
  }
}
