// What the tests of the fake share: a bot's token, two people, a caller, a webhook that answers as told, a clock.

import type { Timeline } from "../../src/fake-telegram/timeline.ts";

export const token = "123456:test_token";
export const alice = { id: 77, first_name: "Alice", username: "alice" };
export const bob = { id: 88, first_name: "Bob" };

export type ApiAnswer = {
  ok: boolean;
  result: Record<string, unknown>;
  error_code?: number;
  description?: string;
  parameters?: Record<string, number>;
};

/** Calls the Bot API with a JSON body, or with a form's. */
export function caller(url: string, withToken = token) {
  return async (method: string, params: Record<string, unknown> | FormData | URLSearchParams = {}) => {
    const isForm = params instanceof FormData || params instanceof URLSearchParams;
    const init = isForm
      ? { body: params }
      : { body: JSON.stringify(params), headers: { "content-type": "application/json" } };
    const response = await fetch(`${url}/bot${withToken}/${method}`, { method: "POST", ...init });
    const answer = (await response.json()) as ApiAnswer;
    return { status: response.status, ...answer };
  };
}

export type Received = { update_id: number; [kind: string]: unknown };

/** A webhook; `answer` decides about each delivery, `nth` counts them from 1. */
export function startReceiver(answer: (update: Received, nth: number) => Response | Promise<Response>) {
  const received: Received[] = [];
  const secrets: (string | null)[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const update = (await request.json()) as Received;
      secrets.push(request.headers.get("x-telegram-bot-api-secret-token"));
      return answer(update, received.push(update));
    },
  });
  const stop = () => server.stop(true);
  return { url: `http://127.0.0.1:${server.port}/hook`, received, secrets, [Symbol.asyncDispose]: stop };
}

export const ok = () => Response.json({});

/** A clock that jumps: every wait is over at once and only moves the time. `waitsMs` tells what was waited for. */
export function jumpingTimeline(startMs = 1_800_000_000_000): Timeline & { waitsMs: number[]; jump(ms: number): void } {
  let nowMs = startMs;
  const waitsMs: number[] = [];
  return {
    waitsMs,
    jump(ms) {
      nowMs += ms;
    },
    nowMs: () => nowMs,
    after(delayMs, run) {
      waitsMs.push(delayMs);
      const timer = setImmediate(() => {
        nowMs += delayMs;
        run();
      });
      return () => clearImmediate(timer);
    },
  };
}

/** Looks again after each turn of the event loop until it is so; the test's own time limit ends a wait in vain. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(setImmediate);
}
