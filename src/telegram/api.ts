// The Bot API of one bot: grammY's client with our bounds, and every failure read once into what to do next.

import { Api, type ApiClientOptions, GrammyError, HttpError, InputFile, type Transformer } from "grammy";
import { limits } from "../kernel/limits.ts";
import { redactTokens } from "../kernel/log.ts";
import { metrics } from "../kernel/metrics.ts";
import { type Meaning, meaningOf } from "./refusals.ts";

/** A call that was answered, refused, or whose answer is lost. */
export type Answer =
  | { ok: true; result: unknown }
  | { ok: false; meaning: Meaning; reason: string; retryAfterMs?: number; migrateToChatId?: number }
  /** `begun`: the request may have reached Telegram, so it may have happened. */
  | { ok: false; meaning: "network"; reason: string; begun: boolean };

export type TelegramApi = {
  /**
   * Calls a method; never throws for anything that Telegram or the network does. Values may hold grammY's InputFile. `signal` gives
   * the call up, for methods that change nothing at Telegram.
   */
  call(method: string, payload: Record<string, unknown>, signal?: AbortSignal): Promise<Answer>;
  /** grammY's typed client, for the rarely used methods of commands. */
  api: Api;
};

type Raw = Record<string, (payload: Record<string, unknown>, signal?: AbortSignal) => Promise<unknown>>;

export function createTelegramApi(token: string, apiRoot: string): TelegramApi {
  const api = new Api(token, {
    apiRoot,
    timeoutSeconds: limits.telegramTimeoutSeconds,
    sensitiveLogs: false,
    // The runtime's own: the one that grammY brings costs a fifth more of a call.
    fetch: globalThis.fetch as unknown as ApiClientOptions["fetch"],
  });
  api.config.use(postJson(`${apiRoot}/bot${token}`));
  const raw = api.raw as unknown as Raw;
  return {
    api,
    async call(method, payload, signal) {
      const beganMs = performance.now();
      const answer = await answerOf(() => (raw[method] as Raw[string])(payload, signal));
      metrics.telegramCalls.observe(
        { outcome: answer.ok ? "ok" : answer.meaning },
        (performance.now() - beganMs) / 1_000,
      );
      return answer;
    },
  };
}

const JSON_HEADERS = { "content-type": "application/json" };

/**
 * Posts what holds no file by itself: grammY goes over each payload, looking for files, and writes it value by value, which is another
 * sixth of a call.
 */
function postJson(root: string): Transformer {
  return async (prev, method, payload, signal) => {
    if (Object.values(payload).some((value) => value instanceof InputFile)) return prev(method, payload, signal);
    const late = new AbortController();
    // Cleared when it ends: at thousands of calls a second, those that are over must not wait for their time.
    const timer = setTimeout(() => late.abort(), limits.telegramTimeoutSeconds * 1_000);
    const bound = signal ? AbortSignal.any([signal as AbortSignal, late.signal]) : late.signal;
    const request = { method: "POST", headers: JSON_HEADERS, body: JSON.stringify(payload), signal: bound };
    try {
      const response = await fetch(`${root}/${method}`, request).catch((error) => {
        throw new HttpError(`${method} was not answered`, error);
      });
      return (await response.json()) as Awaited<ReturnType<typeof prev>>;
    } finally {
      clearTimeout(timer);
    }
  };
}

async function answerOf(call: () => Promise<unknown>): Promise<Answer> {
  try {
    return { ok: true, result: await call() };
  } catch (error) {
    if (error instanceof GrammyError) return refusalOf(error);
    if (error instanceof HttpError) return { ok: false, meaning: "network", ...lossOf(error) };
    // A body that is no JSON (a proxy's error page, a torn answer): the call may have happened.
    return { ok: false, meaning: "network", reason: "unreadable_answer", begun: true };
  }
}

function refusalOf(error: GrammyError): Answer {
  const { meaning, reason } = meaningOf(error.error_code, error.description);
  const { retry_after, migrate_to_chat_id } = error.parameters;
  return {
    ok: false,
    meaning,
    reason,
    ...(meaning === "flood" ? { retryAfterMs: (retry_after ?? 1) * 1_000 } : {}),
    ...(migrate_to_chat_id === undefined ? {} : { migrateToChatId: migrate_to_chat_id }),
  };
}

/** Failures that are known to come before the first byte of the request; after any other one the outcome is open. */
const NEVER_BEGUN = /ConnectionRefused|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|FailedToOpenSocket|Unable to connect|DNS/i;

function lossOf(error: HttpError): { reason: string; begun: boolean } {
  const cause = error.error as { code?: unknown; name?: unknown; message?: unknown } | undefined;
  const text = `${String(cause?.code ?? "")} ${String(cause?.name ?? "")} ${String(cause?.message ?? "")} ${error.message}`;
  if (NEVER_BEGUN.test(text)) return { reason: "unreachable", begun: false };
  return { reason: /timed? ?out|abort/i.test(text) ? "timeout" : "connection_lost", begun: true };
}

/** Makes an error of grammY presentable: one sentence without a token. */
export function sentenceOf(error: unknown): string {
  if (error instanceof GrammyError) return `Telegram answered ${error.error_code}: ${error.description}.`;
  if (error instanceof HttpError) return "Telegram could not be reached; check TELEGRAM_API_ROOT and the network.";
  return redactTokens(error instanceof Error ? error.message : String(error));
}
