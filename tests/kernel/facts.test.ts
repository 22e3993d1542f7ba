// Every line that the program can write: each tells a fact with a stable name, a sentence that is always the same, and ids as fields.

import { expect, test } from "bun:test";
import { readSources } from "../support/sources.ts";

type Call = { file: string; level: string; args: string[] };

const program = readSources().filter(({ file }) => /^(src|db|queues)\//.test(file));
const CALL = /\blog(?:\.(trace|debug|info|warn|error|fatal)|\[([^\]]+)\])\(/g;

const calls: Call[] = program.flatMap(({ file, text }) =>
  [...text.matchAll(CALL)].map((found) => ({
    file,
    level: found[1] ?? found[2] ?? "",
    args: argumentsFrom(text, found.index + found[0].length),
  })),
);

/** The arguments of a call, split at its own commas. */
function argumentsFrom(text: string, begin: number): string[] {
  const args = [""];
  let depth = 0;
  let quote = "";
  for (let at = begin; at < text.length; at++) {
    const sign = text[at] ?? "";
    if (quote) quote = sign === quote && text[at - 1] !== "\\" ? "" : quote;
    else if (/["'`]/.test(sign)) quote = sign;
    else if (/[([{]/.test(sign)) depth += 1;
    else if (/[)\]}]/.test(sign) && depth-- === 0) break;
    if (sign === "," && depth === 0 && quote === "") args.push("");
    else args[args.length - 1] += sign;
  }
  return args.map((arg) => arg.trim()).filter(Boolean);
}

/** Where the fact and the sentence are given by callers in the same file; and alerts, whose sentence is the one that the operator is sent. */
const HANDED_ON = /^\{ fact(, broadcastId|: "embedded" \}|: [`"]alert\.[\w${}]+[`"], alert: name\b)/;

test("tells a fact", () => {
  expect(calls.length).toBeGreaterThan(50);
  expect(calls.filter(({ args }) => !/^\{\s*fact\b/.test(args[0] ?? ""))).toEqual([]);
});

test("in words that say what happened: part.happened, or one word for the program itself", () => {
  const facts = program.flatMap(({ text }) =>
    [...text.matchAll(/\bfact: (?:[\w.]+ \? )?"([^"]+)"(?: : "([^"]+)")?/g)].flatMap(([, a, b]) => (b ? [a, b] : [a])),
  );
  const own = ["serving", "ending", "embedded", "swept", "reconciled"];
  expect(new Set(facts).size).toBeGreaterThan(50);
  expect(facts.filter((fact) => fact && !/^[a-z_]+\.[a-z_]+$/.test(fact) && !own.includes(fact))).toEqual([]);
});

test("with a sentence that never changes: no value is built into it", () => {
  const free = calls.filter(({ args }) => !HANDED_ON.test(args[0] ?? ""));
  const SENTENCE = /^(?:\w+ \? )?"[^"]{4,}"(?: : "[^"]{4,}")?$/s;
  expect(free.filter(({ args }) => args.length !== 2 || !SENTENCE.test(args[1] ?? ""))).toEqual([]);
  expect(
    program.filter(({ text }) => /\bfact: (`(?!alert\.\$)|"[^"\n]*" \+)/.test(text)).map(({ file }) => file),
  ).toEqual([]);
});

test("whatever is caught is told by its reason, and a whole error never", () => {
  const whole = calls.filter(({ args }) =>
    /(?:^|[{,]\s*)(?:error|cause|body|text|message|payload|headers)\s*[,}]/.test(args[0] ?? ""),
  );
  expect(whole).toEqual([]);
});
