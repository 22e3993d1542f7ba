// What one chat says is answered in its order: in one batch, over two processes, and behind a message that is held back.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Funnel } from "#src/funnel/funnel.ts";
import type { UpdateId } from "#src/kernel/ids.ts";
import { limits } from "#src/kernel/limits.ts";
import type { TelegramUpdate } from "#src/telegram/update.ts";
import { allDone } from "../support/all-done.ts";
import { until } from "../support/until.ts";
import { dataOf, messageOf, tapOf } from "../support/updates.ts";
import { openWorld, plainFunnel, type Running, type TestBot, type World } from "../support/world.ts";

setDefaultTimeout(60_000);

const ANSWERS = ["Um", "Dois", "Três", "Quatro", "Cinco"];
const ALL = ["Oi", ...ANSWERS];
const funnel: Funnel = {
  ...plainFunnel,
  steps: [
    {
      id: "oi",
      kind: "message",
      text: "Oi",
      buttons: ANSWERS.map((text, n) => [{ text, step: `passo${n}` }]),
    },
    ...ANSWERS.map((text, n) => ({ id: `passo${n}`, kind: "message" as const, text })),
  ],
};

let world: World;
let bot: TestBot;
let processes: [Running, Running];
/** What the five buttons carry. */
let buttons: string[];
let chatId = 3_000;
let updateId = 600_000;

beforeAll(async () => {
  world = await openWorld();
  bot = await world.addBot(funnel);
  processes = [await world.start(), await world.start()];
  await bot.write(processes[0], 1, "/start");
  await allDone(world, processes);
  const [welcome] = await bot.sent(1);
  buttons = ANSWERS.map((text) => dataOf(welcome, text));
});
afterAll(() => world[Symbol.asyncDispose]());

/** What a person does who starts and taps every button, one after the other. */
const story = (chat: number) => [messageOf(chat, { text: "/start" }), ...buttons.map((data) => tapOf(chat, data))];
const chatsOf = (some: number[], of = bot) => Promise.all(some.map((chat) => of.chat(chat)));

test("in one batch: many chats mixed, each in its order", async () => {
  const chats = Array.from({ length: 10 }, () => ++chatId);
  const mixed = buttons.concat("start").flatMap((_, turn) => chats.map((chat) => story(chat)[turn]));
  const { inbox } = processes[0].app;
  const batches = batchSizes();
  // Accepted in one turn of the event loop, so that nothing but their order decides.
  await Promise.all(
    mixed.map((content) => {
      const update = { update_id: ++updateId, ...content } as TelegramUpdate;
      return inbox.accept({
        ...{ botId: bot.botId, updateId: updateId as UpdateId, body: JSON.stringify(update), update },
        ...{ receivedAt: world.clock.now(), arrivedMs: performance.now(), atOnce: true },
      });
    }),
  );
  await allDone(world, processes);
  expect(await chatsOf(chats)).toEqual(Array(10).fill(ALL));
  expect(await batches()).toBeLessThan(6);
});

test("over two processes: what one decides after the other goes out after it", async () => {
  const chats = Array.from({ length: 5 }, () => ++chatId);
  for (const chat of chats) await world.fake.control.fault({ kind: "latency", ms: 40, chat_id: chat });
  await Promise.all(
    chats.map(async (chat, first) => {
      for (const [turn, update] of story(chat).entries()) {
        await bot.post(processes[(first + turn) % 2] as Running, { update_id: chat * 100 + turn, ...update });
        await until("decided", () => isDone(chat * 100 + turn));
      }
    }),
  );
  await allDone(world, processes);
  await world.fake.control.clearFault();
  expect(await chatsOf(chats)).toEqual(Array(5).fill(ALL));
});

test("behind a message that failed: the chat's later ones wait for it, other chats do not", async () => {
  const [held, other] = [++chatId, ++chatId];
  await world.fake.control.fault({ kind: "5xx", chat_id: held, times: 1 });
  for (const [turn, update] of story(held).entries()) {
    await bot.post(processes[turn % 2] as Running, { update_id: held * 100 + turn, ...update });
    await until("decided", () => isDone(held * 100 + turn));
  }
  for (const update of story(other)) await bot.post(processes[0], update);
  await processes[0].settle();
  await processes[1].settle();
  expect(await chatsOf([held, other])).toEqual([[], ALL]);
  await allDone(world, processes);
  expect(await chatsOf([held])).toEqual([ALL]);
});

test("behind a part that failed: the later parts of a long message wait for it", async () => {
  const parts = ["a", "b", "c"].map((letter) => `${letter} `.repeat(2_000));
  const long = await world.addBot({ ...plainFunnel, steps: [{ id: "oi", kind: "message", text: parts.join("") }] });
  const chat = ++chatId;
  await world.fake.control.fault({ kind: "5xx", chat_id: chat, times: 1 });
  await long.write(processes[0], chat, "/start");
  await processes[0].settle();
  expect((await long.sent(chat)).length).toBe(1);
  await allDone(world, processes);
  expect((await long.chat(chat)).join("").replaceAll(/\s/g, "")).toBe(parts.join("").replaceAll(" ", ""));
});

test("behind a pause that Telegram asked for: no call of the bot inside it, then all in order; other bots do not wait", async () => {
  const pauseMs = 35_000;
  const [held, other] = [++chatId, ++chatId];
  const bobs = await world.addBot();
  await world.fake.control.fault({ kind: "429", chat_id: held, retry_after: pauseMs / 1_000, times: 1 });
  const [first, ...rest] = story(held);
  await bot.post(processes[0], first ?? {});
  await processes[0].settle();
  for (const { app } of processes)
    await until("knows of the pause", async () => ((await app.bots.find(bot.botId))?.pausedUntilMs ?? 0) > 0);
  for (const [turn, update] of rest.entries()) {
    await bot.post(processes[turn % 2] as Running, { update_id: held * 100 + turn, ...update });
    await until("decided", () => isDone(held * 100 + turn));
  }
  await bot.write(processes[1], other, "/start");
  await bobs.write(processes[1], other, "/start");
  for (const passedMs of [0, limits.sweepMs, pauseMs - limits.sweepMs - 1]) {
    world.clock.advance(passedMs);
    for (const one of processes) await one.sweep();
    for (const one of processes) await one.settle();
  }
  expect(await chatsOf([held, other])).toEqual([[], []]);
  expect((await bot.sent(held)).length).toBe(1);
  expect(await bobs.chat(other)).toEqual(["Oi, Alice!"]);
  world.clock.advance(1);
  await allDone(world, processes);
  expect(await chatsOf([held, other])).toEqual([ALL, ["Oi"]]);
});

async function isDone(update: number): Promise<boolean> {
  const [row] = await world.sql`SELECT 1 FROM inbox WHERE update_id = ${update} AND done_at IS NOT NULL`;
  return row !== undefined;
}

/** From now on: in how many transactions rows were decided. */
function batchSizes(): () => Promise<number> {
  const since = updateId;
  return async () => {
    const [row] = await world.sql<{ count: number }[]>`
      SELECT count(DISTINCT xmin::text) FROM inbox WHERE update_id > ${since} AND update_id <= ${updateId}`;
    return row?.count ?? -1;
  };
}
