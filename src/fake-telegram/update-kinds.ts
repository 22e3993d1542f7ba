// What the kind of an update decides: whether it is let in by default, its queue, and how long it lives.
// Source: tdlib/telegram-bot-api, Client.cpp (add_update and its callers).

import { isObject } from "./params.ts";

/** An update without its number: one field that names its kind. */
export type UpdateBody = Readonly<Record<string, unknown>>;

const notByDefault = new Set(["chat_member", "message_reaction", "message_reaction_count"]);

/** Kinds whose queue is not the chat's: Telegram adds this many times 2^33 to the id of the user or chat. */
const queueOffsets: Readonly<Record<string, { of: "user" | "chat"; times: number }>> = {
  inline_query: { of: "user", times: 1 },
  chosen_inline_result: { of: "user", times: 2 },
  callback_query: { of: "user", times: 3 },
  shipping_query: { of: "user", times: 4 },
  pre_checkout_query: { of: "user", times: 4 },
  my_chat_member: { of: "chat", times: 5 },
  chat_member: { of: "user", times: 6 },
  chat_join_request: { of: "user", times: 6 },
  message_reaction: { of: "chat", times: 8 },
  message_reaction_count: { of: "chat", times: 9 },
  purchased_paid_media: { of: "user", times: 12 },
};

const QUEUE_STEP = 2 ** 33;
const DAY_SECONDS = 86_400;
const QUERY_SECONDS = 150;
const queries = new Set(["callback_query", "shipping_query", "pre_checkout_query"]);

export type UpdateClass = { isAllowed: boolean; queue: number; expiresAtMs: number };

export function classifyUpdate(body: UpdateBody, allowed: readonly string[] | undefined, nowMs: number): UpdateClass {
  const [kind = "", content] = Object.entries(body).find(([field]) => field !== "update_id") ?? [];
  const fields = isObject(content) ? content : {};
  const isAllowed = allowed ? allowed.includes(kind) : !notByDefault.has(kind);
  return { isAllowed, queue: queueOf(kind, fields), expiresAtMs: expiryOf(kind, fields, nowMs) };
}

function queueOf(kind: string, fields: Record<string, unknown>): number {
  const offset = queueOffsets[kind];
  const owner = offset?.of === "user" ? fields.from : fields.chat;
  const id = isObject(owner) ? Number(owner.id) : 0;
  return id + (offset?.times ?? 0) * QUEUE_STEP;
}

function expiryOf(kind: string, fields: Record<string, unknown>, nowMs: number): number {
  if (queries.has(kind)) return nowMs + QUERY_SECONDS * 1_000;
  const date = Number(fields.edit_date ?? fields.date ?? Math.floor(nowMs / 1_000));
  return (date + DAY_SECONDS) * 1_000;
}
