// The control of a fake that runs in another process: the same verbs, over HTTP.

import { RejectedError } from "../kernel/errors.ts";
import type { FakeTelegramControl } from "./control.ts";
import { isObject } from "./params.ts";

/** `url` is the fake's address, such as http://127.0.0.1:8081. Refused inputs reject with a RejectedError. */
export function fakeTelegramControl(url: string): FakeTelegramControl {
  const root = `${url.replace(/\/+$/, "")}/_/`;

  async function ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const init =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const response = await fetch(root + path, { method, ...init });
    const answer: unknown = await response.json();
    if (response.ok) return answer as Answer;
    throw new RejectedError(response.status, isObject(answer) ? String(answer.error) : response.statusText);
  }
  const post = <Answer>(path: string, body: unknown = {}) => ask<Answer>("POST", path, body);
  const get = <Answer>(path: string, query: Record<string, string | number | undefined> = {}) =>
    ask<Answer>("GET", path + toQuery(query));

  return {
    say: (input) => post("say", input),
    tap: (input) => post("tap", input),
    payInvoice: (input) => post("pay-invoice", input),
    update: (input) => post("update", input),
    member: (input) => post("member", input),
    fault: (input) => post("fault", input),
    clearFault: async (id) => void (await ask("DELETE", id === undefined ? "fault" : `fault/${id}`)),
    bot: (input) => post("bot", input),
    fileUrl: async (input) => void (await post("file-url", input)),
    calls: (query) => get("calls", query),
    wait: (query) => get("wait", query),
    delivered: (query) => get("delivered", query),
    messages: (query) => get("messages", query),
    idle: (query) => get("idle", query),
    stats: () => get("stats"),
    sends: (input) => post("sends", input),
    reset: async () => void (await post("reset")),
  };
}

function toQuery(query: Record<string, string | number | undefined>): string {
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) fields.set(name, String(value));
  return fields.size === 0 ? "" : `?${fields}`;
}
