// The texts of the sale, as the seller may write them himself: checked like every text, filled in with what is known.

import { Type } from "@sinclair/typebox";
import { Html, longName, textProblems, tooLong, type Vocabulary, variableProblems } from "./check-text.ts";
import { defaultTexts, type TextDefinition, type TextName, type Variable } from "./default-texts.ts";
import { isBlank } from "./formatted.ts";
import { type FormattedText, parseHtml } from "./html.ts";
import type { Problem } from "./problem.ts";
import { splitText } from "./text.ts";
import { fillValues, type Values } from "./variables.ts";

export type { TextName } from "./default-texts.ts";
/** What the variables stand for; texts, never HTML. What is missing is filled in as nothing. */
export type TextValues = Partial<Record<Variable, string>>;

const definitions: [string, TextDefinition][] = Object.entries(defaultTexts);

const properties = definitions.map(([name, { isToast, longest }]) => {
  const toast = Type.String({ title: "o texto", maxLength: longest ?? 0 });
  return [name, Type.Optional(isToast ? toast : Html)] as const;
});

/** The seller's own texts by name; HTML, but for the toasts. */
export const Texts = Type.Unsafe<Partial<Record<TextName, string>>>(
  Type.Object(Object.fromEntries(properties), { title: "a lista de textos", additionalProperties: false }),
);

/** Everything as long as it may become, and what may be missing missing. */
const LONG: Record<Variable, string> = {
  ...{ nome: `${longName} ${longName}`, primeiro_nome: longName, produto: `${longName}${longName}`.slice(0, 120) },
  ...{ valor: "R$ 100.000,00", pago: "R$ 100.000,00", pedido: "9".repeat(12), pix: "0".repeat(512) },
  ...{ validade: "31/12 às 23:59 (23 horas e 59 minutos)", link: "https://example.com/?a=1&b='2'" },
};
const SHORT: Partial<Record<Variable, string>> = { produto: "a", valor: "R$ 1,00", pago: "R$ 1,00", pedido: "1" };

/** What is wrong with the seller's texts. */
export function textsProblems(texts: Partial<Record<TextName, string>>, path: string): Problem[] {
  return Object.entries(texts).flatMap(([name, text]) => {
    const definition = defaultTexts[name as TextName];
    return oneTextProblems(text, definition).map((sentence) => ({ path: `${path}/${name}`, sentence }));
  });
}

function oneTextProblems(text: string, { variables, isToast, longest }: TextDefinition): string[] {
  const vocabulary: Vocabulary = [only(variables, LONG), only(variables, { validade: LONG.validade, ...SHORT })];
  if (!isToast) return textProblems(text, { vocabulary, ...(longest !== undefined && { longest }) });
  const problems = variableProblems(text, vocabulary);
  if (isBlank(text)) problems.push("o texto não pode ficar em branco");
  if (longest !== undefined && fillValues(text, vocabulary[0], String).length > longest)
    problems.push(tooLong(longest));
  return problems;
}

/**
 * A text of the sale, the seller's or ours. Toasts have no entities and at most 200 UTF-16 units. A text of the seller's that these values
 * break, or leave blank, gives way to ours: nobody may miss a message about his money.
 */
export function textOf(
  funnel: { texts?: Partial<Record<TextName, string>> } | undefined,
  name: TextName,
  values: TextValues,
): FormattedText {
  const definition = defaultTexts[name];
  const own = funnel?.texts?.[name];
  return (
    (own === undefined ? undefined : filled(own, definition, values)) ??
    plainOrParsed(definition.text, definition, values)
  );
}

function filled(text: string, definition: TextDefinition, values: TextValues): FormattedText | undefined {
  try {
    const formatted = plainOrParsed(text, definition, values);
    return isBlank(formatted.text) ? undefined : formatted;
  } catch {
    return undefined;
  }
}

function plainOrParsed(
  text: string,
  { variables, isToast, longest }: TextDefinition,
  values: TextValues,
): FormattedText {
  const known = only(variables, values);
  if (!isToast) return parseHtml(fillValues(text, known));
  const plain = { text: fillValues(text, known, String), entities: [] };
  return splitText(plain, longest)[0] ?? plain;
}

/** Each of these variables with its value, or with none. */
function only(variables: readonly Variable[], values: TextValues): Values {
  return Object.fromEntries(variables.map((name) => [name, values[name]]));
}
