// Whether a seller's HTML can be sent to anybody, whatever the person's name.

import { Type } from "@sinclair/typebox";
import { reasonOf } from "../kernel/errors.ts";
import { isBlank } from "./formatted.ts";
import { type FormattedText, parseHtml } from "./html.ts";
import { fillVariables, knownVariables, type Person, unknownVariables } from "./variables.ts";

/** A seller's HTML. It may be longer than the text it draws: tags and addresses do not count at Telegram. */
export const Html = Type.String({ title: "o texto", maxLength: 60_000 });

/** Five messages of Telegram's length; more is no message but a book. */
const TEXT_UNITS = 20_000;

/** As long as Telegram lets a first and a last name be, and made of what HTML trips over. */
const LONG_NAME = `Ana "d'<i>&amp;🏟 `.repeat(4).slice(0, 64);
const PEOPLE: Person[] = [{ firstName: LONG_NAME, fullName: `${LONG_NAME} ${LONG_NAME}` }, {}];

/** What is wrong with a text, as sentences. `mayBeEmpty`: something else is sent when nothing of the text is left. */
export function textProblems(html: string, mayBeEmpty: boolean): string[] {
  const unknown = unknownVariables(html).map(
    (variable) => `a variável ${variable} não existe (há ${knownVariables.join(" e ")})`,
  );
  const written = parseOrReason(html);
  if (typeof written === "string") return [...unknown, `o texto tem um erro de HTML: ${written}`];
  if (!mayBeEmpty && isBlank(written.text)) return ["o texto não pode ficar em branco"];
  const filled = PEOPLE.map((person) => parseOrReason(fillVariables(html, person)));
  return [...unknown, ...new Set(filled.flatMap((text) => filledProblems(text, mayBeEmpty)))];
}

function filledProblems(text: FormattedText | string, mayBeEmpty: boolean): string[] {
  if (typeof text === "string") return [`o texto tem uma variável dentro de uma marca de HTML: ${text}`];
  if (text.text.length > TEXT_UNITS) return ["o texto passa de 20.000 caracteres"];
  return !mayBeEmpty && isBlank(text.text) ? ["o texto fica em branco para quem não tem nome"] : [];
}

function parseOrReason(html: string): FormattedText | string {
  try {
    return parseHtml(html);
  } catch (error) {
    return reasonOf(error);
  }
}
