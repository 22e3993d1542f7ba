// Edits of the bot's own messages. An edit without a reply_markup takes the keyboard away.

import { badRequest } from "../api-failure.ts";
import { writableChat } from "../chats.ts";
import { readMarkup } from "../markup.ts";
import { findMessage, replaceMessage } from "../messages.ts";
import { isObject, jsonOf } from "../params.ts";
import type { Chat, FakeMessage } from "../state.ts";
import { readCaption, readText } from "../text-checks.ts";
import type { Call } from "./call.ts";
import { readInputMedia } from "./media-group.ts";

export function editMessageText(call: Call): FakeMessage {
  const content = readText(call.params);
  const { chat, message } = findOwnMessage(call);
  if (message.text === undefined) throw badRequest("there is no text in the message to edit");
  const { text: _text, entities: _entities, reply_markup: _markup, ...rest } = message;
  return replaceMessage(call, chat, message, { ...rest, ...content, ...readMarkup(call.params) });
}

export function editMessageCaption(call: Call): FakeMessage {
  const content = readCaption(call.params);
  const { chat, message } = findOwnMessage(call);
  if (message.text !== undefined || message.invoice) throw badRequest("there is no caption in the message to edit");
  const { caption: _caption, caption_entities: _entities, reply_markup: _markup, ...rest } = message;
  return replaceMessage(call, chat, message, { ...rest, ...content, ...readMarkup(call.params) });
}

export function editMessageReplyMarkup(call: Call): FakeMessage {
  const { chat, message } = findOwnMessage(call);
  const { reply_markup: _markup, ...rest } = message;
  return replaceMessage(call, chat, message, { ...rest, ...readMarkup(call.params) });
}

export function editMessageMedia(call: Call): FakeMessage {
  const item = jsonOf(call.params, "media", "input media");
  if (!isObject(item)) throw badRequest("media must be specified");
  const { fields } = readInputMedia(call, item);
  const { chat, message } = findOwnMessage(call);
  const { message_id, date, from, chat: shape } = message;
  const kept = { message_id, date, chat: shape, ...(from ? { from } : {}) };
  return replaceMessage(call, chat, message, { ...kept, ...fields, ...readMarkup(call.params) });
}

function findOwnMessage(call: Call): { chat: Chat; message: FakeMessage } {
  const chat = writableChat(call);
  const message = findMessage(call, chat, "message to edit");
  if (message.from?.id !== call.bot.user.id) throw badRequest("message can't be edited");
  return { chat, message };
}
