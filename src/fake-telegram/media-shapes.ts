// How each kind of media looks inside a message.

import { createHash } from "node:crypto";
import type { Upload } from "./params.ts";

export const mediaKinds = ["photo", "video", "animation", "audio", "voice", "document"] as const;
export type MediaKind = (typeof mediaKinds)[number];

export type MediaShape = { object: unknown; fileIds: string[]; extension: string };

/** First letters of real file_ids, by kind: people tell them apart by these. */
const prefixes: Readonly<Record<MediaKind, string>> = {
  photo: "AgACAgQAAxk",
  video: "BAACAgQAAxk",
  animation: "CgACAgQAAxk",
  audio: "CQACAgQAAxk",
  voice: "AwACAgQAAxk",
  document: "BQACAgQAAxk",
};

const photoSizes = [
  { width: 90, height: 67, file_size: 1_500 },
  { width: 320, height: 240, file_size: 18_000 },
  { width: 800, height: 600, file_size: 75_000 },
  { width: 1_280, height: 960, file_size: 140_000 },
];

const details: Readonly<Record<Exclude<MediaKind, "photo">, { fields: Record<string, unknown>; extension: string }>> = {
  video: { fields: { duration: 10, width: 1_280, height: 720, mime_type: "video/mp4" }, extension: "mp4" },
  animation: { fields: { duration: 3, width: 480, height: 270, mime_type: "video/mp4" }, extension: "mp4" },
  audio: { fields: { duration: 180, mime_type: "audio/mpeg" }, extension: "mp3" },
  voice: { fields: { duration: 5, mime_type: "audio/ogg" }, extension: "oga" },
  document: { fields: { mime_type: "application/octet-stream" }, extension: "bin" },
};

/** The same content gives every bot the same unique id, and each bot a file_id of its own. */
export function describeMedia(kind: MediaKind, botId: number, uniqueId: string, upload?: Upload): MediaShape {
  const fileId = (size: number) =>
    prefixes[kind] + createHash("sha256").update(`${botId}:${kind}:${uniqueId}:${size}`).digest("base64url");
  const realSize = upload ? { file_size: upload.bytes.byteLength } : {};
  if (kind === "photo") {
    const sizes = photoSizes.map((size, index) => ({
      file_id: fileId(index),
      file_unique_id: `${uniqueId}${"smxy"[index]}`,
      ...size,
      ...(index === photoSizes.length - 1 ? realSize : {}),
    }));
    return { object: sizes, fileIds: sizes.map((size) => size.file_id), extension: "jpg" };
  }
  const { fields, extension } = details[kind];
  const named = kind === "voice" ? {} : { file_name: upload?.name || `file.${extension}` };
  const typed = upload?.type ? { mime_type: upload.type } : {};
  const ids = { file_id: fileId(0), file_unique_id: uniqueId };
  const object = { ...named, ...fields, ...typed, ...ids, file_size: 120_000, ...realSize };
  return { object, fileIds: [ids.file_id], extension };
}
