// Files: where to download one, and profile photos: the fake keeps none, so everybody's list is empty.

import { badRequest } from "../api-failure.ts";
import { contentOf } from "../media.ts";
import { integerOf, textOf } from "../params.ts";
import type { Call } from "./call.ts";

/** The answered `file_path` is served under `/file/bot<token>/<file_path>`. */
export function getFile({ bot, params }: Call): Record<string, unknown> {
  const id = textOf(params, "file_id") ?? "";
  if (id === "") throw badRequest("file_id not specified");
  const media = bot.files.byId.get(id);
  if (!media) throw badRequest("wrong file_id or the file is temporarily unavailable");
  const size = contentOf(media).byteLength;
  return { file_id: id, file_unique_id: media.uniqueId, file_size: size, file_path: media.path };
}

export function getUserProfilePhotos({ bot, params }: Call): { total_count: number; photos: unknown[] } {
  const id = integerOf(params, "user_id");
  if (id === undefined) throw badRequest("invalid user_id specified");
  if (!bot.chats.has(id) && !bot.openChats) throw badRequest("user not found");
  return { total_count: 0, photos: [] };
}
