// How adapters read a vendor's answer: a shape is checked before anything is taken from it, and what is odd is null, never an exception.

import type { Static, TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { GatewayError } from "./gateway.ts";

/** `errorInside`: the vendor's form of an error in a 2xx answer. `creates`: as on the request. */
export type Expected<Schema extends TSchema> = { shape: Schema; errorInside: TSchema; creates?: boolean };

/**
 * Narrows a 2xx answer. Throws GatewayError when it is not of the shape: `refused` for an error inside it, else `unknown` where the request
 * creates something and `away` where not.
 */
export function expectShape<Schema extends TSchema>(
  answer: unknown,
  { shape, errorInside, creates }: Expected<Schema>,
): Static<Schema> {
  if (Value.Check(shape, answer)) return answer;
  if (Value.Check(errorInside, answer)) throw new GatewayError("refused", "error_inside");
  throw new GatewayError(creates ? "unknown" : "away", "wrong_shape");
}

export const textOrNull = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

/** A point in time as ISO 8601 with its zone. */
export function dateOrNull(value: unknown): Date | null {
  const date = typeof value === "string" && /(Z|[+-]\d\d:?\d\d)$/.test(value) ? new Date(value) : null;
  return date && !Number.isNaN(date.getTime()) ? date : null;
}
