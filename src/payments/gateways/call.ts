// The only place that talks to gateways: bounds time and size, reads failures, remembers tokens, and never logs a secret.

import { createCache } from "../../kernel/cache.ts";
import { reasonOf } from "../../kernel/errors.ts";
import { limits } from "../../kernel/limits.ts";
import { metrics } from "../../kernel/metrics.ts";
import { type Api, type Gateway, GatewayError, type HttpRequest } from "./gateway.ts";

/** An account as it is called. `name`: distinguishes it from every other one; its token is remembered under it. */
export type CalledAccount = { name: string; credentials: Record<string, unknown> };

export type Caller = {
  /** The account's API for one operation that may take `withinMs` in all. */
  open(gateway: Gateway, account: CalledAccount, options: { withinMs: number; now: Date }): Api<never>;
  /** What is remembered of an account is forgotten: its credentials changed. */
  forget(name: string): void;
};

type Token = { fetched: Promise<{ token: string }>; untilMs: number };

/** Tokens are renewed so long before they end. */
const TOKEN_MARGIN_MS = 60_000;

export function openCaller(): Caller {
  const tokens = createCache<string, Token>(limits.gatewayTokens);

  return {
    open(gateway, account, { withinMs, now }) {
      const endMs = performance.now() + withinMs;
      const api: Api<never> = { credentials: account.credentials as never, now, call };

      async function call(request: HttpRequest): Promise<unknown> {
        const known = rememberedToken(request);
        try {
          return await exchange(gateway, account, request, { token: await tokenFor(request), withinMs: left() });
        } catch (error) {
          const isRefused = error instanceof GatewayError && error.meaning === "credentials";
          if (!isRefused || !gateway.fetchToken || request.withoutToken) throw error;
          tokens.delete(account.name);
          // A token may end before its time. Nothing was done with the old one, so the request may go once more.
          if (known === undefined) throw error;
          return exchange(gateway, account, request, { token: await tokenFor(request), withinMs: left() });
        }
      }

      function left(): number {
        const leftMs = endMs - performance.now();
        if (leftMs <= 0) throw new GatewayError("away", "no_time_left");
        return leftMs;
      }

      function rememberedToken(request: HttpRequest): Token | undefined {
        if (!gateway.fetchToken || request.withoutToken) return undefined;
        const known = tokens.get(account.name);
        return known && known.untilMs > performance.now() ? known : undefined;
      }

      /** Those who need a token at the same time fetch it once. */
      async function tokenFor(request: HttpRequest): Promise<string | undefined> {
        if (!gateway.fetchToken || request.withoutToken) return undefined;
        const known = rememberedToken(request);
        if (known) return (await known.fetched).token;
        const fetched = gateway.fetchToken(api);
        const entry: Token = { fetched, untilMs: performance.now() + TOKEN_MARGIN_MS };
        tokens.set(account.name, entry);
        try {
          const { token, seconds } = await fetched;
          entry.untilMs = performance.now() + seconds * 1_000 - TOKEN_MARGIN_MS;
          return token;
        } catch (error) {
          if (tokens.get(account.name) === entry) tokens.delete(account.name);
          throw error;
        }
      }

      return api;
    },
    forget: (name) => void tokens.delete(name),
  };
}

type Exchange = { token: string | undefined; withinMs: number };

async function exchange(
  gateway: Gateway,
  { credentials }: CalledAccount,
  request: HttpRequest,
  { token, withinMs }: Exchange,
): Promise<unknown> {
  const begunMs = performance.now();
  const lost = request.creates ? "unknown" : "away";
  let outcome = "network";
  const headers = gateway.headers(credentials as never, token);
  try {
    const tls = gateway.tls?.(credentials as never);
    const answer = await fetch(addressOf(gateway, credentials, request), {
      method: request.method,
      redirect: "manual",
      signal: AbortSignal.timeout(Math.ceil(withinMs)),
      ...(tls && { tls }),
      ...contentOf(request, headers),
    });
    outcome = String(answer.status);
    const text = await readBounded(answer, lost);
    return judge(answer, text, { lost, secrets: secretsOf(gateway, credentials, headers), sent: wordsOf(request) });
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw new GatewayError(isBegun(error) ? lost : "away", networkReason(error), { cause: error });
  } finally {
    metrics.gatewayCalls.observe({ gateway: gateway.kind, outcome }, (performance.now() - begunMs) / 1_000);
  }
}

function addressOf(gateway: Gateway, credentials: Record<string, unknown>, { path, query }: HttpRequest): string {
  const base = typeof credentials.baseUrl === "string" ? credentials.baseUrl : gateway.baseUrl;
  const search = query ? `?${new URLSearchParams(query)}` : "";
  return base.replace(/\/+$/, "") + path + search;
}

function contentOf(
  request: HttpRequest,
  own: Record<string, string>,
): { headers: Record<string, string>; body?: string } {
  const headers = { accept: "application/json", "user-agent": "grimbots", ...own, ...request.headers };
  if (request.json !== undefined)
    return { headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(request.json) };
  if (request.form === undefined) return { headers };
  const type = { "content-type": "application/x-www-form-urlencoded" };
  return { headers: { ...type, ...headers }, body: String(new URLSearchParams(request.form)) };
}

