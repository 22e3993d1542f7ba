// What a person writes when he is asked for his CPF or e-mail: what is taken, and what is asked for again.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readCpf, readEmail } from "#src/kernel/payer.ts";

describe("a CPF", () => {
  test.each([
    "52998224725",
    "529.982.247-25",
    " 529 982 247 25\n",
    "529982247-25",
    "CPF: 529.982.247-25",
    "cpf 52998224725",
  ])("%j is read", (text) => {
    expect(readCpf(text)).toBe("52998224725");
  });

  test.each([
    ["a wrong first check digit", "529.982.247-35"],
    ["a wrong second check digit", "529.982.247-24"],
    ["ten digits", "5299822472"],
    ["twelve digits", "529982247250"],
    ["repeated digits", "111.111.111-11"],
    ["zeros", "00000000000"],
    ["a CNPJ", "11.222.333/0001-81"],
    ["two in one text", "52998224725 52998224725"],
    ["words", "não tenho"],
    ["nothing", ""],
    ["digits of another script", "٥٢٩٩٨٢٢٤٧٢٥"],
  ])("%s is none", (_, text) => {
    expect(readCpf(text)).toBeUndefined();
  });

  test("a check digit of ten is zero", () => {
    expect(readCpf("123.456.789-09")).toBe("12345678909");
  });

  test("one wrong digit, or two that changed places, is always noticed", () => {
    const place = fc.integer({ min: 0, max: 10 });
    fc.assert(
      fc.property(place, fc.integer({ min: 1, max: 9 }), (at, by) => {
        const digits = [..."52998224725"];
        digits[at] = String((Number(digits[at]) + by) % 10);
        expect(readCpf(digits.join(""))).toBeUndefined();
      }),
    );
    expect(readCpf("25998224725")).toBeUndefined();
  });
});

describe("an e-mail address", () => {
  test.each([
    ["ana@example.com", "ana@example.com"],
    ["  Ana.Souza+pix@Example.COM \n", "ana.souza+pix@example.com"],
    ["a@b.co", "a@b.co"],
    ["a_b-c@sub.example.com.br", "a_b-c@sub.example.com.br"],
  ])("%j is read", (text, address) => {
    expect(readEmail(text)).toBe(address);
  });

  test.each([
    "ana",
    "ana@",
    "@example.com",
    "ana@example",
    "ana@@example.com",
    "ana souza@example.com",
    "ana@exa mple.com",
    "ana..b@example.com",
    ".ana@example.com",
    "ana.@example.com",
    "ana@-example.com",
    "ana@example.c",
    "aña@example.com",
    "ana@example.com, bob@example.com",
    `${"a".repeat(65)}@example.com`,
    `a@${"b".repeat(60)}.${"c.".repeat(100)}com`,
    "",
  ])("%j is none", (text) => {
    expect(readEmail(text)).toBeUndefined();
  });
});
