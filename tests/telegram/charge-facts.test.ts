// Facts of a charge as messages, word for word: the code to be paid, the invoice, and what becomes of them.

import { describe, expect, test } from "bun:test";
import type { FactBody } from "#src/kernel/fact.ts";
import { cents } from "#src/kernel/money.ts";
import { decideAll, expiresAt, KEY, now, read, sale, starSale, told } from "./facts-scene.ts";

const CODE = "00020126580014br.gov.bcb.pix0136123e4567-e89b-12d3-a456-426614174000";
const ready = {
  ...{ kind: "charge.ready", key: KEY, brCode: CODE, invoice: null, expiresAt, legalNotice: null },
  ...sale,
} as const satisfies FactBody;
const verify = { text: "✅ Verificar pagamento", callback_data: KEY };
const copy = { text: "📋 Copiar código PIX", copy_text: { text: CODE } };
const hidden = { link_preview_options: { is_disabled: true } };

const CAPTION = `Seu PIX está pronto! 💚

🎯 Produto: Guia da Rotina Leve
💰 Valor: R$ 19,90
⏰ Válido até 14:35 (30 minutos)
🧾 Pedido nº 123

📱 PIX copia e cola (toque no código para copiar):
${CODE}

Pague no app do seu banco e volte para cá: assim que o pagamento for confirmado, seu acesso chega nesta conversa. ✨`;
const MARKS = [
  "bold: Seu PIX está pronto!",
  "bold: Produto:",
  "bold: Valor:",
  "bold: Válido até",
  "bold: PIX copia e cola",
];

describe("a charge that can be paid", () => {
  test("is one photo: the QR code, all that is to be known under it, and two buttons", () => {
    expect(told(ready)).toEqual([
      {
        ...{ method: "sendPhoto", policy: "reply", words: CAPTION, marks: [...MARKS, `code: ${CODE}`] },
        ...{ keyboard: [copy, verify], media: { field: "photo", source: { qr: CODE } }, rest: {} },
      },
    ]);
  });

  test("has the gateway's words at its end, small", () => {
    const [message] = told({ ...ready, legalNotice: "Pagamento processado por Exemplo <S.A.> 🏦" });
    expect(message?.words).toBe(`${CAPTION}\n\nPagamento processado por Exemplo <S.A.> 🏦`);
    expect(message?.marks.at(-1)).toBe("italic: Pagamento processado por Exemplo <S.A.> 🏦");
  });

  test.each([
    [256, true],
    [257, false],
  ])("a code of %p characters has a copy button: %p", (length, hasButton) => {
    const brCode = "0".repeat(length);
    const [message] = told({ ...ready, brCode });
    expect(message?.keyboard).toEqual(
      hasButton ? [{ text: "📋 Copiar código PIX", copy_text: { text: brCode } }, verify] : [verify],
    );
    expect(message?.marks).toContain(`code: ${brCode}`);
  });

  test("with more words than a caption holds goes as a photo and a text, the buttons under the last", () => {
    const brCode = "0".repeat(512);
    const [photo, text, ...more] = told({ ...ready, brCode, product: "ção🏟".repeat(24), legalNotice: "a".repeat(200) });
    expect(more).toEqual([]);
    expect(photo).toEqual({
      ...{
        method: "sendPhoto",
        policy: "reply",
        marks: [],
        media: { field: "photo", source: { qr: brCode } },
        rest: {},
      },
      words: "📷 Aponte a câmera do app do seu banco para este QR Code, ou use o código abaixo.",
    });
    expect(text).toMatchObject({ method: "sendMessage", keyboard: [verify] });
    expect(text?.words?.length).toBeGreaterThan(1_024);
    expect(text?.words).toEndWith(`✨\n\n${"a".repeat(200)}`);
    expect(text?.marks).toContain(`code: ${brCode}`);
  });

  test("whose caption is exactly as long as one may be is one message", () => {
    const room = 1_024 - CAPTION.length - 2;
    expect(told({ ...ready, legalNotice: "a".repeat(room) })).toHaveLength(1);
    expect(told({ ...ready, legalNotice: "a".repeat(room + 1) })).toHaveLength(2);
  });

  test("with a code that no QR code of ours holds is a text", () => {
    expect(told({ ...ready, brCode: "0".repeat(513) })).toMatchObject([{ method: "sendMessage", keyboard: [verify] }]);
  });

  test("a product of 120 characters with markup and emoji arrives as it is written", () => {
    const product = `<b>"Curso" & 'Guia'</b> {pix} 🏟 ${"ç".repeat(88)}`.slice(0, 120);
    const [message] = told({ ...ready, product });
    expect(message?.words).toBe(CAPTION.replace("Guia da Rotina Leve", product));
    expect(message?.marks).toEqual([...MARKS, `code: ${CODE}`]);
  });

  test("on another day has the day with its time", () => {
    const late = { ...ready, expiresAt: "2026-03-02T03:10:00Z" };
    expect(told(late, { now: new Date("2026-03-02T02:40:00Z") })[0]?.words).toContain(
      "Válido até 02/03 às 00:10 (30 minutos)\n",
    );
  });

  test("in Stars is Telegram's own invoice, with title and description inside Telegram's bounds", () => {
    const [message] = told({ ...ready, ...starSale, brCode: null, invoice: "order:123" });
    expect(message).toEqual({
      ...{ method: "sendInvoice", policy: "reply", marks: [] },
      rest: {
        ...{ title: "Guia da Rotina Leve", description: "Pedido nº 123: Guia da Rotina Leve", payload: "order:123" },
        ...{ currency: "XTR", provider_token: "", prices: [{ label: "Guia da Rotina Leve", amount: 250 }] },
      },
    });
    const long = {
      ...ready,
      ...starSale,
      brCode: null,
      invoice: "a",
      product: "Curso de Pão 🍞\n".repeat(8).slice(0, 120),
    };
    expect(told(long)[0]?.rest).toMatchObject({ title: "Curso de Pão 🍞 Curso de Pão 🍞…" });
    expect(told({ ...long, product: "x".repeat(120) })[0]?.rest.title).toBe(`${"x".repeat(31)}…`);
  });
});

