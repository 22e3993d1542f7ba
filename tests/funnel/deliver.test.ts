// Offers: what may be delivered, what is refused when the offer is saved, and the rows that a published funnel's offers become.

import { describe, expect, test } from "bun:test";
import { readDeliver } from "#src/funnel/deliver.ts";
import { checkFunnel, type Funnel } from "#src/funnel/funnel.ts";
import { offersOf } from "#src/funnel/offers.ts";
import { sealFunnel } from "#src/funnel/seal.ts";
import { cents } from "#src/kernel/money.ts";

const photo = { kind: "photo", source: { url: "https://a.b/c.jpg" } };
const guide = { id: "guia", kind: "message", text: "O guia.", next: "fim" };
const end = { id: "fim", kind: "message", text: "Fim.", buttons: [[{ text: "Voltar", step: "ola" }]] };
const offer = { text: "Quero", priceCents: 1990, deliver: { step: "guia" } };
const funnelOf = (button: object) => ({
  ...{ name: "Teste", start: "ola" },
  steps: [{ id: "ola", kind: "message", text: "Olá!", buttons: [[button]] }, guide, end],
});
const delivering = (deliver: unknown) => funnelOf({ ...offer, deliver });
const problemsOf = (value: unknown) => {
  const check = checkFunnel(value);
  return check.ok ? [] : check.problems;
};

describe("right", () => {
  test.each([
    ["a link", { link: "https://a.b/c?d=1" }],
    ["a text", { text: "<b>Aqui</b>, {primeiro_nome}: ABC-123" }],
    ["a medium", { media: photo }],
    ["a medium with a text", { media: photo, text: "{nome}" }],
    ["a sequence of steps", { step: "guia" }],
  ])("%s is delivered", (_, deliver) => {
    expect(problemsOf(delivering(deliver))).toEqual([]);
    expect(readDeliver(deliver)).toEqual(deliver as never);
  });

  test("an offer may have a product's name, a price in Stars and a validity", () => {
    const most = { product: "a".repeat(120), priceStars: 100_000, validMinutes: 1_440 };
    expect(problemsOf(funnelOf({ ...offer, ...most }))).toEqual([]);
    expect(problemsOf(funnelOf({ ...offer, product: "a", priceStars: 1, validMinutes: 5 }))).toEqual([]);
  });
});

const ONE_OF =
  "o que é entregue (deliver) deve ter só um destes: link (https), text, media (com text, se quiser) ou step (uma sequência de passos)";

