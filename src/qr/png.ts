// A text as the picture of a QR code: a small black and white PNG that Telegram takes as a photo and phones scan from another screen.

import { crc32, deflateSync } from "node:zlib";
import { correction, generate, mode } from "lean-qr";

/** Pixels of one module's side. Eight one-bit pixels are one byte of a row, which keeps drawing cheap. */
const MODULE_PIXELS = 8;
/** White modules around the code, as ISO 18004 asks for. */
const QUIET_MODULES = 4;
const WHITE = 0xff;
const SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
/** PNG's row filters: the row as it stands, and its difference to the row above. */
const AS_IT_IS = 0;
const AS_ABOVE = 2;

type Bitmap = { size: number; get(x: number, y: number): boolean };

/**
 * The PNG of a QR code with error correction M. A PIX code of 190 characters becomes 456 × 456 pixels in about a millisecond. Throws when
 * the text is empty, or longer than such a code holds (2,331 bytes).
 */
export function qrPng(text: string): Uint8Array {
  if (text === "") throw new RangeError("an empty text has no QR code");
  return pngOf(
    generate(isAscii(text) ? text : mode.bytes(new TextEncoder().encode(text)), {
      minCorrectionLevel: correction.M,
      maxCorrectionLevel: correction.M,
    }),
  );
}

/** Beyond ASCII the bytes are UTF-8 without a mark, as every PIX app writes and reads them; the library would choose Latin-1. */
function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

function pngOf(code: Bitmap): Uint8Array {
  const modules = code.size + 2 * QUIET_MODULES;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(modules * MODULE_PIXELS, 0);
  header.writeUInt32BE(modules * MODULE_PIXELS, 4);
  header[8] = 1; // One bit a pixel, in shades of grey.
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rowsOf(code, modules), { level: 1 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** Each row of modules is drawn once; the rows of pixels below it are the same as above, which compresses to almost nothing. */
function rowsOf(code: Bitmap, modules: number): Uint8Array {
  const stride = 1 + modules;
  const rows = new Uint8Array(stride * modules * MODULE_PIXELS);
  for (let y = 0; y < modules; y++) {
    const at = y * MODULE_PIXELS * stride;
    rows[at] = AS_IT_IS;
    for (let x = 0; x < modules; x++) {
      rows[at + 1 + x] = code.get(x - QUIET_MODULES, y - QUIET_MODULES) ? 0 : WHITE;
    }
    for (let below = 1; below < MODULE_PIXELS; below++) rows[at + below * stride] = AS_ABOVE;
  }
  return rows;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const whole = Buffer.alloc(12 + data.length);
  whole.writeUInt32BE(data.length, 0);
  whole.write(type, 4, "latin1");
  whole.set(data, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, 8 + data.length)), 8 + data.length);
  return whole;
}
