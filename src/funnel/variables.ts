// What a seller may write in braces, and what it stands for.

import { escapeHtml } from "./html.ts";

/** Whom a message is for. A missing name is filled in as nothing. */
export type Person = { firstName?: string | undefined; fullName?: string | undefined };

/** What stands for each variable, by name. What is undefined is filled in as nothing. */
export type Values = Readonly<Record<string, string | undefined>>;

const BRACED = /\{([\p{L}_][\p{L}\p{N}_ -]{0,39})\}/gu;

/** The variables of every step, as a seller writes them. */
export const knownVariables: string[] = Object.keys(valuesOf({})).map((name) => `{${name}}`);

/** Puts the person's names, escaped, in place of the variables. One pass: braces inside a name stay as they are. */
export function fillVariables(html: string, person: Person): string {
  return fillValues(html, valuesOf(person));
}

/** Puts the values, written by `write` (default: escaped for HTML), in place of the variables. One pass; what is no variable stays. */
export function fillValues(text: string, values: Values, write: (value: string) => string = escapeHtml): string {
  return text.replace(BRACED, (written, name: string) =>
    Object.hasOwn(values, name) ? write(values[name] ?? "") : written,
  );
}

/** What is written like a variable but is none of `known` (names in braces), each once. */
export function unknownVariables(text: string, known: readonly string[] = knownVariables): string[] {
  const written = [...text.matchAll(BRACED)].map(([braced]) => braced);
  return [...new Set(written.filter((braced) => !known.includes(braced)))];
}

export function valuesOf({ firstName, fullName }: Person): Values {
  return { nome: fullName, primeiro_nome: firstName };
}
