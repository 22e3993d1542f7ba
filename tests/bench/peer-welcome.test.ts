// The peers say what grimbots says: the sample funnel's welcome, to the character.

import { expect, test } from "bun:test";
import { parseHtml } from "#src/funnel/html.ts";
import { sampleFunnel } from "#src/funnel/sample.ts";
import { samplePhoto } from "#src/funnel/sample-photo.ts";
import { sealFunnel } from "#src/funnel/seal.ts";
import type { SendBody } from "#src/kernel/effect.ts";
import { walkFrom } from "#src/telegram/walk-from.ts";
import { welcome } from "../../bench/peers/welcome.mjs";

const KEY_UNITS = 16;

type Keyboard = { inline_keyboard: { text: string; url?: string }[][] };

/** What a button says and where it leads outside; the keys of grimbots' buttons are drawn by chance. */
const faceOf = (keyboard: unknown) =>
  (keyboard as Keyboard).inline_keyboard.map((row) => row.map(({ text, url }) => ({ text, url })));

test.each(["Alice", "Bob & <Co>"])("the welcome for %s is the same photo, text and buttons", (firstName) => {
  let keys = 0;
  const sealed = sealFunnel(sampleFunnel(samplePhoto.sha256), () => `key${keys++}`.padEnd(KEY_UNITS, "x"));
  const { sends } = walkFrom(sealed, sealed.start, { firstName, lastName: null });
  const [body, ...rest] = sends.map((send) => send.body as SendBody);
  expect(rest).toEqual([]);
  const theirs = welcome(firstName);
  const { text, entities } = parseHtml(theirs.caption);
  expect(body?.method).toBe("sendPhoto");
  expect(body?.payload.caption).toBe(text);
  expect(body?.payload.caption_entities).toEqual(entities);
  expect(faceOf(body?.payload.reply_markup)).toEqual(faceOf(theirs.reply_markup));
});
