// Messages of a chat: written with the next number, found again, replaced, removed.

import { badRequest } from "./api-failure.ts";
import type { Call } from "./bot-api/call.ts";
import { flagOf, integerOf, isObject, jsonOf } from "./params.ts";
import type { Chat, FakeMessage, World } from "./state.ts";

/** Keeps a message in the chat: with the next number and the present date, unless `fields` bring their own. */
export function writeMessage(world: World, chat: Chat, fields: Partial<FakeMessage>): FakeMessage {
  const id = fields.message_id ?? chat.lastMessageId + 1;
  chat.lastMessageId = Math.max(chat.lastMessageId, id);
  const date = Math.floor(world.settings.timeline.nowMs() / 1_000);
  const message: FakeMessage = { message_id: id, date, ...fields, chat: chat.shape };
  if (!chat.messages.has(id)) world.messages.push({ chat, messageId: id });
  chat.messages.set(id, message);
  return message;
}

/** What the bot says, with the options that every send method takes. */
export function writeBotMessage(call: Call, chat: Chat, fields: Partial<FakeMessage>): FakeMessage {
  const { params } = call;
  const message: Partial<FakeMessage> = { from: call.bot.user, ...fields };
  if (params.reply_parameters !== undefined || params.reply_to_message_id !== undefined) {
    const original = repliedTo(call, chat);
    if (original) message.reply_to_message = original;
  }
  if (flagOf(params, "protect_content")) message.has_protected_content = true;
  return writeMessage(call.world, chat, message);
}

function repliedTo({ params }: Call, chat: Chat): FakeMessage | undefined {
  const reply = jsonOf(params, "reply_parameters");
  const options = isObject(reply) ? reply : params;
  const original = chat.messages.get(integerOf(options, isObject(reply) ? "message_id" : "reply_to_message_id") ?? 0);
  if (original || flagOf(options, "allow_sending_without_reply")) return original;
  throw badRequest("message to be replied not found");
}

/** The message named by `field`; `called` is what Telegram calls it when it is missing: "message to edit". */
export function findMessage(call: Call, chat: Chat, called: string, field = "message_id"): FakeMessage {
  const id = integerOf(call.params, field);
  if (id === undefined || id === 0) throw badRequest("message identifier is not specified");
  const message = chat.messages.get(id);
  if (!message) throw badRequest(`${called} not found`);
  return message;
}

/** Puts the edited message in the place of the old one; refuses an edit that changes nothing. */
export function replaceMessage(call: Call, chat: Chat, old: FakeMessage, changed: FakeMessage): FakeMessage {
  const { edit_date: _before, ...content } = changed;
  const { edit_date: _after, ...oldContent } = old;
  if (Bun.deepEquals(content, oldContent)) {
    throw badRequest(
      "message is not modified: specified new message content and reply markup are exactly the same as a current " +
        "content and reply markup of the message",
    );
  }
  const message = { ...changed, edit_date: Math.floor(call.world.settings.timeline.nowMs() / 1_000) };
  chat.messages.set(message.message_id, message);
  return message;
}
