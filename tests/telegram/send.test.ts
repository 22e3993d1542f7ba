// One send with its fallbacks: what is called in which form, and what each of Telegram's answers makes of it.

import { describe, expect, test } from "bun:test";
import type { MediaSource, SendBody } from "#src/kernel/effect.ts";
import { PermanentError } from "#src/kernel/errors.ts";
import type { BotId, ChatId, TenantId } from "#src/kernel/ids.ts";
import type { Answer } from "#src/telegram/api.ts";
import type { Bot } from "#src/telegram/bots.ts";
import type { Media } from "#src/telegram/media.ts";
import { send } from "#src/telegram/send.ts";

const chatId = 501 as ChatId;
const bold = [{ type: "bold", offset: 0, length: 2 }];
const text: SendBody = { method: "sendMessage", payload: { text: "Oi", entities: bold } };
const plain: SendBody = { method: "sendMessage", payload: { text: "Oi" } };
const source: MediaSource = { url: "https://a.b/c.jpg" };
const photo: SendBody = {
  method: "sendPhoto",
  payload: { caption: "Oi", caption_entities: bold, reply_markup: { inline_keyboard: [] } },
  media: { field: "photo", source },
};
const bare: SendBody = { method: "sendPhoto", payload: {}, media: { field: "photo", source } };

const refused = (
  meaning: "formatting" | "media" | "permanent" | "blocked" | "moot" | "trouble",
  reason: string = meaning,
): Answer => ({
  ...{ ok: false, meaning, reason },
});
const took = (result: object): Answer => ({ ok: true, result: { message_id: 77, date: 1_772_366_400, ...result } });
const done = { outcome: "done", messageId: 77, at: new Date("2026-03-01T12:00:00Z") };

/** Sends `body` to a Telegram that gives these answers, with these media known by name. */
async function sendTo(answers: Answer[], body: SendBody, names: Record<string, string> = {}) {
  const calls: { method: string; payload: Record<string, unknown> }[] = [];
  const nameOf = (of: MediaSource) => JSON.stringify(of);
  const known = new Map(Object.entries(names));
  const media: Media = {
    find: async (_, of) => known.get(nameOf(of)),
    async sourceOf(_, of) {
      if ("url" in of) return of.url;
      throw new PermanentError("asset_missing", "gone");
    },
    learn: async (_, of, fileId) => void known.set(nameOf(of), fileId),
    forget: async (_, of) => void known.delete(nameOf(of)),
  };
  const call = async (method: string, payload: Record<string, unknown>): Promise<Answer> => {
    calls.push({ method, payload });
    return answers.shift() ?? { ok: false, meaning: "permanent", reason: "one call too many" };
  };
  const bot = { id: 7 as BotId, tenantId: 1 as TenantId, api: () => ({ call }) } as unknown as Bot;
  const sent = await send(bot, media, chatId, body);
  return { sent, calls, known: Object.fromEntries(known) };
}

test("a text is one call, and its message is told", async () => {
  const { sent, calls } = await sendTo([took({})], text);
  expect(sent).toEqual(done as typeof sent);
  expect(calls).toEqual([{ method: "sendMessage", payload: { chat_id: chatId, ...text.payload } }]);
});

