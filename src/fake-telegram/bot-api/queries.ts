// Answers to what users tap. A query may be answered for a while after it came, and only by the bot that got it.

import { badRequest } from "../api-failure.ts";
import { textOf } from "../params.ts";
import type { Bot, World } from "../state.ts";
import type { Call } from "./call.ts";

const ANSWERABLE_MS = 150_000;
const ALERT_MAX = 200;

/** Makes a callback, shipping or pre-checkout query answerable, and forgets those whose time is over. */
export function openQuery(world: World, bot: Bot, id: string): void {
  const nowMs = world.settings.timeline.nowMs();
  for (const [old, untilMs] of bot.queries) {
    if (untilMs > nowMs) break;
    bot.queries.delete(old);
  }
  bot.queries.set(id, nowMs + ANSWERABLE_MS);
}

/** Throws Telegram's sentence when the query `id` is unknown or too old. */
export function checkQuery({ world, bot }: Call, id: string | undefined): void {
  const untilMs = bot.queries.get(id ?? "");
  if (untilMs === undefined || untilMs <= world.settings.timeline.nowMs()) {
    throw badRequest("query is too old and response timeout expired or query ID is invalid");
  }
}

export function answerCallbackQuery(call: Call): true {
  checkQuery(call, textOf(call.params, "callback_query_id"));
  if ((textOf(call.params, "text") ?? "").length > ALERT_MAX) throw badRequest("MESSAGE_TOO_LONG");
  return true;
}
