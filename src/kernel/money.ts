// Money is whole cents of the real from the form to the gateway's edge; text is read and written by integer arithmetic.

declare const brand: unique symbol;

/** An amount in cents: a safe integer, never a fraction. */
export type Cents = number & { readonly [brand]: "Cents" };

/** Brands an integer as cents. Throws RangeError on anything else: a fraction of a cent is an error of ours. */
export function cents(amount: number): Cents {
  if (!Number.isSafeInteger(amount)) throw new RangeError(`${amount} is not a whole number of cents`);
  return amount as Cents;
}

/** "R$ 1.234,56", as it is written in Brazil. */
export function formatReais(amount: Cents): string {
  const digits = String(Math.abs(amount)).padStart(3, "0");
  const whole = digits.slice(0, -2).replace(/\B(?=(?:\d{3})+$)/g, ".");
  return `${amount < 0 ? "-" : ""}R$ ${whole},${digits.slice(-2)}`;
}

/**
 * Reads what a person writes for a price: "1.234,56", "1234,56", "19,9", "19.90", "19", each also after "R$".
 * A dot before one or two last digits is a decimal dot; before groups of three it separates thousands ("1.234" is
 * R$ 1.234,00). Anything else, and more than a safe integer holds, is undefined.
 */
export function parseReais(text: string): Cents | undefined {
  const written = text.trim().replace(/^R\$\s*/i, "");
  const [, brazilian, afterComma, plain, afterDot] =
    /^(?:(\d{1,3}(?:\.\d{3})+|\d+)(?:,(\d{1,2}))?|(\d+)\.(\d{1,2}))$/.exec(written) ?? [];
  const whole = brazilian?.replaceAll(".", "") ?? plain;
  if (whole === undefined) return undefined;
  const amount = Number(whole + (afterComma ?? afterDot ?? "").padEnd(2, "0"));
  return Number.isSafeInteger(amount) ? cents(amount) : undefined;
}

/** "19.90": how gateways that count in reais write an amount. */
export function toDecimal(amount: Cents): string {
  const digits = String(Math.abs(amount)).padStart(3, "0");
  return `${amount < 0 ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/**
 * Reads an amount in reais as gateways write it, a JSON number (33.8) or a text ("33.80", "33"). More than two digits after the point are
 * an amount that we did not ask for: undefined, as is anything else. A number is read through its shortest decimal form, never multiplied.
 */
export function fromDecimal(value: unknown): Cents | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const [, minus, whole, fraction = ""] = /^(-)?(\d{1,13})(?:\.(\d{1,2})0*)?$/.exec(String(value).trim()) ?? [];
  if (whole === undefined) return undefined;
  const amount = Number(whole + fraction.padEnd(2, "0"));
  return cents(minus === undefined || amount === 0 ? amount : -amount);
}

/** Brands an amount that a gateway gives in cents; undefined when it is no whole number. */
export function fromCents(value: unknown): Cents | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) ? cents(value) : undefined;
}
