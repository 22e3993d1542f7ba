// What people do: they write, tap buttons, block the bot. Each becomes an update as Telegram would send it.

import { randomInt } from "node:crypto";
import type { User } from "grammy/types";
import { RejectedError } from "../kernel/errors.ts";
import { isChatShape, knowChat, privateShape } from "./chats.ts";
import type { MemberInput, SayInput, TapInput, UserInput } from "./control-shapes.ts";
import { addUpdate } from "./incoming.ts";
import { writeMessage } from "./messages.ts";
import { isObject } from "./params.ts";
import type { Bot, FakeMessage, World } from "./state.ts";

export type Said = { update_id: number; message_id: number };
export type Tapped = { update_id: number; callback_query_id: string };

/** The user as updates carry them. */
export function personOf(user: UserInput): User {
  const { is_premium: isPremium, ...rest } = user;
  return { is_bot: false, ...rest, ...(isPremium ? { is_premium: true as const } : {}) };
}

/** Writing unblocks the bot. A message with `edit_date` and a known `message_id` takes that one's place. */
export function say(world: World, bot: Bot, input: SayInput): Said {
  const merged = input.message ?? {};
  const chat = knowChat(bot, isChatShape(merged.chat) ? merged.chat : privateShape(input.user));
  if (chat.shape.type === "private") chat.closed = undefined;
  const text = input.text === undefined ? {} : { text: input.text, ...commandEntities(input.text) };
  const message = writeMessage(world, chat, { from: personOf(input.user), ...text, ...merged });
  const kind = message.edit_date === undefined ? "message" : "edited_message";
  return { update_id: addUpdate(world, bot, { [kind]: message }), message_id: message.message_id };
}

function commandEntities(text: string): Partial<FakeMessage> {
  const command = /^\/[a-z0-9_]{1,32}(@\w+)?(?=\s|$)/i.exec(text)?.[0];
  return command ? { entities: [{ type: "bot_command", offset: 0, length: command.length }] } : {};
}

/** A tap on a message that is gone carries Telegram's inaccessible message, with date 0. */
export function tap(world: World, bot: Bot, input: TapInput): Tapped {
  const chatId = input.chat_id ?? input.user.id;
  const chat = bot.chats.get(chatId) ?? (bot.openChats ? knowChat(bot, privateShape(input.user)) : undefined);
  if (!chat) throw new RejectedError(404, `No chat ${chatId} with this bot: the user says something first.`);
  const message = chat.messages.get(input.message_id);
  const data = input.data ?? dataOfButton(message, input.button);
  const id = `${randomInt(1e9, 1e14)}${randomInt(1e4)}`;
  const query = {
    id,
    from: personOf(input.user),
    message: message ?? { chat: chat.shape, message_id: input.message_id, date: 0 },
    chat_instance: String(chat.shape.id * 31 + bot.user.id),
    data,
  };
  return { update_id: addUpdate(world, bot, { callback_query: query }), callback_query_id: id };
}

function dataOfButton(message: FakeMessage | undefined, text: string | undefined): string {
  if (text === undefined) throw new RejectedError(400, "Say which button: its text as `button`, or its `data`.");
  const buttons = message?.reply_markup?.inline_keyboard.flat() ?? [];
  const data = buttons.find((button) => button.text === text)?.callback_data;
  if (typeof data === "string") return data;
  const texts = buttons.map((button) => `"${button.text}"`).join(", ") || "no buttons";
  throw new RejectedError(404, `No button "${text}" with callback_data; the message has ${texts}.`);
}

/** The bot's own membership: a user blocks or unblocks it, or `chat`, a group, lets it in or throws it out. */
export function changeMember(world: World, bot: Bot, input: MemberInput): { update_id: number } {
  const shape = isChatShape(input.chat) ? input.chat : privateShape(input.user);
  const chat = knowChat(bot, shape);
  const before = chat.members.get(bot.user.id) ?? (input.status === "member" ? "kicked" : "member");
  const asMember = (status: string) => ({ user: bot.user, status, ...(status === "kicked" ? { until_date: 0 } : {}) });
  const change = {
    chat: shape,
    from: personOf(input.user),
    date: Math.floor(world.settings.timeline.nowMs() / 1_000),
    old_chat_member: asMember(before),
    new_chat_member: asMember(input.status),
  };
  return { update_id: addUpdate(world, bot, { my_chat_member: change }) };
}

/** Any update. A message in it is stored, too, so that the bot can reply to it. */
export function injectUpdate(world: World, bot: Bot, update: Record<string, unknown>): { update_id: number } {
  const id = addUpdate(world, bot, update);
  const { message } = update;
  if (isObject(message) && isChatShape(message.chat) && Number.isSafeInteger(message.message_id)) {
    writeMessage(world, knowChat(bot, message.chat), message);
  }
  return { update_id: id };
}
