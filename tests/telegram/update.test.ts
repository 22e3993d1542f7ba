// Telegram's JSON → what it means to us: every form of a start, every medium, everything that is ignored, and nothing that throws.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { limits } from "#src/kernel/limits.ts";
import { faultOf, isUpdate, isUrgent, readUpdate, type TelegramUpdate } from "#src/telegram/update.ts";

// As Telegram sends them; shortened only where the Bot API says "Optional".
const alice = {
  id: 501,
  is_bot: false,
  first_name: "Alice",
  last_name: "Souza",
  username: "alice_souza",
  language_code: "pt-br",
  is_premium: true,
};
const chat = { id: 501, first_name: "Alice", last_name: "Souza", username: "alice_souza", type: "private" };
const group = { id: -1001234567890, title: "Ofertas", type: "supergroup" };
const message = (content: object) => ({ message_id: 17, from: alice, chat, date: 1_772_366_400, ...content });
const text = (text: string) => ({ update_id: 1, message: message({ text }) });
const file = (file_id: string) => ({ file_id, file_unique_id: `u${file_id}`, file_size: 1 });
const query = { id: "4382bfdwdsb323b2d9", from: alice, chat_instance: "-3", data: "k".repeat(16) };
const member = (status: string, inChat: object = chat) => ({
  ...{ chat: inChat, from: alice, date: 1_772_366_400 },
  old_chat_member: { user: { id: 7, is_bot: true, first_name: "Bot" }, status: "member" },
  new_chat_member: { user: { id: 7, is_bot: true, first_name: "Bot" }, status, until_date: 0 },
});

const person = {
  chatId: 501,
  firstName: "Alice",
  lastName: "Souza",
  username: "alice_souza",
  languageCode: "pt-br",
  isPremium: true,
};
const said = { person, messageId: 17, at: new Date("2026-03-01T12:00:00Z") };

/** Reads what must be an update. */
function read(value: unknown) {
  if (!isUpdate(value)) throw new Error(`no update: ${faultOf(value)}`);
  return readUpdate(value) as unknown;
}

test.each([
  ["/start", null],
  ["/start promo-verao_2026", "promo-verao_2026"],
  ["/START promo", "promo"],
  ["/start@alice_bot", null],
  ["/start@alice_bot promo", "promo"],
  ["/start   promo  ", "promo"],
  ["/start\npromo", "promo"],
  [`/start ${"a".repeat(64)}`, "a".repeat(64)],
  [`/start ${"a".repeat(65)}`, null],
  ["/start não é código", null],
  ["/start a b", null],
])("%j is a start with the payload %j", (words, payload) => {
  expect(read(text(words))).toEqual({ kind: "start", payload, ...said, text: words });
  expect(isUrgent(text(words) as TelegramUpdate)).toBe(true);
});

test.each(["/started", "/starte", "start", " /start", "/stop", "oi /start", ""])(
  "%j is a text, not a start",
  (words) => {
    expect(read(text(words))).toEqual({ kind: "text", ...said, text: words });
    expect(isUrgent(text(words) as TelegramUpdate)).toBe(false);
  },
);

describe("media keep their file_id and their caption", () => {
  test.each([
    ["photo", { photo: [file("small"), file("large")] }, "large"],
    ["video", { video: { ...file("v"), width: 1, height: 1, duration: 1 } }, "v"],
    ["animation", { animation: file("g"), document: file("d") }, "g"],
    ["audio", { audio: file("a") }, "a"],
    ["voice", { voice: file("o") }, "o"],
    ["video_note", { video_note: file("n") }, "n"],
    ["document", { document: file("d") }, "d"],
    ["sticker", { sticker: file("s") }, "s"],
    ["photo", { photo: [] }, null],
    ["other", { contact: { phone_number: "+55", first_name: "Bob" } }, null],
    ["other", { location: { latitude: 1, longitude: 2 } }, null],
  ])("%s %j", (media, content, fileId) => {
    const update = { update_id: 1, message: message({ ...content, caption: "veja" }) };
    expect(read(update)).toEqual({ kind: "media", media, fileId, ...said, text: "veja" });
  });
});

test("a start may be the caption of a medium", () => {
  const update = { update_id: 1, message: message({ photo: [file("p")], caption: "/start promo" }) };
  expect(read(update)).toMatchObject({ kind: "start", payload: "promo" });
});

test.each([
  ["with its message", { ...query, message: message({ text: "Oi" }) }],
  ["with a message that Telegram no longer shows", { ...query, message: { chat, message_id: 5, date: 0 } }],
  ["without a message", query],
])("a tap %s", (_, callback_query) => {
  const update = { update_id: 1, callback_query };
  expect(read(update)).toEqual({ kind: "tap", person, callbackQueryId: query.id, key: query.data });
  expect(isUrgent(update as TelegramUpdate)).toBe(true);
});

test.each([
  ["kicked", true],
  ["left", true],
  ["member", false],
  ["restricted", false],
])("my_chat_member %s: blocked %p", (status, blocked) => {
  expect(read({ update_id: 1, my_chat_member: member(status) })).toEqual({ kind: "member", person, blocked });
});

