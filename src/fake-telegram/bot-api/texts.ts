// Text messages, chat actions, copies and deletions.

import { badRequest } from "../api-failure.ts";
import { knowChat, readableChat, writableChat } from "../chats.ts";
import { readMarkup } from "../markup.ts";
import { findMessage, writeBotMessage } from "../messages.ts";
import { jsonOf, textOf } from "../params.ts";
import type { FakeMessage } from "../state.ts";
import { readCaption, readText } from "../text-checks.ts";
import type { Call } from "./call.ts";

export function sendMessage(call: Call): FakeMessage {
  const chat = writableChat(call);
  const fields: Partial<FakeMessage> = { ...readText(call.params), ...readMarkup(call.params) };
  const preview = jsonOf(call.params, "link_preview_options");
  if (preview !== undefined) fields.link_preview_options = preview;
  return writeBotMessage(call, chat, fields);
}

const actions = new Set(
  ["typing", "choose_sticker", "find_location"].concat(
    ["photo", "video", "audio", "voice", "document", "video_note"].map((kind) => `upload_${kind}`),
    ["record_video", "record_audio", "record_voice", "record_video_note"],
  ),
);

export function sendChatAction(call: Call): true {
  writableChat(call);
  const action = textOf(call.params, "action")?.toLowerCase() ?? "";
  if (!actions.has(action)) throw badRequest("wrong parameter action in request");
  return true;
}

/** The copy has the content of the original and this call's own caption and keyboard. */
export function copyMessage(call: Call): { message_id: number } {
  const { params } = call;
  const chat = writableChat(call);
  const source = readableChat({ bot: call.bot, params: { chat_id: params.from_chat_id } });
  const {
    message_id: _id,
    date: _date,
    edit_date: _edited,
    reply_markup: _markup,
    from: _from,
    ...content
  } = findMessage(call, source, "message to copy");
  const fields = { ...content, ...(params.caption === undefined ? {} : readCaption(params)), ...readMarkup(params) };
  const copy = writeBotMessage(call, knowChat(call.bot, chat.shape), fields);
  return { message_id: copy.message_id };
}

export function deleteMessage(call: Call): true {
  const chat = readableChat(call);
  const message = findMessage(call, chat, "message to delete");
  chat.messages.delete(message.message_id);
  return true;
}
