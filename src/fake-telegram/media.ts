// Files as one bot knows them: the same content always gets the same ids, and an id counts only for this bot and kind.

import { createHash } from "node:crypto";
import { badRequest } from "./api-failure.ts";
import type { Call } from "./bot-api/call.ts";
import { describeMedia, type MediaKind } from "./media-shapes.ts";
import { isObject, textOf, type Upload } from "./params.ts";
import type { Bot } from "./state.ts";

/** `object`: what the message carries under the kind's name. `bytes`: what was uploaded. */
export type Media = { kind: MediaKind; object: unknown; path: string; uniqueId: string; bytes: Uint8Array | undefined };

/** `byId`: every file_id (each size of a photo has its own). `byContent`: what was seen before. */
export type BotFiles = { byId: Map<string, Media>; byContent: Map<string, Media>; byPath: Map<string, Media> };

/** Contents and ids a bot keeps; the oldest make room. */
const FILES_MAX = 20_000;

/**
 * The media that `reference` names: "attach://field", an address, a file_id, or, when there is none, the upload in the
 * field itself. A refused reference throws Telegram's sentence.
 */
export function takeMedia(call: Call, kind: MediaKind, reference: string | undefined, field: string): Media {
  const attached = reference?.startsWith("attach://") ? reference.slice("attach://".length) : undefined;
  const upload = call.uploads.get(attached ?? field);
  if (upload) return mediaOfUpload(call.bot, kind, upload);
  if (!reference || attached !== undefined) throw badRequest(`there is no ${kind.replace("_", " ")} in the request`);
  if (/^https?:\/\//i.test(reference)) return mediaOfUrl(call, kind, reference);
  const media = call.bot.files.byId.get(reference);
  if (media?.kind !== kind) throw badRequest("wrong file identifier/HTTP URL specified");
  return media;
}

/** The media in the parameter that bears the kind's name: `photo` of sendPhoto. */
export function takeMediaParam(call: Call, kind: MediaKind): Media {
  return takeMedia(call, kind, textOf(call.params, kind), kind);
}

function mediaOfUpload(bot: Bot, kind: MediaKind, upload: Upload): Media {
  if (upload.bytes.byteLength === 0) throw badRequest("file must be non-empty");
  const hash = createHash("sha256").update(upload.bytes).digest("base64url");
  return bot.files.byContent.get(`${kind}:${hash}`) ?? keepMedia(bot, kind, hash, upload);
}

function mediaOfUrl(call: Call, kind: MediaKind, url: string): Media {
  if (call.world.failingUrls.has(url)) throw badRequest("failed to get HTTP URL content");
  if (!URL.canParse(url)) throw badRequest("wrong HTTP URL specified");
  return call.bot.files.byContent.get(`${kind}:${url}`) ?? keepMedia(call.bot, kind, url, undefined);
}

function keepMedia(bot: Bot, kind: MediaKind, content: string, upload: Upload | undefined): Media {
  const uniqueId = createHash("sha256").update(`${kind}:${content}`).digest("base64url").slice(0, 16);
  const shape = describeMedia(kind, bot.user.id, uniqueId, upload);
  const path = `${kind}s/file_${bot.files.byContent.size}_${uniqueId}.${shape.extension}`;
  const media: Media = { kind, object: shape.object, path, uniqueId, bytes: upload?.bytes };
  for (const id of shape.fileIds) remember(bot.files.byId, id, media);
  remember(bot.files.byContent, `${kind}:${content}`, media);
  remember(bot.files.byPath, path, media);
  return media;
}

/** Makes the media of a user's message known to the bot, so that their file_ids work in getFile and in sends. */
export function knowUserMedia(bot: Bot, kind: MediaKind, object: unknown): void {
  for (const file of Array.isArray(object) ? object : [object]) {
    if (!isObject(file) || typeof file.file_id !== "string") continue;
    const uniqueId = String(file.file_unique_id ?? file.file_id);
    const media: Media = { kind, object, path: `${kind}s/${uniqueId}`, uniqueId, bytes: undefined };
    remember(bot.files.byId, file.file_id, media);
    remember(bot.files.byPath, media.path, media);
  }
}

/** What a download of the file gives: the uploaded bytes, or a few that stand for content never seen here. */
export function contentOf(media: Media): Uint8Array {
  return media.bytes ?? new TextEncoder().encode(`content of ${media.uniqueId}`);
}

function remember(map: Map<string, Media>, key: string, media: Media): void {
  map.set(key, media);
  if (map.size <= FILES_MAX) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
