// What a human may read of what came from outside: documents of payers and secrets of gateways are covered, the rest stays as it was.

import { findGateway } from "./gateways/index.ts";
import { parseBody } from "./notice-body.ts";

/** Eleven digits (CPF) or fourteen (CNPJ), with or without their punctuation, and CNPJ's form with letters, in force since July 2026. */
const DOCUMENT =
  /(?<!\d)(?:\d{3}\.?\d{3}\.?\d{3}-?\d{2}|\d{2}\.?\d{3}\.?\d{3}\/?\d{4}-?\d{2}|[\dA-Z]{2}\.[\dA-Z]{3}\.[\dA-Z]{3}\/[\dA-Z]{4}-\d{2})(?!\d)/g;
/** The address of a delivery's page is the key to it. */
const PAGE = /(\/delivery\/)[\w-]{43}/g;
/** A value in JSON or in a form whose name says that it is a secret. */
const SECRET_WORDS = "token|secret|password|senha|signature|hmac|authorization|api_?key";
const JSON_SECRET = new RegExp(
  `("[^"\\\\]{0,40}(?:${SECRET_WORDS})[^"\\\\]{0,40}"\\s*:\\s*)"(?:[^"\\\\]|\\\\.)*"`,
  "gi",
);
const FORM_SECRET = new RegExp(`((?:^|&)[^=&]{0,40}(?:${SECRET_WORDS})[^=&]{0,40}=)[^&]*`, "gi");

/** The text with every digit of a document covered. `known`: ids that look like one and are none. */
export function maskText(text: string, known: ReadonlySet<string> = new Set()): string {
  return text
    .replace(DOCUMENT, (found) => (known.has(found) ? found : found.replace(/[\dA-Z]/g, "*")))
    .replace(PAGE, "$1…");
}

/** The same for every text in a value of JSON. */
export function maskValue(value: unknown, known: ReadonlySet<string> = new Set()): unknown {
  if (typeof value === "string") return maskText(value, known);
  if (Array.isArray(value)) return value.map((one) => maskValue(one, known));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, maskValue(one, known)]));
}

export type ShownBody = { encoding: "text" | "base64"; body: string };

/** A notice's body for a human: text when it is UTF-8, else base64; both masked. */
export function maskBody(
  notice: { gateway: string; body: Uint8Array; headers: Record<string, string>; query: Record<string, string> },
  known: ReadonlySet<string> = new Set(),
): ShownBody {
  const { body } = notice;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return { encoding: "text", body: maskText(withoutSecrets(text, notice), known) };
  } catch {
    // One character a byte, there and back: what is covered is ASCII.
    const bytes = withoutSecrets(Buffer.from(body).toString("latin1"), notice).replaceAll("…", "*");
    return { encoding: "base64", body: Buffer.from(maskText(bytes, known), "latin1").toString("base64") };
  }
}

/** Some gateways carry the secret of each charge in the body, under names of their own: the adapter knows where. */
function withoutSecrets(text: string, notice: Parameters<typeof maskBody>[0]): string {
  const hints = findGateway(notice.gateway)?.webhook.read(parseBody(notice), notice) ?? [];
  const tokens = hints.flatMap((hint) => (hint.about === "charge" && hint.token ? [hint.token] : []));
  const named = text
    .replace(JSON_SECRET, '$1"…"')
    .replace(FORM_SECRET, (whole, name: string) => (/^\s*[[{]/.test(text) ? whole : `${name}…`));
  return tokens.reduce((left, token) => left.replaceAll(token, "…"), named);
}
