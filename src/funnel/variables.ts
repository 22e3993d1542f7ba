// What a seller may write in braces, and the person it stands for.

import { escapeHtml } from "./html.ts";

/** Whom a message is for. A missing name is filled in as nothing. */
export type Person = { firstName?: string | undefined; fullName?: string | undefined };

const VARIABLES = new Map<string, (person: Person) => string | undefined>([
  ["nome", ({ fullName }) => fullName],
  ["primeiro_nome", ({ firstName }) => firstName],
]);

const BRACED = /\{([\p{L}_][\p{L}\p{N}_ -]{0,39})\}/gu;

/** The variables that exist, as a seller writes them. */
export const knownVariables: string[] = [...VARIABLES.keys()].map((name) => `{${name}}`);

/** Puts the person's names, escaped, in place of the variables. One pass: braces inside a name stay as they are. */
export function fillVariables(html: string, person: Person): string {
  return html.replace(BRACED, (written, name: string) => {
    const value = VARIABLES.get(name);
    return value === undefined ? written : escapeHtml(value(person) ?? "");
  });
}

/** What is written like a variable but is none, each once. */
export function unknownVariables(html: string): string[] {
  const written = [...html.matchAll(BRACED)].filter(([, name = ""]) => !VARIABLES.has(name)).map(([braced]) => braced);
  return [...new Set(written)];
}
