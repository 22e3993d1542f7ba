// Checking a funnel: what is right passes untouched; what is wrong is told in a sentence that names the place.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { checkFunnel } from "../../src/funnel/funnel.ts";

const hello = { id: "ola", kind: "message", text: "Olá, {primeiro_nome}!" };
const funnelOf = (...steps: unknown[]) => ({ name: "Teste", start: "ola", steps });
const withButtons = (...buttons: unknown[]) => funnelOf({ ...hello, buttons: [buttons] });
const withMedia = (media: unknown) => funnelOf({ ...hello, media });
const deliver = { link: "https://a.b/c" };
const offer = { text: "a", priceCents: 1990, deliver };
const problemsOf = (value: unknown) => {
  const check = checkFunnel(value);
  return check.ok ? [] : check.problems;
};

const sha256 = "0f".repeat(32);
const photo = { kind: "photo", source: { asset: sha256 } };

describe("right", () => {
  test.each([
    ["text alone", funnelOf(hello)],
    ["media alone", funnelOf({ id: "ola", kind: "message", media: photo })],
    ["every media source", withMedia({ kind: "voice", source: { url: "https://a.b/c.ogg" } })],
    ["a file_id", withMedia({ kind: "document", source: { fileId: "AgAD-_9" }, spoiler: false })],
    ["a text of names under media", funnelOf({ ...hello, text: "{nome}", media: photo })],
    ["a variable in a quoted address", funnelOf({ ...hello, text: '<a href="https://a.b/?n={nome}">x</a>' })],
    ["a cycle", funnelOf({ ...hello, next: "b" }, { id: "b", kind: "message", text: "b", next: "ola" })],
    ["a reply", { ...funnelOf(hello), reply: "Oi, <b>{nome}</b>!" }],
    [
      "every button",
      withButtons(
        { text: "a".repeat(64), priceCents: 1, deliver },
        { text: "b", url: "tg://resolve?domain=bob" },
        { text: "c", step: "ola" },
      ),
    ],
    ["all options", funnelOf({ ...hello, buttons: [], next: "ola", protect: true, silent: true, linkPreview: false })],
  ])("%s", (_, funnel) => {
    expect(checkFunnel(funnel)).toEqual({ ok: true, funnel: funnel as never });
  });
});

