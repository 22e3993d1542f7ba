// How doors answer: JSON, and for every refusal one sentence (RFC 9457 problem details), never a stack trace.

import { RejectedError } from "../kernel/errors.ts";

const JSON_TYPE = { "content-type": "application/json" };

/** The answer to an update that is kept. */
export const kept = (): Response => new Response("{}", { headers: JSON_TYPE });

export const json = (body: unknown, status = 200): Response =>
  new Response(JSON.stringify(body), { status, headers: JSON_TYPE });

export function problem({ status, message, retryAfterSeconds }: RejectedError): Response {
  const headers = {
    "content-type": "application/problem+json",
    ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
  };
  return new Response(JSON.stringify({ type: "about:blank", status, detail: message }), { status, headers });
}

/** Whatever a door threw, as an answer. What nobody expected is a 503: whoever sent it may send it again. */
export function problemOf(error: unknown): Response {
  return problem(
    error instanceof RejectedError ? error : new RejectedError(503, "Something went wrong here; try again.", 2),
  );
}