/** `sent`: words of the request; they may be a person's. */
type Judged = { lost: "unknown" | "away"; secrets: string[]; sent: string[] };

/** Shorter ones stand in every sentence. */
const SECRET_LENGTH = 6;

/** What must not come back in an error's words: vendors repeat what they were sent. The longest first, for some hold others. */
function secretsOf(gateway: Gateway, credentials: Record<string, unknown>, headers: Record<string, string>): string[] {
  const named = Object.entries(gateway.credentials.properties).map(([name, { secret }]) => secret && credentials[name]);
  const all = [...named, ...Object.values(headers).flatMap((value) => value.split(" "))];
  const secrets = all.filter((one): one is string => typeof one === "string" && one.length >= SECRET_LENGTH);
  return secrets.toSorted((a, b) => b.length - a.length);
}

/** Every word of three letters or more in what is sent about the payer and the product. */
function wordsOf({ json, form }: HttpRequest): string[] {
  const texts = JSON.stringify(json ?? form ?? "").match(/(?<=:\s?|\[|,)"(?:[^"\\]|\\.)*"(?!\s*:)/g) ?? [];
  return texts.flatMap((text) => text.toLowerCase().match(/[\p{L}\d]{3,}/gu) ?? []);
}

/** What a status means where the vendor's body need not be read. 2xx that is no JSON says nothing: whatever was asked may have happened. */
function judge(answer: Response, text: string, { lost, secrets, sent }: Judged): unknown {
  const { status } = answer;
  const body = parse(text);
  if (status >= 200 && status < 300) {
    if (body === undefined && text.trim() !== "") throw new GatewayError(lost, "not_json");
    return body ?? {};
  }
  const reason = `http_${status}${detailOf(body, secrets, sent)}`;
  // A page of a firewall or a proxy is not the gateway's word.
  if (body === undefined && text.trim() !== "" && (status === 403 || status === 404))
    throw new GatewayError("away", reason);
  if (status === 401 || status === 403) throw new GatewayError("credentials", reason);
  if (status === 404) throw new GatewayError(lost === "unknown" ? "refused" : "not_found", reason);
  if (status === 429) throw new GatewayError("limited", reason, { afterMs: retryAfterMs(answer) });
  if (status >= 400 && status < 500 && status !== 408) throw new GatewayError("refused", reason);
  throw new GatewayError(lost, reason);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Where vendors put it. */
const WORDS = ["errorCode", "nome", "error", "message", "mensagem", "detail", "description", "title"];

/** The vendor's own word for an error, without anything that looks like a person's number or a key. */
function detailOf(body: unknown, secrets: string[], sent: string[]): string {
  if (typeof body !== "object" || body === null) return "";
  const said = body as Record<string, unknown>;
  const first = Array.isArray(said.errors) ? (said.errors[0] as Record<string, unknown> | undefined) : undefined;
  const words = WORDS.map((name) => said[name]).concat(first?.code, first?.description, first?.message);
  const word = words.find((one) => typeof one === "string");
  return word === undefined ? "" : `: ${redact(String(word), secrets, sent)}`;
}

/** What is too long is cut at the end only: half a secret is not recognized as one. */
function redact(text: string, secrets: string[], sent: string[]): string {
  const known = secrets.reduce((left, secret) => left.replaceAll(secret, "…"), text.slice(0, 4_000));
  // Whole words only: a payer who is called Ana must not spoil "analysis".
  const own = new Set(sent);
  return known
    .replace(/[\p{L}\d]+/gu, (word) => (own.has(word.toLowerCase()) ? "…" : word))
    .replace(/[\w.+-]+@[\w.-]+/g, "…@…")
    .replace(/\d[\d.\-/]{7,}\d/g, "…")
    .replace(/[\w-]{24,}/g, "…")
    .slice(0, 200);
}

function retryAfterMs(answer: Response): number {
  const seconds = Number(answer.headers.get("retry-after"));
  return Math.min(
    Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : limits.gatewayPauseMs,
    limits.gatewayPauseMaxMs,
  );
}

async function readBounded(answer: Response, lost: "unknown" | "away"): Promise<string> {
  const declared = Number(answer.headers.get("content-length") ?? 0);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  if (answer.body === null) return "";
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (Math.max(bytes, declared) > limits.gatewayAnswerBytes) throw new GatewayError(lost, "answer_too_long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Failures that come before the request left. */
const NOT_BEGUN = /ConnectionRefused|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|FailedToOpenSocket|CERT|certificate|TLS/i;

const isBegun = (error: unknown): boolean =>
  !NOT_BEGUN.test(`${(error as { code?: unknown }).code ?? ""} ${reasonOf(error)}`);

const networkReason = (error: unknown): string =>
  (error as { name?: unknown }).name === "TimeoutError"
    ? "timeout"
    : `network_${(error as { code?: unknown }).code ?? "error"}`;
