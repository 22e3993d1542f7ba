// Reading a BR Code (PIX copia e cola): whether it is whole, and what it asks for. A code that a gateway gives us is sold only if it is right.
// Source: Banco Central, Manual de Padrões para Iniciação do Pix; EMV QRCPS Merchant-Presented Mode: id and length of two digits, then the value.

import { type Cents, fromDecimal } from "../kernel/money.ts";

const LONGEST = 512;
const BEGINS = "000201";
const CRC = /6304[0-9A-F]{4}$/;
const PIX = "br.gov.bcb.pix";
const REAL = "986";

/** `key` in a static code, `url` (without scheme) in a dynamic one; `amount` null = the payer enters it; `txid` null = none ("***"). */
export type BrCode = {
  amount: Cents | null;
  key: string | null;
  url: string | null;
  name: string;
  city: string;
  txid: string | null;
};

/** too_long: over 512 characters. begin, fields: it is no such code. crc: damaged. pix: of another scheme. currency, country, amount: not ours. */
export type BrCodeProblem = "too_long" | "begin" | "crc" | "fields" | "pix" | "currency" | "country" | "amount";

/** Reads a code exactly as it is; white space around it is a problem, because the customer's bank would see it, too. */
export function readBrCode(code: string): ({ ok: true } & BrCode) | { ok: false; why: BrCodeProblem } {
  const refused = (why: BrCodeProblem) => ({ ok: false, why }) as const;
  if (code.length > LONGEST) return refused("too_long");
  if (!code.startsWith(BEGINS)) return refused("begin");
  if (!CRC.test(code) || code.slice(-4) !== crc16(code.slice(0, -4))) return refused("crc");
  const fields = fieldsOf(code);
  if (fields === undefined || [...fields.keys()].at(-1) !== "63") return refused("fields");
  const account = pixAccount(fields);
  if (account === undefined) return refused("pix");
  if (fields.get("53") !== REAL) return refused("currency");
  if (fields.get("58") !== "BR") return refused("country");
  const amount = readAmount(fields.get("54"));
  if (amount === undefined) return refused("amount");
  const txid = fieldsOf(fields.get("62") ?? "")?.get("05");
  return {
    ...{ ok: true, amount, key: account.get("01") ?? null, url: account.get("25") ?? null },
    ...{ name: fields.get("59") ?? "", city: fields.get("60") ?? "", txid: txid === "***" ? null : (txid ?? null) },
  };
}

/** CRC-16/CCITT-FALSE over the UTF-8 bytes (polynomial 0x1021, begins with 0xFFFF), as four upper-case hexadecimal digits. */
export function crc16(text: string): string {
  let crc = 0xffff;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : crc << 1;
  }
  return crc.toString(16).toUpperCase().padStart(4, "0");
}

/** The fields in their order; undefined when a length leads past the end or an id comes twice: nobody knows which one a bank would take. */
function fieldsOf(text: string): Map<string, string> | undefined {
  const fields = new Map<string, string>();
  for (let at = 0; at < text.length; ) {
    const [, id, length] = /^(\d\d)(\d\d)/.exec(text.slice(at, at + 4)) ?? [];
    const end = at + 4 + Number(length);
    if (id === undefined || end > text.length || fields.has(id)) return undefined;
    fields.set(id, text.slice(at + 4, end));
    at = end;
  }
  return fields;
}

/** Of the merchant accounts (26 to 51) the one of PIX, with its fields. */
function pixAccount(fields: Map<string, string>): Map<string, string> | undefined {
  for (const [id, value] of fields) {
    const account = id >= "26" && id <= "51" ? fieldsOf(value) : undefined;
    if (account?.get("00")?.toLowerCase() === PIX) return account;
  }
  return undefined;
}

/** null = none is given; undefined = it is no amount. */
function readAmount(written: string | undefined): Cents | null | undefined {
  if (written === undefined) return null;
  return /^\d+(\.\d{1,2})?$/.test(written) ? fromDecimal(written) : undefined;
}
