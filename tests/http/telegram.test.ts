// The door for Telegram: what it keeps, what it refuses and how, and what of it nobody ever reads in a log.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { holdInbox } from "../support/hold-inbox.ts";
import { openLogBook } from "../support/log-book.ts";
import { untilQuiet } from "../support/quiet.ts";
import { messageOf, NOON_SECONDS } from "../support/updates.ts";
import { OPENING_MS, openWorld, type Running, type TestBot, type World } from "../support/world.ts";

let world: World;
let server: Running;
let bot: TestBot;
const book = openLogBook();
beforeAll(async () => {
  world = await openWorld();
  bot = await world.addBot();
  server = await world.start({ log: book.log });
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose](), OPENING_MS);

const MARK = "palavra-que-ninguem-registra";
const start = (chatId: number) => messageOf(chatId, { text: "/start" });

/** Posts any body at any bot's door. */
function knock(body: RequestInit["body"], headers: Record<string, string> = {}, id: string = String(bot.botId)) {
  const all = { "content-type": "application/json", "x-telegram-bot-api-secret-token": bot.secret, ...headers };
  return fetch(`${server.http.url}/webhook/telegram/${id}`, { method: "POST", headers: all, body: body ?? null });
}

async function expectRefusal(response: Response, status: number): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = (await response.json()) as Record<string, unknown>;
  expect(Object.keys(problem).sort()).toEqual(["detail", "status", "type"]);
  expect(problem.status).toBe(status);
  expect(problem.detail).toMatch(/^[A-Z][^\n{}]{5,120}\.$/);
}

const rowsKept = async (): Promise<number> => (await world.sql`SELECT count(*)::int AS rows FROM inbox`)[0]?.rows;

describe("what is kept", () => {
  test("200 and {} come once the row is committed, not before", async () => {
    const inbox = await holdInbox(world);
    let answered = false;
    const held = bot.post(server, start(1_001)).finally(() => {
      answered = true;
    });
    await inbox.isWaitedFor();
    expect(answered).toBe(false);
    await inbox.release();
    const response = await held;
    expect([response.status, await response.text()]).toEqual([200, "{}"]);
    expect(response.headers.get("content-type")).toBe("application/json");
    await server.settle();
    expect(await bot.sent(1_001)).toHaveLength(1);
  });

  test("an update of a kind that nobody knows yet is kept and ignored", async () => {
    const response = await bot.post(server, { update_id: 900_001, hologram: { from: { id: -1 }, rays: [[MARK]] } });
    expect(response.status).toBe(200);
    await untilQuiet(world, server);
    const [row] = await world.sql`SELECT outcome, error FROM inbox WHERE update_id = 900001`;
    expect(row).toEqual({ outcome: "ignored", error: null });
  });

  test("a repeat gets 200 and has no effect", async () => {
    const update = { update_id: 900_002, ...start(1_002) };
    const answers = await Promise.all([1, 2, 3, 4].map(() => bot.post(server, update)));
    await server.settle();
    answers.push(await bot.post(server, update));
    await server.settle();
    expect(answers.map((response) => response.status)).toEqual([200, 200, 200, 200, 200]);
    expect(await bot.sent(1_002)).toHaveLength(1);
  });

  test.each([
    ["the year 9999", 253_402_300_799],
    ["the year 10000", 253_402_300_800],
    ["the last moment of JavaScript", 8_640_000_000_000],
    ["the beginning of time", 0],
  ])("a /start dated to %s is answered", async (_, date) => {
    const chatId = 1_100 + (date % 97);
    expect((await bot.post(server, messageOf(chatId, { text: "/start", date }))).status).toBe(200);
    await server.settle();
    expect(await bot.sent(chatId)).toHaveLength(1);
  });

  test("a text of 4,096 emoji is kept up to Telegram's own bound, in whole characters", async () => {
    expect((await bot.post(server, messageOf(1_003, { text: "🌿".repeat(4_096) }))).status).toBe(200);
    await untilQuiet(world, server);
    const [kept] = await world.sql`SELECT body FROM message WHERE chat_id = 1003 AND NOT outgoing`;
    expect(kept?.body).toBe("🌿".repeat(2_048));
    expect(await bot.sent(1_003)).toHaveLength(1);
  });

  test.each([
    ["NUL", "a\0b", "a\uFFFDb"],
    ["half a surrogate pair", "a\uD83Db", "a\uFFFDb"],
    ["the other half", "\uDE00b", "\uFFFDb"],
    ["a name cut inside a pair", `${"x".repeat(255)}🌿`, `${"x".repeat(255)}\uFFFD`],
  ])("%s in texts and names is answered, and cannot spoil a row", async (_, bad, kept) => {
    const chatId = 1_200 + bad.length;
    const person = { first_name: bad, last_name: bad, username: bad, language_code: bad };
    expect((await bot.post(server, messageOf(chatId, { text: `/start ${bad}` }, person))).status).toBe(200);
    await untilQuiet(world, server);
    const [welcome] = await bot.sent(chatId);
    expect(welcome?.payload.text).toBe(`Oi, ${kept}!`);
    const [customer] = await world.sql`SELECT first_name, last_name, username FROM customer WHERE chat_id = ${chatId}`;
    expect(customer).toEqual({ first_name: kept, last_name: kept, username: kept });
  });

  test("a row that cannot be processed leaves its neighbours alone, and is answered once it can", async () => {
    await world.sql`
      CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF NEW.chat_id = 1303 THEN RAISE EXCEPTION 'poison'; END IF; RETURN NEW; END $$`;
    await world.sql`CREATE TRIGGER poison BEFORE INSERT ON message FOR EACH ROW EXECUTE FUNCTION poison()`;
    const chats = [1_301, 1_302, 1_303, 1_304, 1_305];
    const answers = await Promise.all(chats.map((chatId) => bot.post(server, start(chatId))));
    await server.settle();
    expect(answers.map((response) => response.status)).toEqual([200, 200, 200, 200, 200]);
    const sent = await Promise.all(chats.map((chatId) => bot.sent(chatId)));
    expect(sent.map((messages) => messages.length)).toEqual([1, 1, 0, 1, 1]);
    await world.sql`DROP TRIGGER poison ON message`;
    world.clock.advance(2_000);
    await server.sweep();
    await untilQuiet(world, server);
    expect(await bot.sent(1_303)).toHaveLength(1);
  });
});

