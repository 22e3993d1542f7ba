// What a vendor's fake keeps of the charges made with it, and how amounts and PIX codes are written on a vendor's side.

import type { Fault, Happening } from "../fake.ts";

/** A charge as the vendor keeps it. `word`: the state in the vendor's own language. */
export type VendorCharge = {
  id: string;
  cents: number;
  word: string;
  reference: string | null;
  noticeUrl: string | null;
  brCode: string;
  /** null until it is paid; then what came in. */
  paidCents: number | null;
  refundedCents: number;
  endToEndId: string | null;
  paidAt: Date | null;
  createdAt: Date;
};

/** The vendor's word for what happens; without one it has no such state. `partly_refunded`: where a part can be given back. */
export type Words = Partial<Record<Happening["what"] | "partly_refunded", string>>;

export type Book<Extra extends object> = {
  make(charge: Pick<VendorCharge, "id" | "cents" | "word"> & Partial<VendorCharge> & Extra): VendorCharge & Extra;
  get(id: string): (VendorCharge & Extra) | undefined;
  /** Fails the test when there is no such charge. */
  mustGet(id: string): VendorCharge & Extra;
  byReference(reference: string): (VendorCharge & Extra) | undefined;
  happen(id: string, happening: Happening, words: Words): boolean;
};

/** `Extra`: what this vendor keeps of a charge besides. */
export function createBook<Extra extends object = object>(): Book<Extra> {
  const charges = new Map<string, VendorCharge & Extra>();
  const mustGet = (id: string) => {
    const charge = charges.get(id);
    if (!charge) throw new Error(`the fake knows no charge ${id}`);
    return charge;
  };
  return {
    make(charge) {
      const fresh = { reference: null, noticeUrl: null, brCode: brCodeOf(charge.cents, charge.id), paidCents: null };
      const kept = { ...fresh, refundedCents: 0, endToEndId: null, paidAt: null, createdAt: new Date(), ...charge };
      charges.set(charge.id, kept);
      return kept;
    },
    get: (id) => charges.get(id),
    mustGet,
    byReference: (reference) => [...charges.values()].find((charge) => charge.reference === reference),
    happen: (id, happening, words) => happen(mustGet(id), happening, words),
  };
}

function happen(charge: VendorCharge, happening: Happening, words: Words): boolean {
  const isPart = happening.what === "refunded" && happening.cents !== undefined && happening.cents < charge.cents;
  const word = words[isPart ? "partly_refunded" : happening.what];
  if (word === undefined) return false;
  charge.word = word;
  if (happening.what === "paid") {
    charge.paidCents = happening.cents ?? charge.cents;
    charge.endToEndId = "E18236120202511011200s04b597fb3c";
    charge.paidAt = new Date();
  }
  if (happening.what === "refunded") charge.refundedCents = happening.cents ?? charge.paidCents ?? charge.cents;
  return true;
}

/** The charge as an answer with this fault shows it: a real more, or another id of the same form. */
export function distorted<Charge extends VendorCharge>(charge: Charge, fault: Fault | undefined): Charge {
  if (fault === "other_amount") {
    const paidCents = charge.paidCents === null ? null : charge.paidCents + 100;
    return { ...charge, cents: charge.cents + 100, paidCents, brCode: brCodeOf(charge.cents + 100, charge.id) };
  }
  if (fault === "other_id") return { ...charge, id: charge.id.replace(/.$/, (last) => (last === "0" ? "1" : "0")) };
  return charge;
}

/** A valid PIX copia e cola of this amount. */
export function brCodeOf(cents: number, id: string): string {
  const field = (tag: string, value: string) => tag + String(value.length).padStart(2, "0") + value;
  const reais = `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
  const url = field("00", "br.gov.bcb.pix") + field("25", `pix.example.com/v2/${id.slice(0, 40)}`);
  const merchant = field("26", url) + field("52", "0000") + field("53", "986") + field("54", reais) + field("58", "BR");
  const body = `${field("00", "01")}${merchant}${field("59", "LOJA")}${field("60", "SAO PAULO")}${field("62", field("05", "***"))}6304`;
  let crc = 0xffff;
  for (const byte of Buffer.from(body)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return body + crc.toString(16).toUpperCase().padStart(4, "0");
}

/** 19.9: an amount of cents as the JSON number of reais. */
export const reaisOf = (cents: number): number =>
  Number(`${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, "0")}`);

/** Reads an amount in reais of at most two decimals, in the one type that the vendor takes; undefined when it is none. */
export function centsOf(reais: unknown, type: "number" | "string" = "number"): number | undefined {
  const [, whole, fraction = ""] = /^(\d+)(?:\.(\d{1,2}))?$/.exec(typeof reais === type ? String(reais) : "") ?? [];
  return whole === undefined ? undefined : Number(whole + fraction.padEnd(2, "0"));
}
