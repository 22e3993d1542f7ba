// Chats as one bot knows them: private ones from the first word of a user, groups from the first update about them.

import type { User } from "grammy/types";
import { ApiFailure, badRequest } from "./api-failure.ts";
import type { Call } from "./bot-api/call.ts";
import { isObject, type Params } from "./params.ts";
import type { Bot, Chat, ChatShape } from "./state.ts";

/** The chat of that shape, made known now if it was not; a shape seen later replaces the earlier one. */
export function knowChat(bot: Bot, shape: ChatShape): Chat {
  const known = bot.chats.get(shape.id);
  if (known) {
    known.shape = shape;
    return known;
  }
  const chat: Chat = { shape, lastMessageId: 0, messages: new Map(), members: new Map(), closed: undefined };
  bot.chats.set(shape.id, chat);
  return chat;
}

/** The shape of the private chat with this user. */
export function privateShape(user: Pick<User, "id" | "first_name" | "last_name" | "username">): ChatShape {
  const shape: ChatShape = { id: user.id, first_name: user.first_name, type: "private" };
  if (user.last_name !== undefined) shape.last_name = user.last_name;
  if (user.username !== undefined) shape.username = user.username;
  return shape;
}

export function isChatShape(value: unknown): value is ChatShape {
  return isObject(value) && Number.isSafeInteger(value.id) && typeof value.type === "string";
}

/** The id a call names: a number, an "@name", or null. */
export function chatIdOf(params: Params): number | string | null {
  const value = params.chat_id;
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value === "") return null;
  return /^-?\d{1,16}$/.test(value) ? Number(value) : value;
}

/** The chat named by `chat_id`. */
export function readableChat({ bot, params }: Pick<Call, "bot" | "params">): Chat {
  const id = chatIdOf(params);
  if (id === null) throw badRequest("chat_id is empty");
  const chat = typeof id === "number" ? bot.chats.get(id) : chatByName(bot, id);
  if (chat) return chat;
  if (bot.openChats && typeof id === "number" && id > 0) {
    return knowChat(bot, privateShape({ id, first_name: `User ${id}` }));
  }
  throw badRequest("chat not found");
}

/** The chat named by `chat_id`, provided that the bot may write there. */
export function writableChat(call: Pick<Call, "bot" | "params">): Chat {
  const chat = readableChat(call);
  if (chat.closed !== undefined) throw new ApiFailure(403, `Forbidden: ${chat.closed}`);
  return chat;
}

function chatByName(bot: Bot, name: string): Chat | undefined {
  const wanted = name.replace(/^@/, "").toLowerCase();
  for (const chat of bot.chats.values()) {
    const isNamed = String(chat.shape.username ?? "").toLowerCase() === wanted;
    if (isNamed && chat.shape.type !== "private") return chat;
  }
  return undefined;
}