describe("wrong", () => {
  const cases: [unknown, string][] = [
    [null, "o funil deve ser um objeto"],
    [{ ...funnelOf(hello), name: "" }, "o nome do funil não pode ficar em branco"],
    [{ ...funnelOf(hello), name: "a".repeat(121) }, "o nome do funil passa de 120 caracteres"],
    [{ ...funnelOf(hello), extra: 1 }, '"extra" não existe aqui'],
    [{ name: "a", start: "ola" }, "falta a lista de passos"],
    [funnelOf(), "a lista de passos deve ter de 1 a 200 passos"],
    [funnelOf(...Array(201).fill(hello)), "a lista de passos deve ter de 1 a 200 passos"],
    [{ ...funnelOf(hello), start: "x" }, 'passo inicial: o passo "x" não existe'],
    [
      { ...funnelOf(hello), reply: "<b>" },
      `resposta: o texto tem um erro de HTML: Can't find end tag corresponding to start tag "b"`,
    ],
    [{ ...funnelOf(hello), reply: " " }, "resposta: o texto não pode ficar em branco"],
    [funnelOf(7), "passo 1: o passo deve ser um objeto"],
    [
      funnelOf({ ...hello, id: "Olá!" }),
      'passo "Olá!": o id deve ter só letras minúsculas sem acento, números e hífens, até 40',
    ],
    [funnelOf({ kind: "message", text: "a" }), "passo 1: falta o id"],
    [funnelOf({ ...hello, kind: "dança" }), 'passo "ola": o tipo "dança" não existe (há: message)'],
    [funnelOf({ id: "ola", kind: "constructor" }), 'passo "ola": o tipo "constructor" não existe (há: message)'],
    [funnelOf({ id: "ola" }), 'passo "ola": falta o tipo'],
    [funnelOf(hello, hello), 'passo "ola": o id já é de outro passo'],
    [funnelOf({ id: "ola", kind: "message" }), 'passo "ola": falta o texto ou a mídia'],
    [funnelOf({ ...hello, text: 1 }), 'passo "ola": o texto deve ser um texto'],
    [funnelOf({ ...hello, silent: "sim" }), 'passo "ola": silent deve ser true ou false'],
    [funnelOf({ ...hello, next: "x" }), 'passo "ola", próximo passo: o passo "x" não existe'],
    [
      funnelOf({ ...hello, text: "a<br>b" }),
      'passo "ola": o texto tem um erro de HTML: Unsupported start tag "br" at byte offset 1',
    ],
    [
      funnelOf({ ...hello, text: "{idade}" }),
      'passo "ola": a variável {idade} não existe (há {nome} e {primeiro_nome})',
    ],
    [funnelOf({ ...hello, text: "<b> </b>" }), 'passo "ola": o texto não pode ficar em branco'],
    [funnelOf({ ...hello, text: "<b>{nome}</b> " }), 'passo "ola": o texto fica em branco para quem não tem nome'],
    [funnelOf({ ...hello, text: "a".repeat(20_001) }), 'passo "ola": o texto passa de 20.000 caracteres'],
    [funnelOf({ ...hello, text: `x${"{nome}".repeat(200)}` }), 'passo "ola": o texto passa de 20.000 caracteres'],
    [funnelOf({ ...hello, text: "a".repeat(60_001) }), 'passo "ola": o texto passa de 60000 caracteres'],
    [
      withMedia({ ...photo, kind: "sticker" }),
      'passo "ola", mídia: o tipo deve ser um destes: photo, video, animation, audio, voice, document',
    ],
    [withMedia({ kind: "photo" }), 'passo "ola", mídia: falta a origem'],
    [
      withMedia({ kind: "photo", source: { url: "http://a.b/c" } }),
      'passo "ola", mídia: o endereço deve ser um link https:// válido',
    ],
    [
      withMedia({ kind: "photo", source: { asset: "x" } }),
      'passo "ola", mídia: o arquivo deve ser o sha256 de um arquivo enviado',
    ],
    [
      withMedia({ kind: "photo", source: { asset: sha256, fileId: "A" } }),
      'passo "ola", mídia: a origem deve ter só um destes: url (https), fileId ou asset (sha256 de um arquivo enviado)',
    ],
    [
      withButtons({ text: "a", step: "ola" }, { text: "a".repeat(65), step: "ola" }),
      'passo "ola", botão 2: o texto passa de 64 caracteres',
    ],
    [withButtons({ text: " ", step: "ola" }), 'passo "ola", botão 1: o texto não pode ficar em branco'],
    [withButtons({ text: "a", step: "x" }), 'passo "ola", botão 1: o passo "x" não existe'],
    [
      withButtons({ text: "a", url: "a.b" }),
      'passo "ola", botão 1: o endereço não é um link válido (https://, http:// ou tg://)',
    ],
    [withButtons({ url: "https://a.b" }), 'passo "ola", botão 1: falta o texto'],
    ...[0, 10_000_001, 19.9, "19,90"].map((priceCents): [unknown, string] => [
      withButtons({ ...offer, priceCents }),
      'passo "ola", botão 1: o preço deve ser em centavos, sem vírgula, de R$ 0,01 a R$ 100.000,00',
    ]),
    ...[{ text: "a" }, { text: "a", step: "ola", url: "https://a.b" }, 7].map((button): [unknown, string] => [
      withButtons(button),
      'passo "ola", botão 1: o botão deve ter text e só um destes: priceCents (vende), url (abre um endereço) ou step (leva a um passo)',
    ]),
    [withButtons(), 'passo "ola", linha 1: a linha deve ter de 1 a 8 botões'],
    [
      funnelOf({ ...hello, buttons: Array(13).fill(Array(8).fill({ text: "a", step: "ola" })) }),
      'passo "ola": os botões passam de 100',
    ],
    [
      funnelOf(
        ...Array.from({ length: 51 }, (_, n) => ({
          id: n === 0 ? "ola" : `p-${n}`,
          kind: "message",
          text: "a",
          ...(n < 50 && { next: `p-${n + 1}` }),
        })),
      ),
      'passo "ola": daqui seguem mais de 50 passos sem um botão',
    ],
  ];

  test.each(cases.map(([value, sentence]) => [sentence, value] as const))("%s", (sentence, value) => {
    expect(problemsOf(value)).toEqual([sentence]);
  });

  test("every problem is told at once, buttons counted over the rows", () => {
    const step = {
      ...hello,
      text: "<x>",
      buttons: [[{ text: "a", step: "ola" }], [{ text: "b", step: "y" }]],
      next: "z",
    };
    expect(problemsOf({ ...funnelOf(step), start: "w" })).toEqual([
      'passo "ola": o texto tem um erro de HTML: Unsupported start tag "x" at byte offset 0',
      'passo inicial: o passo "w" não existe',
      'passo "ola", próximo passo: o passo "z" não existe',
      'passo "ola", botão 2: o passo "y" não existe',
    ]);
  });

  test("a variable that a name could break the markup from is refused", () => {
    expect(problemsOf(funnelOf({ ...hello, text: "<a href={nome}>x</a>" }))).toHaveLength(1);
    expect(problemsOf(funnelOf({ ...hello, text: "<tg-emoji emoji-id='{nome}'>x</tg-emoji>" }))).toHaveLength(1);
  });

  test("at most a hundred problems are told", () => {
    expect(problemsOf(funnelOf(...Array(150).fill({ kind: "message" })))).toHaveLength(100);
  });
});

test("anything at all gets an answer, never an exception", () => {
  const noise = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom("message", "ola", "photo", "<b>", "{nome}", 1, 1990, true, null, "https://a.b"),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom(
          "name",
          "start",
          "reply",
          "steps",
          "id",
          "kind",
          "text",
          "media",
          "source",
          "url",
          "buttons",
          "priceCents",
          "step",
          "next",
        ),
        tie("value"),
        { noNullPrototype: true },
      ),
    ),
  })).value;
  fc.assert(
    fc.property(noise, noise, (value, step) => {
      for (const funnel of [
        value,
        funnelOf(step),
        funnelOf({ ...hello, buttons: value }),
        funnelOf({ ...hello, media: step }),
      ]) {
        const check = checkFunnel(funnel);
        expect(check.ok || check.problems.length > 0).toBe(true);
      }
    }),
  );
});
