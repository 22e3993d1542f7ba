// The text behind a PIX QR code ("copia e cola"): EMV fields in the form that Banco Central prescribes for dynamic codes.

import { type Cents, toDecimal } from "../kernel/money.ts";

/** `location`: the payload's address without its scheme, at most 77 characters. */
export type BrCodeInput = { location: string; amount: Cents; name: string; city: string };

/** A valid BR Code. Throws RangeError where a field would not fit. */
export function brCode({ location, amount, name, city }: BrCodeInput): string {
  if (location.length > 77) throw new RangeError("the location is longer than 77 characters");
  const account = field("00", "br.gov.bcb.pix") + field("25", location);
  const fields = [
    field("00", "01"),
    field("26", account),
    field("52", "0000"),
    field("53", "986"),
    field("54", toDecimal(amount)),
    field("58", "BR"),
    field("59", name.slice(0, 25)),
    field("60", city.slice(0, 15)),
    field("62", field("05", "***")),
  ];
  const checked = `${fields.join("")}6304`;
  return checked + crc16(checked);
}

function field(tag: string, value: string): string {
  if (value.length === 0 || value.length > 99) throw new RangeError(`field ${tag} holds 1 to 99 characters`);
  return tag + String(value.length).padStart(2, "0") + value;
}

/** CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF) of ASCII text: four hexadecimal digits in upper case. */
export function crc16(text: string): string {
  let crc = 0xffff;
  for (let at = 0; at < text.length; at++) {
    crc ^= text.charCodeAt(at) << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc.toString(16).toUpperCase().padStart(4, "0");
}
