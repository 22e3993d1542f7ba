// A notice's body as a value: JSON or a form, whatever its content type claims. What is neither is undefined. And which charges it is about.

import type { ChargeHint, Gateway, RawNotice } from "./gateways/gateway.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Never throws: what cannot be read is kept all the same, and a human finds it. */
export function parseBody({ body, headers }: Pick<RawNotice, "body" | "headers">): unknown {
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const isForm = (headers["content-type"] ?? "").includes("form-urlencoded");
    return isForm ? Object.fromEntries(new URLSearchParams(text)) : undefined;
  }
}

/** The charges that a notice is about. An id with a NUL is no id of anything: PostgreSQL could not even look for it. */
export function readHints(gateway: Gateway, notice: RawNotice): ChargeHint[] {
  const hints = gateway.webhook.read(parseBody(notice), notice).filter((hint) => hint.about === "charge");
  return hints.map((hint) => ({ ...hint, gatewayId: keptId(hint.gatewayId), reference: keptId(hint.reference) }));
}

const keptId = (id: string | null): string | null => (id?.includes("\0") ? null : id);
