// What the funnel says, as calls of the Bot API: one call a message, each ready for Telegram's JSON but for the chat.

import type { InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity } from "grammy/types";
import { isBlank } from "../funnel/formatted.ts";
import type { FormattedText } from "../funnel/html.ts";
import type { Media } from "../funnel/media.ts";
import type { Say, SayButton, SayMedia } from "../funnel/say.ts";
import { splitText } from "../funnel/text.ts";
import type { MediaSource, SendBody } from "../kernel/effect.ts";
import { limits } from "../kernel/limits.ts";
import { formatReais } from "../kernel/money.ts";

/** Telegram's bound for the text under a medium, in UTF-16 units after parsing. */
export const captionUnits = limits.captionUnits;

const METHODS = {
  photo: "sendPhoto",
  video: "sendVideo",
  animation: "sendAnimation",
  audio: "sendAudio",
  voice: "sendVoice",
  document: "sendDocument",
} as const satisfies Record<Media["kind"], string>;

const HIDEABLE: Media["kind"][] = ["photo", "video", "animation"];

export type SendPayload = {
  text?: string;
  entities?: MessageEntity[];
  caption?: string;
  caption_entities?: MessageEntity[];
  reply_markup?: InlineKeyboardMarkup;
  protect_content?: boolean;
  disable_notification?: boolean;
  link_preview_options?: { is_disabled: boolean };
  has_spoiler?: boolean;
};

/** `media`: the parameter that the sender fills in, and from where (a remembered file_id, an address, an upload). */
export type TelegramCall = {
  method: "sendMessage" | (typeof METHODS)[Media["kind"]];
  payload: SendPayload;
  media?: { field: Media["kind"]; source: MediaSource };
};

/**
 * The calls that say it, in order. A text that fits is the medium's caption; a longer one follows the medium in as many
 * messages as it needs. The buttons stand under the last message. Nothing to say gives no call.
 */
export function composeCalls(say: Say): TelegramCall[] {
  const text = say.text !== undefined && !isBlank(say.text.text) ? say.text : undefined;
  const caption = say.media !== undefined && text !== undefined && text.text.length <= captionUnits ? text : undefined;
  const rest = text === undefined || caption !== undefined ? [] : splitText(text).filter((part) => !isBlank(part.text));
  const calls = [
    ...(say.media === undefined ? [] : [mediaCall(say.media, caption)]),
    ...rest.map((part) => textCall(part, say.linkPreview)),
  ];
  return calls.map((call, index) => ({
    ...call,
    payload: {
      ...call.payload,
      ...(index === calls.length - 1 && keyboardOf(say.buttons)),
      ...(say.protect && { protect_content: true }),
      ...(say.silent && { disable_notification: true }),
    },
  }));
}

/**
 * The same message without formatting, for when Telegram cannot parse the entities; the text stays. A message that has
 * no formatting is returned itself, so that the caller sees that there is nothing left to try.
 */
export function plainCall(call: SendBody): SendBody {
  const { entities, caption_entities, parse_mode, ...payload } = call.payload;
  const isPlain = entities === undefined && caption_entities === undefined && parse_mode === undefined;
  return isPlain ? call : { ...call, payload };
}

/** The caption as a message of its own, for when Telegram refuses the medium; undefined when there is no caption. */
export function withoutMedia({ payload }: SendBody): SendBody | undefined {
  const { caption, caption_entities, has_spoiler, ...rest } = payload;
  if (caption === undefined) return undefined;
  const entities = caption_entities === undefined ? {} : { entities: caption_entities };
  return { method: "sendMessage", payload: { text: caption, ...entities, ...rest } };
}

function mediaCall({ kind, source, spoiler }: SayMedia, caption: FormattedText | undefined): TelegramCall {
  const payload: SendPayload = {
    ...(caption && { caption: caption.text }),
    ...(caption && caption.entities.length > 0 && { caption_entities: caption.entities }),
    ...(spoiler && HIDEABLE.includes(kind) && { has_spoiler: true }),
  };
  return { method: METHODS[kind], payload, media: { field: kind, source } };
}

function textCall({ text, entities }: FormattedText, linkPreview: boolean | undefined): TelegramCall {
  const payload: SendPayload = {
    text,
    ...(entities.length > 0 && { entities }),
    ...(linkPreview === false && { link_preview_options: { is_disabled: true } }),
  };
  return { method: "sendMessage", payload };
}

/** The keyboard as a call carries it; {} for none. */
export function keyboardOf(buttons: SayButton[][] = []): Pick<SendPayload, "reply_markup"> {
  const rows = buttons.filter((row) => row.length > 0).map((row) => row.map(buttonOf));
  return rows.length === 0 ? {} : { reply_markup: { inline_keyboard: rows } };
}

function buttonOf(button: SayButton): InlineKeyboardButton {
  if ("url" in button) return { text: button.text, url: button.url };
  if ("copy" in button) return { text: button.text, copy_text: { text: button.copy } };
  if ("callback" in button) return { text: button.text, callback_data: button.callback };
  if ("step" in button) return { text: button.text, callback_data: button.key };
  return { text: `${button.text} - ${formatReais(button.priceCents)}`, callback_data: button.key };
}
