// Sends one message: picks the medium's name, calls, and falls back once where Telegram refuses the form but not the message.

import type { InputFile } from "grammy";
import type { SendBody } from "../kernel/effect.ts";
import type { ChatId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import type { Answer } from "./api.ts";
import type { Bot } from "./bots.ts";
import { fileIdIn, type Media } from "./media.ts";
import { plainCall, withoutMedia } from "./message.ts";

/**
 * How a send ended.
 * done: Telegram has it. refused: it never will. unknown: the answer is lost, it may have it.
 * later: it does not have it; `afterMs` absent = the caller's backoff.
 */
export type Sent =
  | { outcome: "done"; messageId: number; at: Date; fileId?: string }
  | { outcome: "refused"; reason: string }
  | { outcome: "unknown"; reason: string }
  | { outcome: "later"; reason: string; afterMs?: number; flood?: boolean }
  | { outcome: "migrated"; chatId: ChatId };

/** One try with its fallbacks: at most four calls. Never throws for what Telegram does. */
export async function send(bot: Bot, media: Media, chatId: ChatId, body: SendBody): Promise<Sent> {
  let current = body;
  let fileId = current.media && (await media.find(bot.id, current.media.source));
  for (let tries = 0; tries < FORMS; tries++) {
    const answer = await callWith(bot, media, chatId, current, fileId);
    if (answer.ok) return accepted(bot, media, current, fileId, answer.result);
    if (answer.meaning === "formatting" && current !== plainCall(current)) {
      current = plainCall(current);
    } else if (answer.meaning === "media" && current.media && fileId) {
      // The remembered name is refused: the source itself again, and a new name.
      await media.forget(bot.id, current.media.source);
      fileId = undefined;
    } else if (answer.meaning === "media" && current.media) {
      const text = withoutMedia(current);
      if (!text) return { outcome: "refused", reason: answer.reason };
      current = text;
    } else return readRefusal(answer);
  }
  return { outcome: "refused", reason: "no_form_accepted" };
}

/** In seconds; PostgreSQL reads no ISO date beyond, and no answer of Telegram's may spoil the mark of a message that is out. */
const YEAR_10000 = 253_402_300_800;

/** As composed, from the source, without formatting, without the medium. */
const FORMS = 4;

async function callWith(
  bot: Bot,
  media: Media,
  chatId: ChatId,
  body: SendBody,
  fileId: string | undefined,
): Promise<Answer> {
  const payload: Record<string, unknown> = { chat_id: chatId, ...body.payload };
  if (body.media) {
    const value: string | InputFile = fileId ?? (await media.sourceOf(bot.tenantId, body.media.source));
    payload[body.media.field] = value;
  }
  return bot.api().call(body.method, payload);
}

async function accepted(
  bot: Bot,
  media: Media,
  body: SendBody,
  fileId: string | undefined,
  result: unknown,
): Promise<Sent> {
  const name = body.media && fileIdIn(result, body.media.field);
  if (body.media && name && !fileId) await media.learn(bot.id, body.media.source, name);
  const { message_id, date } = result as { message_id?: unknown; date?: unknown };
  return {
    outcome: "done",
    messageId: Number.isSafeInteger(message_id) ? (message_id as number) : 0,
    at: new Date(Number.isInteger(date) && (date as number) < YEAR_10000 ? (date as number) * 1_000 : 0),
    ...(name && { fileId: name }),
  };
}

function readRefusal(answer: Answer & { ok: false }): Sent {
  switch (answer.meaning) {
    case "network":
      return answer.begun ? { outcome: "unknown", reason: answer.reason } : { outcome: "later", reason: answer.reason };
    case "flood":
      return {
        outcome: "later",
        reason: answer.reason,
        flood: true,
        afterMs: answer.retryAfterMs ?? limits.sendBackoffMs,
      };
    case "trouble":
      return { outcome: "later", reason: answer.reason };
    case "migrated":
      return answer.migrateToChatId === undefined
        ? { outcome: "refused", reason: answer.reason }
        : { outcome: "migrated", chatId: answer.migrateToChatId as ChatId };
    default:
      return { outcome: "refused", reason: answer.reason };
  }
}
