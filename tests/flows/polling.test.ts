// Long polling: the second door. What it fetches it confirms only once it is kept, and it goes on after whatever Telegram says.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { createTelegramApi } from "#src/telegram/api.ts";
import { type Polling, startPolling } from "#src/telegram/poll.ts";
import { holdInbox } from "../support/hold-inbox.ts";
import { openLogBook } from "../support/log-book.ts";
import { untilQuiet } from "../support/quiet.ts";
import { until } from "../support/until.ts";
import { OPENING_MS, openWorld, type Running, type TestBot, type World } from "../support/world.ts";

let world: World;
let server: Running;
let polling: Polling;
let bot: TestBot;
const book = openLogBook();
beforeAll(async () => {
  world = await openWorld();
  bot = await world.addBot();
  server = await world.start({ log: book.log });
  polling = await startPolling(server.app);
}, OPENING_MS);
afterAll(async () => {
  await polling.stop();
  await world[Symbol.asyncDispose]();
});

let chats = 70_000;

const say = (chatId: number, text: string, to = bot) =>
  world.fake.control.say({ token: to.token, user: { id: chatId, first_name: "Alice" }, text });

/** Waits for so many messages of the bot in the chat, and for all that follows. */
async function answersIn(chatId: number, count: number, of = bot): Promise<string[]> {
  await until(`${count} answers`, async () => (await of.chat(chatId)).length >= count);
  await untilQuiet(world, server);
  return of.chat(chatId);
}

const offsetOf = async (of: TestBot) =>
  (await world.sql`SELECT poll_offset FROM bot WHERE id = ${of.botId}`)[0]?.poll_offset;
const fateOf = async (updateId: number, of = bot) =>
  (await world.fake.control.delivered({ token: of.token })).find((row) => row.update_id === updateId)?.status;

test("what people say is fetched, answered, and confirmed by the next call", async () => {
  const chatId = ++chats;
  const { update_id: first } = await say(chatId, "/start");
  const { update_id: last } = await say(chatId, "oi");
  expect(await answersIn(chatId, 2)).toEqual(["Oi, Alice!", "Recebi, Alice."]);
  await until("it is confirmed", async () => (await fateOf(last)) === "confirmed");
  expect(await fateOf(first)).toBe("confirmed");
  expect(await offsetOf(bot)).toBe(last + 1);
});

test("the offset moves on only after the commit: what could not be kept comes again", async () => {
  const chatId = ++chats;
  const offset = await offsetOf(bot);
  const inbox = await holdInbox(world);
  const { update_id: updateId } = await say(chatId, "/start");
  await inbox.cancelWaiting();
  await until("the failure is told", () => book.facts("poll.failed").length > 0);
  expect(await offsetOf(bot)).toBe(offset);
  expect(await fateOf(updateId)).toBe("pending");
  await inbox.release();
  expect(await answersIn(chatId, 1)).toEqual(["Oi, Alice!"]);
  await until("it is confirmed", async () => (await fateOf(updateId)) === "confirmed");
  expect(await world.sql`SELECT 1 FROM inbox WHERE update_id = ${updateId}`).toHaveLength(1);
}, 15_000);

test("somebody else's call for updates is reported, and recovered from", async () => {
  const waits = async () =>
    (await world.fake.control.calls({ token: bot.token, method: "getUpdates" })).some((call) => call.outcome === null);
  await until("it polls", waits);
  await createTelegramApi(bot.token, world.fake.url).call("getUpdates", { timeout: 0 });
  await until("the conflict is told", () => book.facts("poll.conflict").length > 0);
  expect(book.facts("poll.conflict")).toMatchObject([{ botId: bot.botId, level: 50 }]);
  const chatId = ++chats;
  await say(chatId, "/start");
  expect(await answersIn(chatId, 1)).toEqual(["Oi, Alice!"]);
}, 15_000);

test("a bot that is added later is polled, too", async () => {
  const later = await world.addBot();
  const chatId = ++chats;
  await say(chatId, "/start", later);
  expect(await answersIn(chatId, 1, later)).toEqual(["Oi, Alice!"]);
  const calls = await world.fake.control.calls({ token: later.token });
  expect(calls.map(({ method }) => method).slice(0, 3)).toEqual(["getMe", "deleteWebhook", "getUpdates"]);
});

test("an update of a form that we do not know is passed over, told by its fault, and holds up nothing", async () => {
  const secret = "palavra-que-ninguem-registra";
  const chatId = ++chats;
  await world.fake.control.update({ token: bot.token, update: { message: { text: secret } } });
  await say(chatId, "/start");
  expect(await answersIn(chatId, 1)).toEqual(["Oi, Alice!"]);
  expect(book.facts("poll.unreadable")).toMatchObject([
    { botId: bot.botId, fault: expect.stringContaining("/message") },
  ]);
  for (const hidden of [secret, bot.token]) expect(book.text()).not.toContain(hidden);
});

test("a bot whose token is revoked is polled no more", async () => {
  const revoked = await world.addBot();
  const chatId = ++chats;
  await say(chatId, "/start", revoked);
  await answersIn(chatId, 1, revoked);
  await world.fake.control.bot({ token: revoked.token, revoked: true });
  const statusOf = async () => (await world.sql`SELECT status FROM bot WHERE id = ${revoked.botId}`)[0]?.status;
  await until("it is known as revoked", async () => (await statusOf()) === "token_revoked");
  const asked = () => world.fake.control.calls({ token: revoked.token });
  const { length: before } = await asked();
  await say(++chats, "/start");
  await answersIn(chats, 1);
  expect(await asked()).toHaveLength(before);
});

test("stopped it asks no more, without waiting for the call under way, and leaves the rest with Telegram", async () => {
  await polling.stop();
  const { calls } = await world.fake.control.stats();
  const { update_id: updateId } = await say(++chats, "/start");
  expect(await fateOf(updateId)).toBe("pending");
  expect((await world.fake.control.stats()).calls).toBe(calls);
});

test("started again it takes away the webhook that somebody set, and fetches what waited", async () => {
  const { api } = createTelegramApi(bot.token, world.fake.url);
  await api.setWebhook("http://127.0.0.1:1/nobody");
  polling = await startPolling(server.app);
  expect(await answersIn(chats, 1)).toEqual(["Oi, Alice!"]);
  expect((await api.getWebhookInfo()).url).toBe("");
});