describe("a medium", () => {
  const name = JSON.stringify(source);
  const largest = { photo: [{ file_id: "small" }, { file_id: "large" }] };

  test("is sent from its source the first time, and its largest size is remembered", async () => {
    const { sent, calls, known } = await sendTo([took(largest)], photo);
    expect(calls[0]?.payload).toMatchObject({ photo: "https://a.b/c.jpg", caption: "Oi" });
    expect(sent).toEqual({ ...done, fileId: "large" } as typeof sent);
    expect(known).toEqual({ [name]: "large" });
  });

  test("is sent by its name ever after", async () => {
    const { calls } = await sendTo([took(largest)], photo, { [name]: "large" });
    expect(calls.map(({ payload }) => payload.photo)).toEqual(["large"]);
  });

  test("whose name is refused is forgotten, sent from its source, and named anew", async () => {
    const { sent, calls, known } = await sendTo([refused("media"), took(largest)], photo, { [name]: "stale" });
    expect(calls.map(({ payload }) => payload.photo)).toEqual(["stale", "https://a.b/c.jpg"]);
    expect(sent.outcome).toBe("done");
    expect(known).toEqual({ [name]: "large" });
  });

  test("that cannot be had leaves its text, with formatting and buttons", async () => {
    const { sent, calls } = await sendTo([refused("media"), took({})], photo);
    expect(calls[1]).toEqual({
      method: "sendMessage",
      payload: { chat_id: chatId, text: "Oi", entities: bold, reply_markup: { inline_keyboard: [] } },
    });
    expect(sent).toEqual(done as typeof sent);
  });

  test("that cannot be had and has no text is refused", async () => {
    const { sent, calls } = await sendTo([refused("media", "too_large")], bare);
    expect(sent).toEqual({ outcome: "refused", reason: "too_large" });
    expect(calls.length).toBe(1);
  });

  test("that is gone from our own store is an error that nothing can mend", async () => {
    const lost: SendBody = { ...bare, media: { field: "photo", source: { asset: "0".repeat(64) } } };
    await expect(sendTo([], lost)).rejects.toThrow(PermanentError);
  });
});

describe("formatting that Telegram does not understand", () => {
  test("costs the formatting, not the message", async () => {
    const { sent, calls } = await sendTo([refused("formatting"), took({})], text);
    expect(calls.map(({ payload }) => payload)).toEqual([
      { chat_id: chatId, text: "Oi", entities: bold },
      { chat_id: chatId, text: "Oi" },
    ]);
    expect(sent.outcome).toBe("done");
  });

  test("is not tried again where there is none", async () => {
    const { sent, calls } = await sendTo([refused("formatting")], plain);
    expect(sent).toEqual({ outcome: "refused", reason: "formatting" });
    expect(calls.length).toBe(1);
  });

  test("and a stale name and a medium that is gone: four calls, and the text arrives", async () => {
    const answers = [refused("media"), refused("formatting"), refused("media"), took({})];
    const { sent, calls } = await sendTo(answers, photo, { [JSON.stringify(source)]: "stale" });
    expect(calls.map(({ method, payload }) => [method, payload.photo, payload.caption_entities !== undefined])).toEqual(
      [
        ["sendPhoto", "stale", true],
        ["sendPhoto", "https://a.b/c.jpg", true],
        ["sendPhoto", "https://a.b/c.jpg", false],
        ["sendMessage", undefined, false],
      ],
    );
    expect(calls.at(-1)?.payload.text).toBe("Oi");
    expect(sent.outcome).toBe("done");
  });
});

const answers: [string, Answer, Awaited<ReturnType<typeof send>>][] = [
  ["a refusal", refused("permanent", "chat_not_found"), { outcome: "refused", reason: "chat_not_found" }],
  ["a person who does not want us", refused("blocked"), { outcome: "refused", reason: "blocked" }],
  ["what needs doing no more", refused("moot"), { outcome: "refused", reason: "moot" }],
  ["Telegram's trouble", refused("trouble", "http_502"), { outcome: "later", reason: "http_502" }],
  [
    "a flood: the whole time that Telegram asks for",
    { ok: false, meaning: "flood", reason: "flood", retryAfterMs: 7_000 },
    { outcome: "later", reason: "flood", flood: true, afterMs: 7_000 },
  ],
  [
    "a network that broke before the call began",
    { ok: false, meaning: "network", reason: "unreachable", begun: false },
    { outcome: "later", reason: "unreachable" },
  ],
  [
    "a network that broke after it: nobody knows",
    { ok: false, meaning: "network", reason: "timeout", begun: true },
    { outcome: "unknown", reason: "timeout" },
  ],
  [
    "a chat that moved",
    { ok: false, meaning: "migrated", reason: "migrated", migrateToChatId: -100501 },
    { outcome: "migrated", chatId: -100501 as ChatId },
  ],
  [
    "a chat that moved to nobody knows where",
    { ok: false, meaning: "migrated", reason: "migrated" },
    { outcome: "refused", reason: "migrated" },
  ],
];

test.each(answers)("%s is one call", async (_, answer, outcome) => {
  const { sent, calls } = await sendTo([answer], text);
  expect(sent).toEqual(outcome);
  expect(calls.length).toBe(1);
});
