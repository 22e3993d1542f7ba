// BR Codes: what is read from right ones, and that a damaged one is never taken.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createStaticPix, hasError, parsePix } from "pix-utils";
import { cents } from "#src/kernel/money.ts";
import { crc16, readBrCode } from "#src/payments/br-code.ts";

const fixed =
  "00020126700014br.gov.bcb.pix0136123e4567-e89b-12d3-a456-4266141740000208pedido 1520400005303986540519.905802BR5912LOJA EXEMPLO6009SAO PAULO62120508ORD01ABC63041945";
const dynamic =
  "00020126510014br.gov.bcb.pix2529pix.example.com/v2/12345678905204000053039865802BR5912LOJA EXEMPLO6009SAO PAULO62070503***630441FE";
const accented =
  "00020101021226880014BR.GOV.BCB.PIX2566qrcodespix.example.com.br/v2/cobv/9d36b84fc70b478fb95c12729b90ca25520400005303986540519.905802BR5909Loja Açaí6009SAO PAULO61080131010062070503***6304EE96";

const field = (id: string, value: string) => `${id}${String(value.length).padStart(2, "0")}${value}`;
const sealed = (body: string) => `${body}6304${crc16(`${body}6304`)}`;
const account = field("26", field("00", "br.gov.bcb.pix") + field("01", "ana@example.com"));
const codeOf = (...fields: string[]) => sealed(["000201", ...fields].join(""));
const rest = ["5204000053039865802BR5903ANA6009SAO PAULO"];

test("the checksum is CRC-16/CCITT-FALSE", () => {
  expect(crc16("123456789")).toBe("29B1");
});

describe("right", () => {
  test("a static code: key, amount and number", () => {
    expect(readBrCode(fixed)).toEqual({
      ...{ ok: true, amount: cents(1990), key: "123e4567-e89b-12d3-a456-426614174000", url: null },
      ...{ name: "LOJA EXEMPLO", city: "SAO PAULO", txid: "ORD01ABC" },
    });
  });

  test("a dynamic code: its address, no amount, no number", () => {
    expect(readBrCode(dynamic)).toMatchObject({
      ...{ ok: true, amount: null, key: null, url: "pix.example.com/v2/1234567890", txid: null },
    });
  });

  test("accents count as one character in lengths and as two bytes in the checksum", () => {
    expect(readBrCode(accented)).toMatchObject({ ok: true, amount: cents(1990), name: "Loja Açaí" });
  });

  test.each([
    ["19.9", 1990],
    ["19", 1900],
    ["0.01", 1],
    ["1234567.89", 123_456_789],
  ])("an amount of %p", (written, amount) => {
    expect(readBrCode(codeOf(account, field("54", written), ...rest))).toMatchObject({
      ok: true,
      amount: cents(amount),
    });
  });
});

describe("wrong", () => {
  test.each([
    ["nothing", "", "begin"],
    ["another text", "https://example.com", "begin"],
    ["white space before it", ` ${fixed}`, "begin"],
    ["white space after it", `${fixed}\n`, "crc"],
    ["a checksum in lower case", dynamic.replace(/41FE$/, "41fe"), "crc"],
    ["more than 512 characters", codeOf(account, ...rest, ...Array(9).fill(field("80", "x".repeat(90)))), "too_long"],
    ["a length that leads past the end", sealed("0002012699"), "fields"],
    ["an id that is no number", codeOf(account, "A10199", ...rest), "fields"],
    ["two amounts", codeOf(account, field("54", "1.00"), field("54", "2.00"), ...rest), "fields"],
    ["a checksum that is inside another field", codeOf(account, ...rest, "8008"), "fields"],
    ["no account of PIX", codeOf(field("26", field("00", "com.example")), ...rest), "pix"],
    ["dollars", codeOf(account, "5204000053038405802BR5903ANA6009SAO PAULO"), "currency"],
    ["another country", codeOf(account, "5204000053039865802PT5903ANA6006LISBOA"), "country"],
    ["a comma in the amount", codeOf(account, field("54", "19,90"), ...rest), "amount"],
    ["a third of a cent", codeOf(account, field("54", "19.905"), ...rest), "amount"],
    ["a negative amount", codeOf(account, field("54", "-1.00"), ...rest), "amount"],
  ] as const)("%s", (_, code, why) => {
    expect(readBrCode(code)).toEqual({ ok: false, why });
  });

  test("one character that is another one is always noticed", () => {
    const character = fc.string({
      unit: fc.constantFrom(..."0123456789ABCDEFabcdef.*/- ZzÁ"),
      minLength: 1,
      maxLength: 1,
    });
    fc.assert(
      fc.property(fc.constantFrom(fixed, dynamic, accented), fc.nat(), character, (code, place, other) => {
        const at = place % code.length;
        if (code[at] === other) return;
        expect(readBrCode(code.slice(0, at) + other + code.slice(at + 1)).ok).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  test("anything at all gets an answer", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const code of [text, codeOf(text)]) expect(typeof readBrCode(code).ok).toBe("boolean");
      }),
    );
  });
});

test("codes of another maker are read, and that maker's reader agrees", () => {
  const word = (maxLength: number) => fc.stringMatching(new RegExp(`^[A-Za-z0-9]{1,${maxLength}}$`));
  fc.assert(
    fc.property(word(20), word(15), word(25), fc.integer({ min: 1, max: 9_999_999 }), (name, city, txid, amount) => {
      const pix = createStaticPix({
        ...{ merchantName: name, merchantCity: city, pixKey: "ana@example.com", txid },
        transactionAmount: Number(`${Math.trunc(amount / 100)}.${String(amount % 100).padStart(2, "0")}`),
      });
      if (hasError(pix)) throw new Error(pix.message);
      const code = pix.toBRCode();
      const parsed = parsePix(code);
      if (hasError(parsed)) throw new Error(parsed.message);
      expect(readBrCode(code)).toMatchObject({ ok: true, amount: cents(amount), key: "ana@example.com", txid });
    }),
  );
});
