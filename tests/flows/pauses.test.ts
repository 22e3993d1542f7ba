// 429: the bot that Telegram asks to wait makes no call for the whole time, in any process; the other bots go on.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { untilQuiet } from "../support/quiet.ts";
import { until } from "../support/until.ts";
import { dataOf, tapOf } from "../support/updates.ts";
import { OPENING_MS, openWorld, type Running, type TestBot, type World } from "../support/world.ts";

const PAUSE_SECONDS = 30;

let world: World;
let first: Running;
let second: Running;
beforeAll(async () => {
  world = await openWorld();
  first = await world.start();
  second = await world.start();
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose](), OPENING_MS);

let chats = 60_000;

async function startAnew(bot: TestBot, at: Running): Promise<number> {
  const chatId = ++chats;
  expect((await bot.write(at, chatId, "/start")).status).toBe(200);
  await untilQuiet(world, first, second);
  return chatId;
}

async function later(ms: number): Promise<void> {
  world.clock.advance(ms);
  for (const running of [first, second]) await running.sweep();
  await untilQuiet(world, first, second);
}

const callsOf = async (bot: TestBot) => (await world.fake.control.calls({ token: bot.token })).length;
const endsIn = (ms: number) => world.clock.now().getTime() + ms;

/** Telegram asks the bot to pause; resolves with the chat whose message it refused, once both processes know. */
async function pause(bot: TestBot): Promise<number> {
  for (const { app } of [first, second]) await app.bots.find(bot.botId);
  await world.fake.control.fault({ kind: "429", retry_after: PAUSE_SECONDS, token: bot.token, times: 1 });
  const untilMs = endsIn(PAUSE_SECONDS * 1_000);
  const chatId = await startAnew(bot, first);
  const isKnown = async ({ app }: Running) => (await app.bots.find(bot.botId))?.pausedUntilMs === untilMs;
  await until("both processes know of the pause", async () => (await isKnown(first)) && (await isKnown(second)));
  return chatId;
}

test("no call inside the window, by either process; every message goes out once it is over, once", async () => {
  const [bot, other] = [await world.addBot(), await world.addBot()];
  const refused = await pause(bot);
  const calls = await callsOf(bot);
  const waiting = [await startAnew(bot, first), await startAnew(bot, second)];
  await bot.write(second, refused, "oi");
  await later(PAUSE_SECONDS * 1_000 - 1);
  expect(await callsOf(bot)).toBe(calls);
  for (const at of [first, second]) expect(await other.chat(await startAnew(other, at))).toEqual(["Oi, Alice!"]);
  const held =
    await world.sql`SELECT state, reason FROM effect WHERE bot_id = ${bot.botId} AND chat_id <> ${refused} AND kind = 'send'`;
  expect(held.map(({ state, reason }) => [state, reason])).toEqual(waiting.map(() => ["pending", "flood"]));
  await until("all of it is sent", async () => {
    await later(1);
    return (await world.sql`SELECT 1 FROM effect WHERE bot_id = ${bot.botId} AND state <> 'done'`).length === 0;
  });
  for (const chatId of waiting) expect(await bot.chat(chatId)).toEqual(["Oi, Alice!"]);
  expect(await bot.chat(refused)).toEqual(["Oi, Alice!", "Recebi, Alice."]);
  const tries = await world.sql`SELECT attempts FROM effect WHERE bot_id = ${bot.botId} AND kind = 'send'`;
  expect(tries.map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1]);
});

test("a tapped button is not answered inside the window either", async () => {
  const bot = await world.addBot();
  const chatId = await startAnew(bot, first);
  const data = dataOf((await bot.sent(chatId))[0], "Mais");
  await pause(bot);
  const calls = await callsOf(bot);
  await bot.post(first, tapOf(chatId, data));
  await untilQuiet(world, first, second);
  await later(1_000);
  expect(await callsOf(bot)).toBe(calls);
  await later(PAUSE_SECONDS * 1_000);
  expect(await bot.chat(chatId)).toEqual(["Oi, Alice!", "Aqui está mais."]);
});

test("a process that starts inside the window keeps to it", async () => {
  const bot = await world.addBot();
  await pause(bot);
  const calls = await callsOf(bot);
  const third = await world.start();
  const chatId = ++chats;
  await bot.write(third, chatId, "/start");
  await untilQuiet(world, first, second, third);
  expect(await callsOf(bot)).toBe(calls);
  await third.stop();
  await later(PAUSE_SECONDS * 1_000 + 1);
  expect(await bot.chat(chatId)).toEqual(["Oi, Alice!"]);
});
