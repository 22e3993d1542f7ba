// The texts of the sale: ours have no problem, the seller's are checked, and what is filled in can change neither.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { defaultTexts } from "#src/funnel/default-texts.ts";
import { checkFunnel } from "#src/funnel/funnel.ts";
import { type TextName, type TextValues, textOf } from "#src/funnel/texts.ts";

const names = Object.keys(defaultTexts) as TextName[];
const problemsOf = (texts: unknown) => {
  const check = checkFunnel({
    ...{ name: "Teste", start: "ola", texts },
    steps: [{ id: "ola", kind: "message", text: "Olá!" }],
  });
  return check.ok ? [] : check.problems;
};

const values: TextValues = {
  ...{ primeiro_nome: "Alice", nome: "Alice Souza", produto: "Guia", valor: "R$ 19,90", pedido: "123" },
  ...{ pix: "000201", validade: "14:35 (30 minutos)", link: "https://a.b/", pago: "R$ 5,00" },
};

describe("our own texts", () => {
  test("have no problem as a seller's", () => {
    expect(problemsOf(Object.fromEntries(names.map((name) => [name, defaultTexts[name].text])))).toEqual([]);
  });

  test.each(names)("%s leaves nothing in braces", (name) => {
    const { text } = textOf(undefined, name, values);
    expect(text).not.toMatch(/[{}<>]/);
    expect(text.length).toBeGreaterThan(10);
  });
});

describe("the seller's", () => {
  const own = (name: TextName, text: string) => ({ texts: { [name]: text } });

  test("is used where he wrote one, and ours everywhere else", () => {
    const funnel = own("paid", "Oba, <b>{primeiro_nome}</b>! {produto} por {valor}, nº {pedido}: {link}");
    expect(textOf(funnel, "paid", values)).toEqual({
      text: "Oba, Alice! Guia por R$ 19,90, nº 123: https://a.b/",
      entities: [{ type: "bold", offset: 5, length: 5 }],
    });
    expect(textOf(funnel, "failed", values)).toEqual(textOf(undefined, "failed", values));
  });

  test("gives way to ours when nothing of it would be left, or when it cannot be read", () => {
    for (const text of ["{link}", "<b>"]) {
      expect(textOf(own("paid", text), "paid", { ...values, link: "" })).toEqual(
        textOf(undefined, "paid", { ...values, link: "" }),
      );
    }
  });

  test("toast is plain, and cut to what Telegram shows", () => {
    expect(textOf(own("generating", "<b>{primeiro_nome}</b> & cia"), "generating", values)).toEqual({
      ...{ text: "<b>Alice</b> & cia", entities: [] },
    });
    const long = textOf(own("verifying", "{nome} ".repeat(4)), "verifying", { nome: "ção 🏟".repeat(30) });
    expect(long.text.length).toBeLessThanOrEqual(200);
    expect(long.text.isWellFormed()).toBe(true);
  });
});

describe("wrong", () => {
  const sale = "{primeiro_nome}, {nome}, {produto}, {valor}";
  const cases: [unknown, string][] = [
    [[], "a lista de textos deve ser um objeto"],
    [{ payed: "a" }, 'texto "payed": "payed" não existe aqui'],
    [{ paid: 1 }, 'texto "paid": o texto deve ser um texto'],
    [{ paid: " " }, 'texto "paid": o texto não pode ficar em branco'],
    [
      { paid: "<b>{produto}" },
      `texto "paid": o texto tem um erro de HTML: Can't find end tag corresponding to start tag "b"`,
    ],
    [{ paid: "{pix}" }, `texto "paid": a variável {pix} não existe (há ${sale}, {pedido} e {link})`],
    [{ failed: "{link}" }, `texto "failed": a variável {link} não existe (há ${sale} e {pedido})`],
    [{ paid: "{link}" }, 'texto "paid": o texto fica em branco quando não há valor para as variáveis'],
    [{ orders: "{primeiro_nome}" }, 'texto "orders": o texto fica em branco quando não há valor para as variáveis'],
    [{ expired: "a".repeat(1_025) }, 'texto "expired": o texto passa de 1.024 caracteres'],
    [{ paidEdit: `${"a".repeat(950)}{produto}` }, 'texto "paidEdit": o texto passa de 1.024 caracteres'],
    [{ charge: "a".repeat(20_001) }, 'texto "charge": o texto passa de 20.000 caracteres'],
    [{ generating: "a".repeat(201) }, 'texto "generating": o texto passa de 200 caracteres'],
    [{ generating: `${"a".repeat(150)}{nome}` }, 'texto "generating": o texto passa de 200 caracteres'],
    [{ generating: "" }, 'texto "generating": o texto não pode ficar em branco'],
    [{ generating: "{pix}" }, 'texto "generating": a variável {pix} não existe (há {primeiro_nome} e {nome})'],
  ];

  test.each(cases.map(([texts, sentence]) => [sentence, texts] as const))("%s", (sentence, texts) => {
    expect(problemsOf(texts)).toEqual([sentence]);
  });

  test("a variable outside of quotes, where a value could break the markup", () => {
    expect(problemsOf({ paid: "<a href={link}>a</a>" })).toHaveLength(1);
    expect(problemsOf({ paid: '<a href="{link}">a</a>' })).toEqual([]);
  });
});

test("whatever is filled in changes no mark and is no variable itself", () => {
  const any = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("{pix}", "<b>", "</b>", "&lt;", '"', "$&"));
  fc.assert(
    fc.property(any, any, (produto, link) => {
      const funnel = { texts: { paid: '[<b>x{produto}y</b>] <a href="https://t.me/{link}">z</a>' } };
      const { text, entities } = textOf(funnel, "paid", { produto, link });
      expect(entities.map(({ type }) => type)).toEqual(["bold", "text_link"]);
      expect(text).toStartWith("[x");
      expect(text).toEndWith("y] z");
    }),
  );
});
