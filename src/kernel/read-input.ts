// Reads JSON that came from outside and checks it against its schema.

import type { Static, TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { RejectedError } from "./errors.ts";

/** An empty text is an empty object. Throws RejectedError (400). */
export function parseInput(text: string): unknown {
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    throw new RejectedError(400, "The body is not JSON.");
  }
}

/** Throws RejectedError (400) with the first thing that is not as expected. */
export function checkInput<S extends TSchema>(shape: S, value: unknown): Static<S> {
  if (Value.Check(shape, value)) return value;
  const problem = Value.Errors(shape, value).First();
  throw new RejectedError(400, `${problem?.path || "The body"}: ${problem?.message ?? "is not as expected"}.`);
}