test("no charge could be made: a button to try again", () => {
  expect(told({ kind: "charge.failed", again: KEY, ...sale })).toEqual([
    {
      ...{ method: "sendMessage", policy: "reply", marks: ["bold: Não consegui gerar o seu pagamento agora."] },
      words: `😕 Não consegui gerar o seu pagamento agora.

Foi um problema do nosso lado e nada foi cobrado. Espere um instante e tente de novo.`,
      ...{ keyboard: [{ text: "🔄 Tentar de novo", callback_data: KEY }], rest: hidden },
    },
  ]);
});

test("not paid yet: the steps, the code once more, and the time that is left", () => {
  const pending = { kind: "charge.pending", key: KEY, brCode: CODE, expiresAt, ...sale } as const;
  expect(told(pending, { now: new Date(now.getTime() + 18 * 60_000) })).toEqual([
    {
      ...{ method: "sendMessage", policy: "reply", keyboard: [copy, verify], rest: hidden },
      words: `⏳ Seu pagamento ainda não apareceu por aqui.

1️⃣ Toque no código abaixo para copiar
2️⃣ Abra o app do seu banco e escolha PIX copia e cola
3️⃣ Cole o código e confirme o valor de R$ 19,90

${CODE}

⏰ Válido até 14:35 (12 minutos)

Já pagou? Fique tranquilo: a confirmação pode levar até 2 minutos e chega aqui sozinha.`,
      marks: ["bold: Seu pagamento ainda não apareceu por aqui.", "italic: PIX copia e cola", `code: ${CODE}`],
    },
  ]);
});

test("Stars not paid yet: where to pay", () => {
  expect(told({ kind: "charge.pending", key: KEY, brCode: null, expiresAt, ...starSale })).toMatchObject([
    {
      words: `⏳ Seu pagamento ainda não apareceu por aqui.

Toque em Pagar na cobrança acima para concluir a compra de Guia da Rotina Leve por 250 ⭐.`,
      keyboard: [verify],
    },
  ]);
});

const EXPIRED = `⌛ Esta cobrança venceu.

🎯 Guia da Rotina Leve
💰 R$ 19,90
🧾 Pedido nº 123

Ainda quer? Toque no botão abaixo para gerar uma nova. Se você já pagou, não precisa fazer nada: assim que o pagamento for confirmado, eu aviso aqui.`;

describe("its time is over", () => {
  const expired = { kind: "charge.expired", again: KEY, ...sale } as const;
  const again = { text: "🔄 Gerar novo PIX", callback_data: KEY };

  test.each([
    ["the photo's caption changes", { messageId: 7, hasPhoto: true }, "editMessageCaption", { message_id: 7 }],
    ["the text changes", { messageId: 8, hasPhoto: false }, "editMessageText", { message_id: 8 }],
    ["without a message that is known it is told", null, "sendMessage", hidden],
  ])("%s", (_, message, method, rest) => {
    expect(told({ ...expired, message })).toEqual([
      {
        ...{ method, policy: "reply", words: EXPIRED, marks: ["bold: Esta cobrança venceu."] },
        ...{ keyboard: [again], rest },
      },
    ]);
  });

  test("the caption is a caption, and the text a text", () => {
    const payloadOf = (hasPhoto: boolean) => {
      const [effect] = decideAll({ ...expired, message: { messageId: 7, hasPhoto } }).effects;
      return effect?.kind === "send" ? Object.keys(effect.body.payload).sort() : [];
    };
    expect(payloadOf(true)).toEqual(["caption", "caption_entities", "message_id", "reply_markup"]);
    expect(payloadOf(false)).toEqual(["entities", "message_id", "reply_markup", "text"]);
  });

  test("an invoice of Telegram's cannot be edited: it is told", () => {
    const [effect] = decideAll({ ...expired, ...starSale, message: { messageId: 7, hasPhoto: false } }).effects;
    expect(read(effect)).toMatchObject({
      ...{ method: "sendMessage", words: EXPIRED.replace("R$ 19,90", "250 ⭐") },
      keyboard: [{ text: "🔄 Gerar nova cobrança", callback_data: KEY }],
    });
  });
});

test("another amount came in: both amounts, and what happens now", () => {
  expect(told({ kind: "charge.held", paid: cents(500), ...sale })).toEqual([
    {
      ...{ method: "sendMessage", policy: "reply", rest: hidden },
      words: `⚠️ Recebi um pagamento de R$ 5,00, mas o valor do pedido é R$ 19,90.

Por isso o acesso ainda não foi liberado. Quem vende já foi avisado e vai resolver com você. Guarde o número: pedido nº 123.`,
      marks: ["bold: Recebi um pagamento de R$ 5,00, mas o valor do pedido é R$ 19,90."],
    },
  ]);
});
