// A QR code as a medium: drawn as it is sent, and never remembered, neither in memory nor in PostgreSQL.

import { expect, test } from "bun:test";
import { InputFile } from "grammy";
import { PNG } from "pngjs";
import decodeQr from "qr/decode.js";
import type { Database } from "#db/connect.ts";
import type { BotId, TenantId } from "#src/kernel/ids.ts";
import { openLog } from "#src/kernel/log.ts";
import { openMedia } from "#src/telegram/media.ts";

const botId = 7 as BotId;
const source = { qr: "00020126510014br.gov.bcb.pix2529pix.example.com/v2/1234567890" };

test("is a PNG of its text, and PostgreSQL is not asked about it", async () => {
  const noDatabase = (() => {
    throw new Error("PostgreSQL was asked");
  }) as unknown as Database;
  const media = openMedia(noDatabase, openLog("silent", 2));
  const file = await media.sourceOf(1 as TenantId, source);
  if (!(file instanceof InputFile)) throw new Error("that is no file");
  const { width, height, data } = PNG.sync.read(Buffer.from((await file.toRaw()) as Uint8Array));
  expect(decodeQr({ width, height, data })).toBe(source.qr);
  await media.learn(botId, source, "file-1");
  expect(await media.find(botId, source)).toBeUndefined();
  await media.forget(botId, source);
});
