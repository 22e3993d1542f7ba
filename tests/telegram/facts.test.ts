// Facts of an order as messages, word for word: what was paid is delivered, given back, listed; and what a gateway needs to know.

import { describe, expect, test } from "bun:test";
import type { Deliver } from "#src/funnel/deliver.ts";
import { sealFunnel } from "#src/funnel/seal.ts";
import type { FactBody } from "#src/kernel/fact.ts";
import { decideAll, KEY, sale, starSale, told } from "./facts-scene.ts";

const hidden = { link_preview_options: { is_disabled: true } };
const url = "https://vendas.example.com/p/a1";
const paid = (deliver: unknown, more: object = {}) =>
  ({ kind: "order.paid", offer: KEY, deliver, url: null, isAgain: false, message: null, ...sale, ...more }) as FactBody;
const text: Deliver = { text: "<b>Senha:</b> ABC, {primeiro_nome}" };

const THANKS = `✅ Pagamento confirmado!

Que bom ter você com a gente, Alice! 💚

🎯 Produto: Guia da Rotina Leve
💰 Valor: R$ 19,90
🧾 Pedido nº 123

Seu acesso vem logo abaixo 👇`;

describe("a paid order", () => {
  test("edits the message that asked for it, thanks, delivers, and says where the product also is", () => {
    expect(told(paid(text, { url, message: { messageId: 7, hasPhoto: true } }))).toEqual([
      {
        ...{ method: "editMessageCaption", policy: "reply", marks: ["bold: Pago!"], rest: { message_id: 7 } },
        words: "✅ Pago!\n\n🎯 Guia da Rotina Leve\n💰 R$ 19,90\n🧾 Pedido nº 123",
      },
      {
        ...{ method: "sendMessage", policy: "delivery", words: THANKS, rest: hidden },
        marks: ["bold: Pagamento confirmado!", "bold: Produto:", "bold: Valor:", "bold: Pedido nº"],
      },
      { method: "sendMessage", policy: "delivery", words: "Senha: ABC, Alice", marks: ["bold: Senha:"], rest: {} },
      {
        ...{ method: "sendMessage", policy: "delivery", marks: [], rest: hidden },
        words: `Se algo não abrir, seu acesso também está aqui: ${url}`,
        keyboard: [{ text: "Abrir meu acesso", url }],
      },
    ]);
  });

  test("again: no edit, other words, the same product", () => {
    expect(told(paid(text, { isAgain: true, message: { messageId: 7, hasPhoto: true } }))).toMatchObject([
      {
        ...{ method: "sendMessage", policy: "delivery", marks: ["bold: Aqui está seu acesso de novo, Alice!"] },
        words: "🎁 Aqui está seu acesso de novo, Alice!\n\n🎯 Guia da Rotina Leve\n🧾 Pedido nº 123",
      },
      { policy: "delivery", words: "Senha: ABC, Alice" },
    ]);
  });

  test("a link is written out and under a button, and nobody looks at it before", () => {
    const link = "https://a.b/c?d=1&e=<2>";
    expect(told(paid({ link })).slice(1)).toEqual([
      {
        ...{
          method: "sendMessage",
          policy: "delivery",
          words: `🔗 Seu acesso:\n${link}`,
          marks: ["bold: 🔗 Seu acesso:"],
        },
        ...{ keyboard: [{ text: "Acessar", url: link }], rest: hidden },
      },
    ]);
  });

  test("a medium is sent with its text", () => {
    const source = { url: "https://a.b/guia.pdf" };
    expect(told(paid({ media: { kind: "document", source }, text: "Oi, {nome}" })).slice(1)).toEqual([
      {
        ...{ method: "sendDocument", policy: "delivery", words: "Oi, Alice Souza", marks: [], rest: {} },
        media: { field: "document", source },
      },
    ]);
  });

  test("a sequence is walked from its step, and the person stands where it ends", () => {
    const funnel = sealFunnel(
      {
        ...{ name: "Teste", start: "oi" },
        steps: [
          { id: "oi", kind: "message", text: "Oi!" },
          { id: "um", kind: "message", text: "Um, {primeiro_nome}", next: "dois" },
          { id: "dois", kind: "message", text: "Dois", buttons: [[{ text: "Mais", step: "oi" }]] },
        ],
      },
      () => KEY,
    );
    const decision = decideAll(paid({ step: "um" }), { funnel });
    expect(decision.at).toBe("dois");
    expect(told(paid({ step: "um" }), { funnel }).slice(1)).toMatchObject([
      { policy: "delivery", words: "Um, Alice" },
      { policy: "delivery", words: "Dois", keyboard: [{ text: "Mais", callback_data: KEY }] },
    ]);
    expect(decideAll(paid(text), { funnel }).at).toBeNull();
  });

  test.each([
    ["a step of a version that is gone", { step: "um" }],
    ["a kind of delivery from another version of the program", { gift: 1 }],
    ["nothing", null],
  ])("%s leaves nobody without an answer", (_, deliver) => {
    const comesLater = "Seu acesso será enviado por quem vende. Se demorar, escreva aqui com o número: pedido nº 123.";
    expect(told(paid(deliver)).map(({ words }) => words)).toEqual([THANKS, comesLater]);
    expect(told(paid(deliver, { url })).map(({ words }) => words)).toEqual([
      THANKS,
      `Se algo não abrir, seu acesso também está aqui: ${url}`,
    ]);
  });

  test("an address that Telegram takes for none has no button, which would cost the message", () => {
    expect(told(paid(null, { url: "http://localhost:3000/p/a1" })).at(-1)).not.toHaveProperty("keyboard");
  });

  test("in Stars: the invoice is not edited, the amount is one of Stars", () => {
    const messages = told(paid(text, { ...starSale, message: { messageId: 7, hasPhoto: false } }));
    expect(messages.map(({ method }) => method)).toEqual(["sendMessage", "sendMessage"]);
    expect(messages[0]?.words).toContain("💰 Valor: 250 ⭐\n");
  });

  test("a name of markup and emoji arrives as it is written", () => {
    const firstName = "<b>Ana</b> & 'Zé' 🏟 {produto}";
    const [thanks, product] = told(paid(text), {}, { firstName, lastName: null });
    expect(thanks?.words).toBe(THANKS.replace("Alice", firstName));
    expect(thanks?.marks).toEqual(["bold: Pagamento confirmado!", "bold: Produto:", "bold: Valor:", "bold: Pedido nº"]);
    expect(product?.words).toBe(`Senha: ABC, ${firstName}`);
  });

  test("the seller's own words are used, with the link where he wants it", () => {
    const texts = { paid: 'Valeu! <a href="{link}">Abra aqui</a>', paidEdit: "{valor} pago" };
    const funnel = { name: "Teste", start: "a", steps: [], texts };
    const messages = told(paid({ link: "https://a.b/?c=1&d=2" }, { message: { messageId: 7, hasPhoto: false } }), {
      funnel,
    });
    expect(messages.map(({ words }) => words).slice(0, 2)).toEqual(["R$ 19,90 pago", "Valeu! Abra aqui"]);
    expect(decideAll(paid({ link: "https://a.b/?c=1&d=2" }), { funnel }).effects[0]?.body).toMatchObject({
      payload: { entities: [{ type: "text_link", url: "https://a.b/?c=1&d=2" }] },
    });
  });
});

