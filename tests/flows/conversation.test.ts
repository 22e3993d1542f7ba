// What people say to a bot: every way to start, loose text, strangers, those who leave, and what a bot does not listen to.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { untilQuiet } from "../support/quiet.ts";
import { dataOf, messageOf, NOON_SECONDS, tapOf } from "../support/updates.ts";
import { OPENING_MS, openWorld, plainFunnel, type Running, type TestBot, type World } from "../support/world.ts";

let world: World;
let server: Running;
let bot: TestBot;
beforeAll(async () => {
  world = await openWorld();
  bot = await world.addBot();
  server = await world.start();
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose](), OPENING_MS);

let chats = 10_000;
const newChat = (): number => ++chats;
const textsIn = async (chatId: number, of = bot) => (await of.sent(chatId)).map(({ payload }) => payload.text);

async function customerIn(chatId: number): Promise<Record<string, unknown> | undefined> {
  const [row] = await world.sql`SELECT * FROM customer WHERE chat_id = ${chatId}`;
  return row;
}

async function post(update: Record<string, unknown>, to = bot): Promise<void> {
  expect((await to.post(server, update)).status).toBe(200);
  await untilQuiet(world, server);
}

const say = (chatId: number, text: string, to = bot) => post(messageOf(chatId, { text }), to);

describe("a start", () => {
  test.each([
    ["/start", null],
    ["/START", null],
    ["/Start  ", null],
    ["/start promo-2_A", "promo-2_A"],
    ["/START Promo", "Promo"],
    ["/start@some_bot", null],
    ["/start@some_bot promo", "promo"],
    ["/start\npromo", "promo"],
    [`/start ${"p".repeat(64)}`, "p".repeat(64)],
    [`/start ${"p".repeat(65)}`, null],
    ["/start promoção", null],
    ["/start a b", null],
    ["/start <b>'; --", null],
  ])("%j is answered with the welcome", async (text, payload) => {
    const chatId = newChat();
    await say(chatId, text);
    expect(await textsIn(chatId)).toEqual(["Oi, Alice!"]);
    expect(await customerIn(chatId)).toMatchObject({ start_payload: payload, step_id: "oi" });
  });

  test("again it resets the funnel and is answered again; the payload of the first one stays", async () => {
    const chatId = newChat();
    await say(chatId, "/start origem");
    const [welcome] = await bot.sent(chatId);
    await post(tapOf(chatId, dataOf(welcome, "Mais")));
    expect(await customerIn(chatId)).toMatchObject({ step_id: "mais", answered_what: expect.stringMatching(/^tap:/) });
    world.clock.advance(5_000);
    await say(chatId, "/start");
    expect(await textsIn(chatId)).toEqual(["Oi, Alice!", "Aqui está mais.", "Oi, Alice!"]);
    const begun = { step_id: "oi", start_payload: "origem", answered_what: null, started_at: world.clock.now() };
    expect(await customerIn(chatId)).toMatchObject(begun);
    world.clock.advance(5_000);
    await say(chatId, "/start outra");
    expect(await customerIn(chatId)).toMatchObject({ start_payload: "outra" });
  });

  test("within five seconds of the last one it is answered once, and once they are over again", async () => {
    const chatId = newChat();
    await Promise.all([1, 2, 3].map(() => say(chatId, "/start")));
    world.clock.advance(4_999);
    await say(chatId, "/start");
    expect(await textsIn(chatId)).toEqual(["Oi, Alice!"]);
    world.clock.advance(1);
    await say(chatId, "/start");
    expect(await textsIn(chatId)).toHaveLength(2);
  });

  test("what looks like one is none", async () => {
    const chatId = newChat();
    await say(chatId, "/start");
    for (const text of ["/started", "start", "/ start", "oi /start"]) await say(chatId, text);
    expect((await textsIn(chatId)).slice(1)).toEqual(["Recebi, Alice.", ...Array(3).fill("Recebi, Alice.")]);
  });

  test("in a bot without a funnel it is kept and nothing is sent", async () => {
    const silent = await world.addBot();
    await world.sql`UPDATE bot SET funnel_version_id = NULL WHERE id = ${silent.botId}`;
    const chatId = newChat();
    await say(chatId, "/start", silent);
    expect(await silent.sent(chatId)).toEqual([]);
    expect(await customerIn(chatId)).toMatchObject({ started_at: expect.any(Date), first_name: "Alice" });
  });

  test.each(["<b>&{nome}", "{primeiro_nome}", "</b></i>", "&lt;", "🌿 *_`[x](y)", "'; DROP TABLE customer"])(
    "by somebody called %s greets him by that name",
    async (name) => {
      const chatId = newChat();
      await post(messageOf(chatId, { text: "/start" }, { first_name: name }));
      const [welcome] = await bot.sent(chatId);
      expect(welcome?.payload.text).toBe(`Oi, ${name}!`);
      expect(welcome?.payload.entities).toEqual([{ type: "bold", offset: 0, length: 2 }]);
    },
  );
});