describe("wrong", () => {
  const { deliver: _, ...without } = offer;
  const button = 'passo "ola", botão 1';
  const cases: [unknown, string][] = [
    [funnelOf(without), `${button}: falta o que é entregue (deliver)`],
    [delivering(null), `${button}: ${ONE_OF}`],
    [delivering({}), `${button}: ${ONE_OF}`],
    [delivering({ link: "https://a.b/", step: "guia" }), `${button}: ${ONE_OF}`],
    [delivering({ link: "" }), `${button}, entrega: o link não pode ficar em branco`],
    [delivering({ link: "http://a.b/" }), `${button}, entrega: o link deve ser um endereço https:// válido`],
    [delivering({ link: "https://localhost" }), `${button}, entrega: o link deve ser um endereço https:// válido`],
    [delivering({ link: 7 }), `${button}, entrega: o link deve ser um texto`],
    [delivering({ link: "https://a.b/", text: "a" }), `${button}, entrega: "text" não existe aqui`],
    [delivering({ text: " " }), `${button}, entrega: o texto não pode ficar em branco`],
    [delivering({ text: "{nome}" }), `${button}, entrega: o texto fica em branco para quem não tem nome`],
    [delivering({ text: "{pix}" }), `${button}, entrega: a variável {pix} não existe (há {nome} e {primeiro_nome})`],
    [
      delivering({ media: photo, text: "<b>" }),
      `${button}, entrega: o texto tem um erro de HTML: Can't find end tag corresponding to start tag "b"`,
    ],
    [delivering({ media: { kind: "photo" }, text: "a" }), `${button}, entrega, mídia: falta a origem`],
    [
      delivering({ media: { kind: "photo", source: { url: "http://a.b/" } } }),
      `${button}, entrega, mídia: o endereço deve ser um link https:// válido`,
    ],
    [
      delivering({ media: { kind: "photo", source: { qr: "a" } } }),
      `${button}, entrega, mídia: a origem deve ter só um destes: url (https), fileId ou asset (sha256 de um arquivo enviado)`,
    ],
    [delivering({ step: "x" }), `${button}, entrega: o passo "x" não existe`],
    [delivering({ step: "ola" }), `${button}, entrega: a sequência volta para esta mesma oferta`],
    [funnelOf({ ...offer, product: "" }), `${button}: o nome do produto não pode ficar em branco`],
    [funnelOf({ ...offer, product: "\u200b " }), `${button}: o nome do produto não pode ficar em branco`],
    [funnelOf({ ...offer, product: "a".repeat(121) }), `${button}: o nome do produto passa de 120 caracteres`],
    ...[0, 100_001, 1.5, "1"].map((priceStars): [unknown, string] => [
      funnelOf({ ...offer, priceStars }),
      `${button}: o preço em Stars deve ser um número inteiro de 1 a 100.000`,
    ]),
    ...[4, 1_441, 30.5].map((validMinutes): [unknown, string] => [
      funnelOf({ ...offer, validMinutes }),
      `${button}: a validade deve ser em minutos, de 5 a 1.440`,
    ]),
    [funnelOf({ ...offer, prize: 1 }), `${button}: "prize" não existe aqui`],
  ];

  test.each(cases.map(([value, sentence]) => [sentence, value] as const))("%s", (sentence, value) => {
    expect(problemsOf(value)).toEqual([sentence]);
  });

  test("every problem of an offer is told at once, even when it lacks what it delivers", () => {
    expect(problemsOf(funnelOf({ text: "a", priceCents: 19.9, extra: 1 }))).toEqual([
      `${button}: falta o que é entregue (deliver)`,
      `${button}: "extra" não existe aqui`,
      `${button}: o preço deve ser em centavos, sem vírgula, de R$ 0,01 a R$ 100.000,00`,
    ]);
  });

  test("a sequence that comes round to its own offer is refused where it begins", () => {
    const { steps, ...head } = funnelOf(offer);
    const round = steps.map((step) => (step.id === "guia" ? { ...step, next: "ola" } : step));
    expect(problemsOf({ ...head, steps: round })).toEqual([
      `${button}, entrega: a sequência volta para esta mesma oferta`,
    ]);
  });
});

test.each([[null], [{}], [{ gift: 1 }], [{ link: 1 }]])(
  "a deliverable that this program does not know is none: %j",
  (value) => {
    expect(readDeliver(value)).toBeUndefined();
  },
);

test("offersOf gives one offer for each buy button, with what is in force where nothing is said", () => {
  const funnel: Funnel = {
    ...{ name: "Teste", start: "a" },
    steps: [
      {
        ...{ id: "a", kind: "message", text: "a" },
        buttons: [
          [
            { text: "Quero", priceCents: cents(1990), deliver: { step: "b" } },
            { text: "Site", url: "https://a.b" },
          ],
          [{ text: "Mais", step: "b" }],
        ],
      },
      {
        ...{ id: "b", kind: "message", text: "b" },
        buttons: [
          [
            {
              ...{ text: "Tudo", priceCents: cents(5000), priceStars: 250, product: "O pacote", validMinutes: 5 },
              deliver: { link: "https://a.b/" },
            },
          ],
        ],
      },
    ],
  };
  let drawn = 0;
  const sealed = sealFunnel(funnel, () => String(++drawn).padStart(16, "k"));
  expect(offersOf(JSON.parse(JSON.stringify(sealed)))).toEqual([
    {
      ...{ key: "kkkkkkkkkkkkkkk1", product: "Quero", priceCents: cents(1990), priceStars: null },
      ...{ validSeconds: 1_800, deliver: { step: "b" } },
    },
    {
      ...{ key: "kkkkkkkkkkkkkkk3", product: "O pacote", priceCents: cents(5000), priceStars: 250 },
      ...{ validSeconds: 300, deliver: { link: "https://a.b/" } },
    },
  ]);
});