const said: [FactBody, string, string][] = [
  [
    { kind: "order.refunded", byBank: false, ...sale },
    "↩️ Seu pagamento foi devolvido.\n\nO valor de R$ 19,90 do pedido nº 123 (Guia da Rotina Leve) está voltando para a conta de onde saiu.",
    "bold: Seu pagamento foi devolvido.",
  ],
  [
    { kind: "order.refunded", byBank: true, ...sale },
    "↩️ O pagamento do pedido nº 123 foi devolvido pelo banco.\n\nO valor de R$ 19,90 (Guia da Rotina Leve) voltou para a conta de onde saiu. Não foi você quem pediu? Fale com o seu banco e escreva para a gente.",
    "bold: O pagamento do pedido nº 123 foi devolvido pelo banco.",
  ],
  [
    { kind: "payer.ask", field: "cpf", wasWrong: false, ...sale },
    "📝 Para gerar o seu PIX, o banco pede o CPF de quem vai pagar.\n\nEnvie os 11 números aqui na conversa. Eles são usados só para esta cobrança de R$ 19,90.",
    "bold: Para gerar o seu PIX, o banco pede o CPF de quem vai pagar.",
  ],
  [
    { kind: "payer.ask", field: "cpf", wasWrong: true, ...sale },
    "🤔 Esse CPF não confere.\n\nVeja se não faltou ou trocou algum número e envie os 11 números de novo.",
    "bold: Esse CPF não confere.",
  ],
  [
    { kind: "payer.ask", field: "email", wasWrong: false, ...sale },
    "📝 Para gerar o seu pagamento, preciso do seu e-mail.\n\nEnvie o endereço aqui na conversa, assim: nome@exemplo.com",
    "bold: Para gerar o seu pagamento, preciso do seu e-mail.",
  ],
  [
    { kind: "payer.ask", field: "email", wasWrong: true, ...sale },
    "🤔 Esse e-mail não parece completo.\n\nEnvie de novo, assim: nome@exemplo.com",
    "bold: Esse e-mail não parece completo.",
  ],
];

