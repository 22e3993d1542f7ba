// Photos, videos and the like: one media with an optional caption.

import { writableChat } from "../chats.ts";
import { readMarkup } from "../markup.ts";
import { type Media, takeMediaParam } from "../media.ts";
import type { MediaKind } from "../media-shapes.ts";
import { writeBotMessage } from "../messages.ts";
import { flagOf } from "../params.ts";
import type { FakeMessage } from "../state.ts";
import { readCaption } from "../text-checks.ts";
import type { Call } from "./call.ts";

export function sendMedia(call: Call, kind: MediaKind): FakeMessage {
  const chat = writableChat(call);
  const media = takeMediaParam(call, kind);
  const fields: Partial<FakeMessage> = {
    ...mediaFields(media),
    ...readCaption(call.params),
    ...readMarkup(call.params),
  };
  if (flagOf(call.params, "has_spoiler")) fields.has_media_spoiler = true;
  return writeBotMessage(call, chat, fields);
}

/** The media as a message carries it; an animation is a document, too. */
export function mediaFields(media: Media): Partial<FakeMessage> {
  if (media.kind === "animation") return { animation: media.object, document: media.object };
  return { [media.kind]: media.object };
}