describe("what is refused", () => {
  test.each([
    ["none", ""],
    ["a wrong one", "x".repeat(43)],
    ["a longer one", "x".repeat(256)],
  ])("401 with %s for a secret", async (_, secret) => {
    const before = await rowsKept();
    await expectRefusal(await knock("{}", { "x-telegram-bot-api-secret-token": secret }), 401);
    const other = await world.addBot();
    await expectRefusal(await other.post(server, start(1), { "x-telegram-bot-api-secret-token": bot.secret }), 401);
    expect(await rowsKept()).toBe(before);
  });

  test.each(["999999", "0", "-1", "1.5", "1e3", "0x1", "9007199254740991", "9007199254740993", "9".repeat(400), "abc"])(
    "404 for the bot %s",
    async (id) => expectRefusal(await knock(JSON.stringify({ update_id: 1 }), {}, id), 404),
  );

  test.each(["%00", "%0a1", "1%20", "%F0%9F%8C%BF", "..%2f1", "1/2", "", "%"])("404 for the path …/%s", async (id) =>
    expectRefusal(await knock(JSON.stringify({ update_id: 1 }), {}, id), 404),
  );

  test.each(["GET", "PUT", "DELETE"])("%s finds nothing there", async (method) => {
    await expectRefusal(await fetch(`${server.http.url}/webhook/telegram/${bot.botId}`, { method }), 404);
  });

  const user = { id: 1, first_name: MARK };
  const chat = { id: 1, type: "private" };
  const message = { message_id: 1, date: NOON_SECONDS, chat, from: user, text: MARK };
  test.each<[string, unknown]>([
    ["null", null],
    ["a number", 7],
    ["a string", MARK],
    ["a list", [{ update_id: 1, message }]],
    ["an empty object", {}],
    ["no number", { message }],
    ["a negative number", { update_id: -1, message }],
    ["the number 0", { update_id: 0, message }],
    ["a number as text", { update_id: "1", message }],
    ["half a number", { update_id: 1.5, message }],
    ["a number past 2^53", { update_id: 2 ** 53, message }],
    ["a message that is none", { update_id: 1, message: MARK }],
    ["a message without a chat", { update_id: 1, message: { ...message, chat: undefined } }],
    ["a date as text", { update_id: 1, message: { ...message, date: MARK } }],
    ["a negative date", { update_id: 1, message: { ...message, date: -1 } }],
    ["a date past all dates", { update_id: 1, message: { ...message, date: 8_640_000_000_001 } }],
    ["a negative message", { update_id: 1, message: { ...message, message_id: -1 } }],
    ["a person of a negative id", { update_id: 1, message: { ...message, from: { ...user, id: -1 } } }],
    ["a name that is no text", { update_id: 1, message: { ...message, from: { ...user, first_name: [MARK] } } }],
    ["a text that is none", { update_id: 1, message: { ...message, text: { [MARK]: 1 } } }],
    ["a tap without a person", { update_id: 1, callback_query: { id: MARK } }],
    ["a tap of a negative id", { update_id: 1, callback_query: { id: "1", from: { ...user, id: -7 }, data: MARK } }],
  ])("400 for %s", async (_, body) => expectRefusal(await knock(JSON.stringify(body)), 400));

  test.each<[string, RequestInit["body"]]>([
    ["nothing", ""],
    ["no JSON", `{"update_id": 1, ${MARK}`],
    ["half a JSON", `{"update_id":1,"message":{"text":"${MARK}`],
    ["bytes that are no UTF-8", new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])],
    ["half a character", new TextEncoder().encode(`{"update_id":1,"${MARK}":"🌿`).slice(0, -2)],
    ["100,000 brackets", "[".repeat(100_000)],
    ["100,000 brackets that are closed", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
  ])("400 for %s", async (_, body) => expectRefusal(await knock(body), 400));

  test("deep nesting in an update is answered, not a crash", async () => {
    const deep = `{"update_id":900003,"later":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    expect([200, 400]).toContain((await knock(deep)).status);
    await untilQuiet(world, server);
  });

  test("413 past 256 KiB, with and without a declared length", async () => {
    const body = JSON.stringify({ update_id: 1, padding: MARK.repeat(12_000) });
    await expectRefusal(await knock(body), 413);
    await expectRefusal(await knock(new Blob([body]).stream()), 413);
    const full = JSON.stringify({ update_id: 900_004, padding: "x".repeat(256 * 1024 - 36) });
    expect((await knock(full)).status).toBe(200);
  });

  test("413 for 10 MB, with and without a declared length", async () => {
    const body = new Uint8Array(10_000_000);
    expect((await knock(body)).status).toBe(413);
    expect((await knock(new Blob([body]).stream())).status).toBe(413);
  });

  test("nothing of a body, no secret and no token is in the log, and no refusal is an error", async () => {
    await bot.write(server, 1_400, `${MARK} e mais`, { reason: MARK });
    await untilQuiet(world, server);
    expect(book.text()).toContain("send.tried");
    for (const secret of [MARK, bot.secret, bot.token]) expect(book.text()).not.toContain(secret);
    expect(book.facts("http.failed")).toEqual([]);
  });
});