const file = (id: string) => ({ file_id: id, file_unique_id: "u" });

describe("a stranger's private message of any kind", () => {
  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ["text", { text: "oi" }, { kind: "text", body: "oi", file_id: null }],
    ["photo", { photo: [file("small"), file("large")] }, { kind: "photo", body: null, file_id: "large" }],
    ["sticker", { sticker: file("s") }, { kind: "sticker", file_id: "s" }],
    ["voice", { voice: file("v") }, { kind: "voice", file_id: "v" }],
    ["video note", { video_note: file("n") }, { kind: "video_note", file_id: "n" }],
    ["video", { video: file("f"), caption: "veja" }, { kind: "video", body: "veja", file_id: "f" }],
    ["animation", { animation: file("g"), document: file("d") }, { kind: "animation", file_id: "g" }],
    ["audio", { audio: file("a") }, { kind: "audio", file_id: "a" }],
    ["document", { document: file("d") }, { kind: "document", file_id: "d" }],
    ["contact", { contact: { phone_number: "1", first_name: "Bob" } }, { kind: "other", body: null, file_id: null }],
    ["empty photo", { photo: [] }, { kind: "photo", file_id: null }],
  ])("%s is a start, and is kept", async (_, content, kept) => {
    const chatId = newChat();
    await post(messageOf(chatId, content));
    expect(await textsIn(chatId)).toEqual(["Oi, Alice!"]);
    expect(await customerIn(chatId)).toMatchObject({ started_at: world.clock.now(), start_payload: null });
    const [message] =
      await world.sql`SELECT kind, body, file_id FROM message WHERE chat_id = ${chatId} AND NOT outgoing`;
    expect(message).toMatchObject(kept);
  });
});

describe("text outside a step", () => {
  test("is answered by the bot's reply, the same text within three seconds once", async () => {
    const chatId = newChat();
    await say(chatId, "/start");
    for (const text of ["oi", "oi", "olá"]) await say(chatId, text);
    expect(await textsIn(chatId)).toEqual(["Oi, Alice!", "Recebi, Alice.", "Recebi, Alice."]);
    world.clock.advance(3_000);
    await say(chatId, "olá");
    expect(await textsIn(chatId)).toHaveLength(4);
  });

  test("is not answered when the funnel has no reply", async () => {
    const { reply, ...mute } = plainFunnel;
    const quiet = await world.addBot(mute);
    const chatId = newChat();
    await say(chatId, "/start", quiet);
    await say(chatId, "oi", quiet);
    expect(await textsIn(chatId, quiet)).toEqual(["Oi, Alice!"]);
    expect(await customerIn(chatId)).toMatchObject({ answered_what: "text:oi" });
  });
});