test.each([
  ["a group's message", { message: message({ chat: group, text: "/start" }) }, "supergroup"],
  ["a private chat that is none", { message: message({ chat: { id: -5, type: "private" }, text: "oi" }) }, "chat"],
  ["a bot's message", { message: message({ from: { ...alice, is_bot: true }, text: "/start" }) }, "bot"],
  ["a message of nobody", { message: message({ from: undefined, text: "/start" }) }, "bot"],
  ["an edit", { edited_message: message({ text: "/start", edit_date: 1 }) }, "edited_message"],
  ["a channel's post", { channel_post: { message_id: 1, date: 1, chat: group, text: "x" } }, "channel_post"],
  ["a group's tap", { callback_query: { ...query, message: message({ chat: group }) } }, "callback_query"],
  ["a bot's tap", { callback_query: { ...query, from: { ...alice, is_bot: true } } }, "callback_query"],
  ["a group's membership", { my_chat_member: member("kicked", group) }, "my_chat_member"],
  ["a poll", { poll: { id: "1", question: "?" } }, "poll"],
  ["a kind of the future", { telepathy: {} }, "telepathy"],
  ["nothing", {}, "empty"],
])("%s is ignored by name", (_, content, why) => {
  expect(read({ update_id: 1, ...content })).toEqual({ kind: "ignored", why });
});

test("what PostgreSQL cannot keep is replaced, and names are optional", () => {
  const from = { id: 501, is_bot: false, first_name: "A\0l\ud800ice" };
  expect(read({ update_id: 1, message: message({ from, text: "o\0i\udc00" }) })).toMatchObject({
    text: "o\uFFFDi\uFFFD",
    person: { firstName: "A\uFFFDl\uFFFDice", lastName: null, username: null, languageCode: null, isPremium: false },
  });
});

test.each([
  ["no object", []],
  ["no number", { message: message({ text: "oi" }) }],
  ["number zero", { update_id: 0 }],
  ["a number as text", { update_id: "1" }],
  ["a fraction", { update_id: 1.5 }],
  ["a number past 2^53", { update_id: 2 ** 53 }],
  ["a message without a chat", { update_id: 1, message: { message_id: 1, date: 1, text: "oi" } }],
  ["a negative date", { update_id: 1, message: message({ date: -1 }) }],
  ["a text that is none", { update_id: 1, message: message({ text: 5 }) }],
  ["a tap without its id", { update_id: 1, callback_query: { ...query, id: "" } }],
  ["a person with a negative id", { update_id: 1, message: message({ from: { ...alice, id: -1 } }) }],
])("%s is not an update, and the fault does not repeat the value", (_, value) => {
  expect(isUpdate(value)).toBe(false);
  expect(faultOf(value)).toMatch(/^\/\S*: \w/);
  expect(faultOf(value)).not.toContain("oi");
});

// Mostly what passes, so that much is read; and what may not pass.
const integer = fc.oneof(
  { arbitrary: fc.integer({ min: 1, max: 2 ** 31 - 1 }), weight: 12 },
  fc.maxSafeInteger(),
  fc.constantFrom(0, 1, -1, Number.MAX_SAFE_INTEGER, 253_402_300_800, 8_640_000_000_000),
);
const words = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ maxLength: 5_000 }),
  fc.constantFrom("/start", "\0", "\ud800"),
);
const anyUser = fc.record(
  { id: integer, is_bot: fc.boolean(), first_name: words, last_name: words, username: words, is_premium: fc.boolean() },
  { requiredKeys: ["id"] },
);
const anyChat = fc.record({ id: integer, type: fc.oneof(fc.constant("private"), words) });
const anyFile = fc.record({ file_id: words });
const anyMessage = fc.record(
  {
    ...{ message_id: integer, date: integer, chat: anyChat, from: anyUser, text: words, caption: words },
    ...{ photo: fc.array(anyFile), video: anyFile, voice: anyFile, sticker: anyFile, document: anyFile },
  },
  { requiredKeys: ["message_id", "date", "chat"] },
);
const anyUpdate = fc.record(
  {
    update_id: fc.integer({ min: 1 }),
    message: anyMessage,
    callback_query: fc.record(
      { id: words, from: anyUser, data: words, message: anyMessage },
      { requiredKeys: ["id", "from"] },
    ),
    my_chat_member: fc.record({
      chat: anyChat,
      from: anyUser,
      date: integer,
      new_chat_member: fc.record({ status: words }),
    }),
    edited_message: fc.jsonValue(),
  },
  { requiredKeys: ["update_id"] },
);

test("whatever is an update can be read, and what is read can be kept", () => {
  let updates = 0;
  fc.assert(
    fc.property(fc.oneof({ arbitrary: anyUpdate, weight: 9 }, fc.jsonValue()), (value) => {
      if (!isUpdate(value)) return;
      updates += 1;
      const incoming = readUpdate(value);
      if (incoming.kind === "ignored") return;
      // The query's id goes back to Telegram as it came; it is not kept.
      const json = JSON.stringify({ ...incoming, callbackQueryId: "" });
      expect(json.isWellFormed()).toBe(true);
      expect(json).not.toMatch(/(?<!\\)(\\\\)*\\u(0000|d[89a-f])/);
      if ("at" in incoming) expect(incoming.at.toISOString()).toMatch(/^\d{4}-/);
      if ("text" in incoming) expect(incoming.text.length).toBeLessThanOrEqual(limits.textUnits);
      expect(incoming.person.chatId).toBeGreaterThan(0);
      isUrgent(value);
    }),
    { numRuns: 2_000 },
  );
  expect(updates).toBeGreaterThan(300);
});
