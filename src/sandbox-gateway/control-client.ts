// The control of a sandbox that runs in another process: the same verbs, over HTTP.

import { RejectedError } from "../kernel/errors.ts";
import type { SandboxControl } from "./control.ts";

/** `url` is the sandbox's address, such as http://127.0.0.1:8082. Refused inputs reject with a RejectedError. */
export function sandboxControl(url: string): SandboxControl {
  const root = `${url.replace(/\/+$/, "")}/_/`;

  async function ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const init =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const response = await fetch(root + path, { method, ...init });
    const answer = (await response.json()) as { error?: unknown } | null;
    if (response.ok) return answer as Answer;
    throw new RejectedError(response.status, String(answer?.error ?? response.statusText));
  }
  const post = <Answer>(path: string, body: unknown = {}) => ask<Answer>("POST", path, body);

  return {
    merchant: (input) => post("merchant", input),
    settings: (input) => post("settings", input),
    pay: (input) => post("pay", input),
    payAll: (input) => post("pay-all", input),
    expire: (input) => post("expire", input),
    fail: (input) => post("fail", input),
    refund: (input) => post("refund", input),
    chargeback: (input) => post("chargeback", input),
    word: (input) => post("word", input),
    fault: (input) => post("fault", input),
    clearFault: async (id) => void (await ask("DELETE", id === undefined ? "fault" : `fault/${id}`)),
    forge: (input) => post("forge", input),
    charges: (query) => post("charges", query),
    notices: (query) => post("notices", query),
    idle: ({ timeout_ms: timeoutMs = 10_000 } = {}) => ask("GET", `idle?timeout_ms=${timeoutMs}`),
    totals: ({ token } = {}) =>
      ask("GET", token === undefined ? "totals" : `totals?token=${encodeURIComponent(token)}`),
    stats: () => ask("GET", "stats"),
    reset: async () => void (await post("reset")),
  };
}