test.each(said)("%j", (body, words, mark) => {
  const [message, ...more] = told(body);
  expect(more).toEqual([]);
  expect(message).toMatchObject({ method: "sendMessage", policy: "reply", words, rest: hidden });
  expect(message?.marks[0]).toBe(mark);
  expect(message).not.toHaveProperty("keyboard");
});

describe("the orders of somebody", () => {
  test("who bought nothing", () => {
    expect(told({ kind: "orders", orders: [] })).toMatchObject([
      { words: "🧾 Você ainda não tem pedidos por aqui. Para ver as ofertas, envie /start.", marks: [] },
    ]);
  });

  test("newest first, each with its state and date in São Paulo, and a button for what can be opened", () => {
    const orders = [
      { ...sale, state: "paid" as const, at: "2026-03-01T02:00:00Z", url },
      { ...starSale, order: 9, state: "open" as const, at: "2026-02-01T12:00:00Z", url },
      { ...sale, order: 8, product: "<Curso>", state: "refunded" as const, at: "2026-01-31T12:00:00Z", url: null },
    ];
    expect(told({ kind: "orders", orders })).toEqual([
      {
        ...{ method: "sendMessage", policy: "reply", rest: hidden },
        words: `🧾 Seus pedidos

nº 123 Guia da Rotina Leve
R$ 19,90 · ✅ pago · 28/02/2026

nº 9 Guia da Rotina Leve
250 ⭐ · ⏳ aguardando pagamento · 01/02/2026

nº 8 <Curso>
R$ 19,90 · ↩️ devolvido · 31/01/2026`,
        marks: ["bold: Seus pedidos", "bold: nº 123", "bold: nº 9", "bold: nº 8"],
        keyboard: [{ text: "🎁 Abrir pedido nº 123", url }],
      },
    ]);
  });

  test("of many only the newest have a button, and all are told", () => {
    const orders = Array.from({ length: 100 }, (_, n) => ({
      ...{ ...sale, order: 100 - n, product: "a".repeat(120), state: "paid" as const, at: "2026-03-01T12:00:00Z", url },
    }));
    const messages = told({ kind: "orders", orders });
    expect(messages.length).toBeGreaterThan(1);
    expect(messages.at(-1)?.keyboard).toHaveLength(20);
    expect(
      messages
        .map(({ words }) => words)
        .join("\n")
        .match(/nº \d+/g),
    ).toHaveLength(100);
  });
});
