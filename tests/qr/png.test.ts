// The QR code read back by decoders that know nothing of how it was drawn.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { PNG } from "pngjs";
import decodeQr from "qr/decode.js";
import { qrPng } from "#src/qr/png.ts";

const BR_CODE =
  "00020126510014br.gov.bcb.pix2529pix.example.com/v2/12345678905204000053039865802BR5912LOJA EXEMPLO6009SAO PAULO62070503***630441FE";

function readBack(png: Uint8Array): { text: string; width: number; height: number } {
  const { width, height, data } = PNG.sync.read(Buffer.from(png));
  return { text: decodeQr({ width, height, data }), width, height };
}

test.each([
  ["a short text", "a"],
  ["a static code", BR_CODE],
  ["a long code", `${BR_CODE}${"x1Y".repeat(120)}`],
  ["accents", "Loja Açaí 🏟"],
  ["Latin-1 alone", "ação ÿ"],
])("%s is read back as it is", (_, text) => {
  expect(readBack(qrPng(text)).text).toBe(text);
});

test("a PIX code is a square of at least 400 pixels and few bytes", () => {
  const png = qrPng(`${BR_CODE}${"a".repeat(60)}`);
  const { width, height } = readBack(png);
  expect(width).toBe(height);
  expect(width).toBeWithin(400, 700);
  expect(png.length).toBeLessThan(4_000);
});

test("the corners are white: the quiet zone of four modules", () => {
  const { data, width } = PNG.sync.read(Buffer.from(qrPng(BR_CODE)));
  const isWhite = (x: number, y: number) => data[(y * width + x) * 4] === 255;
  for (let at = 0; at < width; at++)
    for (let edge = 0; edge < 32; edge++) expect(isWhite(at, edge) && isWhite(edge, at)).toBe(true);
  expect(isWhite(32, 32)).toBe(false);
});

test("whatever fits is read back", () => {
  const text = fc.string({ unit: fc.constantFrom(..."aZ09.*/- çã€"), minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(text, (text) => {
      expect(readBack(qrPng(text)).text).toBe(text);
    }),
    { numRuns: 30 },
  );
});

test.each([
  ["nothing", ""],
  ["more than 2,331 bytes", "a".repeat(2_400)],
])("no code holds %s", (_, text) => {
  expect(() => qrPng(text)).toThrow();
});
