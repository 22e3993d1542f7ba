// A medium's name at Telegram: uploaded or fetched once per bot, sent by file_id ever after. A QR code is sent once and has no name.

import { InputFile } from "grammy";
import type { Database } from "#db/connect.ts";
import { createCache } from "../kernel/cache.ts";
import type { MediaSource } from "../kernel/effect.ts";
import { PermanentError, reasonOf } from "../kernel/errors.ts";
import type { BotId, TenantId } from "../kernel/ids.ts";
import type { Log } from "../kernel/log.ts";
import { qrPng } from "../qr/png.ts";

export type Media = {
  /** The known file_id, or undefined when the source itself has to be sent. */
  find(botId: BotId, source: MediaSource): Promise<string | undefined>;
  /** What Telegram is given when there is no file_id: an address, a foreign file_id, or the bytes. */
  sourceOf(tenantId: TenantId, source: MediaSource): Promise<string | InputFile>;
  /** Remembers a name; never throws, because the message it came with is already sent. */
  learn(botId: BotId, source: MediaSource, fileId: string): Promise<void>;
  forget(botId: BotId, source: MediaSource): Promise<void>;
};

const REMEMBERED = 50_000;
type NamedSource = Exclude<MediaSource, { qr: string }>;

export function openMedia(sql: Database, log: Log): Media {
  const known = createCache<string, string>(REMEMBERED);
  const name = (botId: BotId, source: NamedSource): string => `${botId}:${keyOf(source)}`;
  return {
    async find(botId, source) {
      if ("qr" in source) return undefined;
      const remembered = known.get(name(botId, source));
      if (remembered) return remembered;
      const [row] = await sql<{ file_id: string }[]>`
        SELECT file_id FROM media_file WHERE bot_id = ${botId} AND source_key = ${keyOf(source)}`;
      if (row) known.set(name(botId, source), row.file_id);
      return row?.file_id;
    },
    async sourceOf(tenantId, source) {
      if ("url" in source) return source.url;
      if ("fileId" in source) return source.fileId;
      if ("qr" in source) return new InputFile(qrPng(source.qr), "pix.png");
      const [asset] = await sql<{ bytes: Uint8Array; mime: string }[]>`
        SELECT bytes, mime FROM asset WHERE tenant_id = ${tenantId} AND sha256 = ${source.asset}`;
      if (!asset) throw new PermanentError("asset_missing", "An uploaded file of the funnel is gone.");
      return new InputFile(asset.bytes, `file.${asset.mime.split("/")[1] ?? "bin"}`);
    },
    async learn(botId, source, fileId) {
      if ("qr" in source || known.get(name(botId, source)) === fileId) return;
      known.set(name(botId, source), fileId);
      try {
        await sql`
          INSERT INTO media_file (bot_id, source_key, file_id) VALUES (${botId}, ${keyOf(source)}, ${fileId})
          ON CONFLICT (bot_id, source_key) DO UPDATE SET file_id = excluded.file_id`;
      } catch (error) {
        log.warn(
          { fact: "media.unkept", botId, reason: reasonOf(error) },
          "a file_id was not kept; the medium is uploaded once more",
        );
      }
    },
    async forget(botId, source) {
      if ("qr" in source) return;
      known.delete(name(botId, source));
      await sql`DELETE FROM media_file WHERE bot_id = ${botId} AND source_key = ${keyOf(source)}`;
    },
  };
}

function keyOf(source: NamedSource): string {
  if ("url" in source) return `url:${source.url}`;
  return "fileId" in source ? `file:${source.fileId}` : `asset:${source.asset}`;
}

/** The file_id in Telegram's answer to a send; of a photo the largest size. */
export function fileIdIn(result: unknown, field: string): string | undefined {
  const media = (result as Record<string, unknown> | undefined)?.[field];
  const file = Array.isArray(media) ? media.at(-1) : media;
  const fileId = (file as { file_id?: unknown } | undefined)?.file_id;
  return typeof fileId === "string" ? fileId : undefined;
}
