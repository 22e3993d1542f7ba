// What a broadcast may say: the pieces of a funnel's message, one message whatever the person's name, and sentences for all that is wrong.

import { describe, expect, test } from "bun:test";
import { type Content, checkContent, contentJson, isSameForAll, sayTo } from "#src/broadcasts/content.ts";
import { composeCalls } from "#src/telegram/message.ts";

const photo = { kind: "photo", source: { url: "https://example.com/a.jpg" } };

const problemsOf = (value: unknown): string[] => {
  const check = checkContent(value);
  return check.ok ? [] : check.problems;
};

test.each<[string, unknown]>([
  ["a text", { text: "<b>Oi</b>, {nome}!" }],
  ["a medium alone", { media: photo }],
  [
    "a medium with its text and a button",
    { media: photo, text: "Olhe", buttons: [[{ text: "Ver", url: "https://example.com" }]] },
  ],
  ["all options", { text: "Oi", protect: true, silent: true, linkPreview: false }],
  ["the longest text", { text: "a".repeat(4_096) }],
  ["the longest text of a medium", { media: photo, text: "a".repeat(1_024) }],
])("%s is right", (_, value) => {
  expect(problemsOf(value)).toEqual([]);
});

test.each<[string, unknown, string[]]>([
  ["nothing", {}, ["falta o texto ou a mídia"]],
  ["no object", "Oi", ["a mensagem deve ser um objeto"]],
  ["a text that is none", { text: 5 }, ["o texto deve ser um texto"]],
  ["what a step has besides", { text: "Oi", id: "oi" }, ['"id" não existe aqui']],
  ["a blank text", { text: "   " }, ["o texto não pode ficar em branco"]],
  ["nothing but a name", { text: "{primeiro_nome}" }, ["o texto fica em branco para quem não tem nome"]],
  [
    "broken HTML",
    { text: "<b>Oi" },
    [`o texto tem um erro de HTML: Can't find end tag corresponding to start tag "b"`],
  ],
  ["an unknown variable", { text: "Oi {idade}" }, ["a variável {idade} não existe (há {nome} e {primeiro_nome})"]],
  ["more than one message", { text: "a".repeat(4_097) }, ["o texto passa de 4.096 caracteres"]],
  ["more than a medium carries", { media: photo, text: "a".repeat(1_025) }, ["o texto passa de 1.024 caracteres"]],
  ["too much for a long name", { text: `${"a".repeat(4_090)}{nome}` }, ["o texto passa de 4.096 caracteres"]],
  [
    "a medium that Telegram would not fetch",
    { media: { kind: "photo", source: { url: "http://example.com/a.jpg" } } },
    ["mídia: o endereço deve ser um link https:// válido"],
  ],
  [
    "buttons that lead nowhere, or into a funnel",
    {
      text: "Oi",
      buttons: [
        [
          { text: "Mais", step: "mais" },
          { text: "Ver", url: "example" },
        ],
      ],
    },
    [
      "botão 2: o endereço não é um link válido (https://, http:// ou tg://)",
      "botão 1: um disparo só tem botões que abrem um endereço (url)",
    ],
  ],
])("%s is told", (_, value, sentences) => {
  expect(problemsOf(value)).toEqual(sentences);
});

describe("what it says", () => {
  test("has the person's name, and is one call", () => {
    const content: Content = { text: "Oi, <b>{nome}</b>!", buttons: [[{ text: "Ver", url: "https://example.com" }]] };
    expect(isSameForAll(content)).toBe(false);
    const calls = sayTo(content, { firstName: "Ana", fullName: "Ana <3" }).flatMap(composeCalls);
    expect(calls).toEqual([
      {
        method: "sendMessage",
        payload: {
          text: "Oi, Ana <3!",
          entities: [{ type: "bold", offset: 4, length: 6 }],
          reply_markup: { inline_keyboard: [[{ text: "Ver", url: "https://example.com" }]] },
        },
      },
    ]);
  });

  test("is the same for all without a variable", () => {
    expect(isSameForAll({ text: "Oi, {pessoa}" })).toBe(true);
    expect(isSameForAll({ media: { kind: "photo", source: { fileId: "x" } } })).toBe(true);
  });
});

test("what PostgreSQL's jsonb does not know is not kept", () => {
  expect(contentJson({ text: "a\0b\ud800c" })).toBe('{"text":"a b\ufffdc"}');
});
