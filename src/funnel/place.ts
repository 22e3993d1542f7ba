// Where in a funnel a problem lies, in the seller's words: step by name, button by number.

import type { Problem } from "./problem.ts";

/** Each problem as one sentence that names its place: `passo "boas-vindas", botão 2: o texto passa de 64 caracteres`. */
export function placeProblems(value: unknown, problems: Problem[]): string[] {
  return problems.map(({ path, sentence }) => {
    const place = placeOf(value, path.split("/").slice(1)).join(", ");
    return place === "" ? sentence : `${place}: ${sentence}`;
  });
}

function placeOf(value: unknown, [first = "", second, third, ...rest]: string[]): string[] {
  const inside = at(value, first);
  if (first === "reply") return ["resposta"];
  if (first === "media") return ["mídia"];
  if (first === "start") return ["passo inicial"];
  if (first === "next") return ["próximo passo"];
  if (second === undefined) return [];
  if (first === "texts") return [`texto "${second}"`];
  if (first === "deliver") return ["entrega", ...placeOf(inside, [second])];
  if (first === "steps")
    return [stepName(at(inside, second), second), ...placeOf(at(inside, second), [third ?? "", ...rest])];
  if (first === "buttons")
    return third === undefined
      ? [`linha ${Number(second) + 1}`]
      : [buttonName(inside, second, third), ...placeOf(at(at(inside, second), third), rest)];
  return [];
}

function stepName(step: unknown, index: string): string {
  const id = at(step, "id");
  return typeof id === "string" && id !== "" ? `passo "${id.slice(0, 40)}"` : `passo ${Number(index) + 1}`;
}

/** Buttons are counted as they are read: row after row. */
function buttonName(rows: unknown, row: string, column: string): string {
  const before = Array.isArray(rows) ? rows.slice(0, Number(row)) : [];
  const counted = before.reduce((sum: number, buttons) => sum + (Array.isArray(buttons) ? buttons.length : 0), 0);
  return `botão ${counted + Number(column) + 1}`;
}

/** The property of anything, or undefined. */
export function at(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
