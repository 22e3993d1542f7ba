// Albums: two to ten media that are sent together, and the items of which albums and edits are made.

import { randomInt } from "node:crypto";
import { badRequest } from "../api-failure.ts";
import { writableChat } from "../chats.ts";
import { type Media, takeMedia } from "../media.ts";
import { type MediaKind, mediaKinds } from "../media-shapes.ts";
import { writeBotMessage } from "../messages.ts";
import { isObject, jsonOf } from "../params.ts";
import type { FakeMessage } from "../state.ts";
import { readCaption } from "../text-checks.ts";
import type { Call } from "./call.ts";
import { mediaFields } from "./send-media.ts";

const ALBUM_MAX = 10;
const albumKinds: readonly MediaKind[] = ["photo", "video", "audio", "document"];

/** All or nothing: one bad item, and nothing is sent. A single item is taken, as by Telegram today. */
export function sendMediaGroup(call: Call): FakeMessage[] {
  const chat = writableChat(call);
  const items = jsonOf(call.params, "media");
  if (!Array.isArray(items) || items.length === 0) throw badRequest("there are no messages to send");
  if (items.length > ALBUM_MAX) throw badRequest("too many messages to send as an album");
  const read = items.map((item) => readInputMedia(call, item));
  checkMix(read.map(({ media }) => media.kind));
  const group = { media_group_id: String(randomInt(1e9, 1e12)) };
  return read.map(({ fields }) => writeBotMessage(call, chat, { ...group, ...fields }));
}

function checkMix(kinds: MediaKind[]): void {
  for (const kind of kinds) {
    if (!albumKinds.includes(kind)) {
      throw badRequest(`can't parse InputMedia: type "${kind}" can't be used in sendMediaGroup`);
    }
    const isAlone = kind === "audio" || kind === "document";
    if (isAlone && kinds.some((other) => other !== kind)) {
      throw badRequest(`${kind} can't be mixed with other media types`);
    }
  }
}

/** One InputMedia: its media, and what a message made of it carries. */
export function readInputMedia(call: Call, item: unknown): { media: Media; fields: Partial<FakeMessage> } {
  if (!isObject(item)) throw badRequest("can't parse InputMedia: expected an Object");
  const kind = mediaKinds.find((known) => known === item.type);
  if (!kind) throw badRequest(`can't parse InputMedia: type "${item.type}" is unsupported`);
  if (typeof item.media !== "string" || item.media === "") throw badRequest("media not found");
  const media = takeMedia(call, kind, item.media, "");
  return { media, fields: { ...mediaFields(media), ...readCaption(item) } };
}
