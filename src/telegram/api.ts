// The Bot API of one bot: grammY's client with our bounds, and every failure read once into what to do next.

import { Api, type ApiClientOptions, GrammyError, HttpError, InputFile } from "grammy";
import { limits } from "../kernel/limits.ts";
import { redactTokens } from "../kernel/log.ts";
import { methodLabel } from "../kernel/metrics/telegram.ts";
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
  /** The same for a method without files, and what time it is at Telegram, to the second; undefined when that was not told. */
  callDated(
    method: string,
    payload: Record<string, unknown>,
    signal?: AbortSignal,
  ): Promise<{ answer: Answer; at: Date | undefined }>;
  /** grammY's typed client, for the rarely used methods of commands. */
  api: Api;
};

type Payload = Record<string, unknown>;
type Raw = Record<string, (payload: Payload, signal?: AbortSignal) => Promise<unknown>>;
/** The Bot API's own answer: https://core.telegram.org/bots/api#making-requests */
type Answered =
  | { ok: true; result: unknown }
  | ({ ok: false } & Pick<GrammyError, "error_code" | "description" | "parameters">);

export function createTelegramApi(token: string, apiRoot: string): TelegramApi {
  let opened: Api | undefined;
  // Most bots of a process never need it, and ten thousand of them are ten thousand clients.
  const client = (): Api => {
    opened ??= openClient(token, apiRoot);
    return opened;
  };
  const post = postJson(`${apiRoot}/bot${token}`);
  const upload = (method: string, payload: Payload, signal?: AbortSignal) =>
    ((client().raw as unknown as Raw)[method] as Raw[string])(payload, signal);
  return {
    get api() {
      return client();
    },
    async call(method, payload, signal) {
      const beganMs = performance.now();
      const answer = await answerOf(async () =>
        hasFile(payload) ? { ok: true, result: await upload(method, payload, signal) } : post(method, payload, signal),
      );
      metrics.telegramCalls.observe(
        { method: methodLabel(method), outcome: answer.ok ? "ok" : answer.meaning },
        (performance.now() - beganMs) / 1_000,
      );
      return answer;
    },
    async callDated(method, payload, signal) {
      let date: string | null = null;
      const answer = await answerOf(() =>
        post(method, payload, signal, ({ headers }) => {
          date = headers.get("date");
        }),
      );
      const at = new Date(date ?? Number.NaN);
      return { answer, at: Number.isNaN(at.getTime()) ? undefined : at };
    },
  };
}

const openClient = (token: string, apiRoot: string): Api =>
  new Api(token, {
    apiRoot,
    timeoutSeconds: limits.telegramTimeoutSeconds,
    sensitiveLogs: false,
    // The runtime's own: the one that grammY brings costs a fifth more of a call.
    fetch: globalThis.fetch as unknown as ApiClientOptions["fetch"],
  });

const hasFile = (payload: Payload): boolean => Object.values(payload).some((value) => value instanceof InputFile);

const JSON_HEADERS = { "content-type": "application/json" };

/**
 * Posts what holds no file by itself: grammY goes over each payload, looking for files, and writes it value by value, which is a quarter of
 * a call's cost.
 */
function postJson(
  root: string,
): (
  method: string,
  payload: Payload,
  signal?: AbortSignal,
  onAnswer?: (response: Response) => void,
) => Promise<Answered> {
  return async (method, payload, signal, onAnswer) => {
    const late = new AbortController();
    // Cleared when it ends: at thousands of calls a second, those that are over must not wait for their time.
    const timer = setTimeout(() => late.abort(), limits.telegramTimeoutSeconds * 1_000);
    const bound = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
    const request = { method: "POST", headers: JSON_HEADERS, body: JSON.stringify(payload), signal: bound };
    try {
      const response = await fetch(`${root}/${method}`, request).catch((error) => {
        throw new HttpError(`${method} was not answered`, error);
      });
      onAnswer?.(response);
      const answer: unknown = await response.json();
      if (!isAnswered(answer)) throw new TypeError(`${method} was answered with something else`);
      return answer;
    } finally {
      clearTimeout(timer);
    }
  };
}

function isAnswered(value: unknown): value is Answered {
  const { ok, error_code, description } = (value ?? {}) as Record<string, unknown>;
  return ok === true || (ok === false && Number.isInteger(error_code) && typeof description === "string");
}

async function answerOf(call: () => Promise<Answered>): Promise<Answer> {
  try {
    const answer = await call();
    return answer.ok ? { ok: true, result: answer.result } : refusalOf(answer);
  } catch (error) {
    if (error instanceof GrammyError) return refusalOf(error);
    if (error instanceof HttpError) return { ok: false, meaning: "network", ...lossOf(error) };
    // A body that is no answer of the Bot API's (a proxy's error page, a torn one): the call may have happened.
    return { ok: false, meaning: "network", reason: "unreadable_answer", begun: true };
  }
}

function refusalOf({ error_code, description, parameters }: Omit<Answered & { ok: false }, "ok">): Answer {
  const { meaning, reason } = meaningOf(error_code, description);
  const { retry_after, migrate_to_chat_id } = parameters ?? {};
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
