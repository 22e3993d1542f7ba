// The dossier's words: what of a body is covered, and how a timeline reads.

import { describe, expect, test } from "bun:test";
import { maskBody, maskText, maskValue } from "#src/payments/mask.ts";
import type { Trace } from "#src/payments/trace-shape.ts";
import { traceText } from "#src/payments/trace-text.ts";

const notice = (body: string | Uint8Array, gateway = "sandbox") => ({
  ...{ gateway, body: typeof body === "string" ? new TextEncoder().encode(body) : body },
  ...{ headers: { "content-type": "application/json" }, query: {} },
});

describe("documents", () => {
  test.each([
    ["CPF 529.982.247-25!", "CPF ***.***.***-**!"],
    ['{"document":"52998224725"}', '{"document":"***********"}'],
    ["CNPJ 12.345.678/0001-95", "CNPJ **.***.***/****-**"],
    ["12345678000195", "**************"],
    ["12.ABC.345/01DE-35", "**.***.***/****-**"],
    ["123456789012 and 1234567890", "123456789012 and 1234567890"],
    ["2026-03-01T12:00:00.000Z", "2026-03-01T12:00:00.000Z"],
    ["R$ 1.234.567,89", "R$ 1.234.567,89"],
  ])("%j becomes %j", (text, masked) => expect(maskText(text)).toBe(masked));

  test("an id that looks like one stays", () => {
    expect(maskText("52998224725 12345678901", new Set(["12345678901"]))).toBe("*********** 12345678901");
  });

  test("are found in any depth of a value, and numbers stay numbers", () => {
    const value = { a: [{ b: "529.982.247-25" }], c: 52998224725, d: null };
    expect(maskValue(value)).toEqual({ a: [{ b: "***.***.***-**" }], c: 52998224725, d: null });
  });

  test("the address of a delivery's page loses its secret", () => {
    expect(maskText(`aqui: https://x.example/delivery/${"a".repeat(43)} .`)).toBe(
      "aqui: https://x.example/delivery/… .",
    );
  });
});

describe("bodies", () => {
  test("secrets by name, in JSON and in forms", () => {
    expect(maskBody(notice('{"id":"1","webhook_token": "s3\\"cret","n":1}')).body).toBe(
      '{"id":"1","webhook_token": "…","n":1}',
    );
    expect(maskBody(notice("id=1&token=s3cret&n=1")).body).toBe("id=1&token=…&n=1");
    expect(maskBody(notice('{"a":"x&token=y&z"}')).body).toBe('{"a":"x&token=y&z"}');
  });

  test("what is no UTF-8 is base64, and its documents are covered all the same", () => {
    const bytes = Buffer.concat([Buffer.from([0xff, 0xe9]), Buffer.from(" 529.982.247-25")]);
    const shown = maskBody(notice(bytes));
    expect(shown.encoding).toBe("base64");
    expect(Buffer.from(shown.body, "base64")).toEqual(
      Buffer.concat([Buffer.from([0xff, 0xe9]), Buffer.from(" ***.***.***-**")]),
    );
  });

  test("of a gateway that is not known here", () => {
    expect(maskBody(notice('{"a":1}', "gone"))).toEqual({ encoding: "text", body: '{"a":1}' });
  });
});

test("a timeline is one line per event, and nothing in it commands the terminal", () => {
  const at = "2026-03-01T12:00:00.123Z";
  const trace: Trace = {
    order: {
      ...{ id: 7, tenantId: 1, botId: 2, bot: "alice_bot", chatId: 3, state: "paid" },
      ...{ product: "Guia\u001b[31m", openedAt: at, paidAt: at },
    },
    events: [
      { kind: "click", at, payload: "ad-1" },
      {
        ...{ kind: "message", at, messageId: 11, direction: "out", what: "text", latencyMs: 35, state: "done" },
        ...{ why: null, text: `Oi\n\u202eBob ${"x".repeat(200)}` },
      },
      {
        ...{ kind: "transfer", at, chargeId: 5, movement: "payment", debit: "gateway", credit: "sales" },
        ...{ amount: 123_456, currency: "BRL" },
      },
    ],
  };
  const lines = traceText(trace).split("\n");
  expect(lines).toHaveLength(4);
  expect(lines[0]).toBe("Order 7 of tenant 1 in @alice_bot, chat 3: Guia [31m, paid");
  expect(lines[1]).toBe("2026-03-01 12:00:00.123  click     payload “ad-1”");
  expect(lines[2]).toStartWith("2026-03-01 12:00:00.123  message   out 11 text in 35 ms “Oi Bob xxx");
  expect(lines[2]).toEndWith("x…”");
  expect(lines[3]).toBe("2026-03-01 12:00:00.123  transfer  charge 5: payment R$ 1.234,56, gateway ← sales");
});