const member = (chatId: number, status: string, chat: Record<string, unknown> = { type: "private" }) => ({
  my_chat_member: {
    chat: { id: chatId, ...chat },
    from: { id: Math.abs(chatId), is_bot: false, first_name: "Alice" },
    date: NOON_SECONDS,
    new_chat_member: { status },
  },
});

test("who blocks the bot is marked, until he lets it in again or writes", async () => {
  const chatId = newChat();
  await say(chatId, "/start");
  await post(member(chatId, "kicked"));
  expect(await customerIn(chatId)).toMatchObject({ blocked_at: world.clock.now(), step_id: "oi" });
  await post(member(chatId, "member"));
  expect(await customerIn(chatId)).toMatchObject({ blocked_at: null });
  await post(member(chatId, "kicked"));
  await say(chatId, "voltei");
  expect(await customerIn(chatId)).toMatchObject({ blocked_at: null });
  expect(await textsIn(chatId)).toEqual(["Oi, Alice!", "Recebi, Alice."]);
});

describe("what a bot does not listen to is kept and ignored", () => {
  const text = { text: "/start" };
  const chatOf = (id: number, type: string) => ({ ...text, chat: { id, type } });
  const anybody = { id: 9, is_bot: false, first_name: "Bob" };
  test.each<[string, Record<string, unknown>]>([
    ["an edited message", { edited_message: messageOf(9_001, text).message }],
    ["a group", messageOf(9_002, chatOf(-9_002, "group"))],
    ["a supergroup", messageOf(9_003, chatOf(-1_009_003, "supergroup"))],
    ["a channel's message", messageOf(9_004, chatOf(-1_009_004, "channel"))],
    ["a channel's post", { channel_post: messageOf(9_005, chatOf(-1_009_005, "channel")).message }],
    ["nobody", messageOf(9_006, { ...text, from: undefined })],
    ["another bot", messageOf(9_007, text, { is_bot: true })],
    ["a private chat of a negative id", messageOf(9_008, chatOf(-9_008, "private"))],
    ["a chat of a new type", messageOf(9_009, chatOf(9_009, "hologram"))],
    [
      "a tap in a group",
      { callback_query: { id: "1", from: anybody, message: messageOf(9, chatOf(-9, "group")).message } },
    ],
    ["a tap by a bot", { callback_query: { id: "2", from: { ...anybody, is_bot: true }, data: "x" } }],
    ["its entry into a group", member(-9_010, "member", { type: "group" })],
    ["nothing at all", {}],
  ])("%s", async (_, update) => {
    const { calls } = await world.fake.control.stats();
    const [before] = await world.sql`SELECT (SELECT count(*) FROM customer) + (SELECT count(*) FROM message) AS rows`;
    await post(update);
    const [row] = await world.sql`SELECT outcome, error FROM inbox ORDER BY id DESC LIMIT 1`;
    expect(row).toEqual({ outcome: "ignored", error: null });
    const [after] = await world.sql`SELECT (SELECT count(*) FROM customer) + (SELECT count(*) FROM message) AS rows`;
    expect(after).toEqual(before);
    expect((await world.fake.control.stats()).calls).toBe(calls);
  });
});

test("every message in and out is kept once, whatever comes twice", async () => {
  const chatId = newChat();
  const started = messageOf(chatId, { text: "/start" });
  const photo = messageOf(chatId, { photo: [file("p")], caption: "olha" });
  for (const update of [started, started, photo, photo]) await post(update);
  const kept =
    await world.sql`SELECT outgoing, kind, body, file_id, message_id FROM message WHERE chat_id = ${chatId} ORDER BY 1, 5`;
  expect(kept.map(({ outgoing, kind, body, file_id }) => [outgoing, kind, body, file_id])).toEqual([
    [false, "text", "/start", null],
    [false, "photo", "olha", "p"],
    [true, "text", "Oi, Alice!", null],
    [true, "text", "Recebi, Alice.", null],
  ]);
});
