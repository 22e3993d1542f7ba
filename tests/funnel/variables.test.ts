// Variables: any name of any person arrives as it is, and never as markup or as another variable.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseHtml } from "../../src/funnel/html.ts";
import { fillVariables, knownVariables, unknownVariables } from "../../src/funnel/variables.ts";

const alice = { firstName: "Alice", fullName: "Alice Souza" };

test.each([
  ["Oi, {primeiro_nome}!", alice, "Oi, Alice!"],
  ["{nome} {nome}", alice, "Alice Souza Alice Souza"],
  ["Oi, {primeiro_nome}!", {}, "Oi, !"],
  ["{nome}", { fullName: "<b>&\"'{nome}{primeiro_nome} 🏟" }, "&lt;b&gt;&amp;&quot;&#39;{nome}{primeiro_nome} 🏟"],
  ["{nome}", { fullName: "$& $1" }, "$&amp; $1"],
  ["{Nome} {idade} {} { nome } {{nome}}", alice, "{Nome} {idade} {} { nome } {Alice Souza}"],
])("%j", (html, person, filled) => {
  expect(fillVariables(html, person)).toBe(filled);
});

test("unknown variables are told once, and what is no word in braces is text", () => {
  expect(unknownVariables("{nome} {idade} {idade} {Nome} {oferta especial} {} {1} { x } {a: 1}")).toEqual([
    "{idade}",
    "{Nome}",
    "{oferta especial}",
  ]);
  expect(knownVariables).toEqual(["{nome}", "{primeiro_nome}"]);
});

test("a name cannot change the markup around it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }), (firstName, fullName) => {
      const filled = fillVariables('<b>[{nome}]</b><a href="https://t.me/x?n={primeiro_nome}">x</a>', {
        firstName,
        fullName,
      });
      const { text, entities } = parseHtml(filled);
      expect(entities.map(({ type }) => type)).toEqual(["bold", "text_link"]);
      expect(text.endsWith("]x")).toBe(true);
    }),
  );
});
