// What a process leaves behind when it dies is given out again: rows are answered once, messages by the policy of their kind.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { RowKey } from "#src/inbox/line.ts";
import { allDone, countOpen } from "../support/all-done.ts";
import { emptyRedis } from "../support/empty-redis.ts";
import { deadProcess, leaveRow, leaveSend } from "../support/left-behind.ts";
import { until } from "../support/until.ts";
import { openWorld, type Running, type TestBot, type World } from "../support/world.ts";

setDefaultTimeout(60_000);

const WELCOME = "Oi, Alice!";
let world: World;
let bot: TestBot;
let processes: [Running, Running];
let chatId = 2_000;

beforeAll(async () => {
  world = await openWorld();
  bot = await world.addBot();
  processes = [await world.start(), await world.start()];
  for (const { app } of processes) await until("may call others dead", () => app.lease.mayJudge());
});
afterAll(() => world[Symbol.asyncDispose]());

test("updates that were kept but not dealt with are answered once, also when Telegram repeats them", async () => {
  const owner = await deadProcess(world);
  const chats = Array.from({ length: 30 }, () => ++chatId);
  const rows = await Promise.all(chats.map((chat) => leaveRow(world, bot, { chatId: chat, owner })));
  const repeats = rows.flatMap(({ update }) => processes.map((to) => bot.post(to, update)));
  expect((await Promise.all(repeats)).map(({ status }) => status)).toEqual(Array(60).fill(200));
  expect(await countOpen(world)).toBe(30);
  await allDone(world, processes);
  expect(await Promise.all(chats.map((chat) => bot.chat(chat)))).toEqual(Array(30).fill([WELCOME]));
});

test("a reply and a delivery are sent again, marketing becomes unknown and is not sent", async () => {
  const owner = await deadProcess(world);
  const [reply, delivery, marketing] = [++chatId, ++chatId, ++chatId];
  await leaveSend(world, bot, { chatId: reply, owner, policy: "reply", text: "Resposta" });
  await leaveSend(world, bot, { chatId: delivery, owner, policy: "delivery", text: "Entrega" });
  const row = await leaveSend(world, bot, { chatId: marketing, owner, policy: "marketing", text: "Oferta" });
  await allDone(world, processes);
  expect(await bot.chat(reply)).toEqual(["Resposta"]);
  expect(await bot.chat(delivery)).toEqual(["Entrega"]);
  expect(await bot.sent(marketing)).toEqual([]);
  expect(await outcomeOf(row)).toEqual({ state: "unknown", reason: "owner_died", owner: null });
});

test("marketing that nobody had begun is sent", async () => {
  const chat = ++chatId;
  await leaveSend(world, bot, { chatId: chat, owner: null, policy: "marketing", text: "Oferta" });
  await allDone(world, processes);
  expect(await bot.chat(chat)).toEqual(["Oferta"]);
});

test("what belongs to a living process is left alone", async () => {
  const [first, second] = processes;
  const owner = first.app.lease.id;
  const chat = ++chatId;
  const effect = await leaveSend(world, bot, { chatId: chat, owner, text: "Resposta" });
  world.clock.advance(60_000);
  expect(await second.sweep()).toMatchObject({ effects: [] });
  await second.app.performer.performRows([effect], "due");
  await second.settle();
  expect(await outcomeOf(effect)).toEqual({ state: "pending", reason: null, owner });
  expect(await bot.sent(chat)).toEqual([]);
  await world.sql`UPDATE effect SET owner = NULL WHERE row_id = ${effect.id}`;
  await allDone(world, processes);
  expect(await bot.chat(chat)).toEqual(["Resposta"]);
});

test("a process that ends leaves the rest to the others at once, without waiting for its lease to run out", async () => {
  const chat = ++chatId;
  const leaving = await world.start({ workers: [] });
  const row = await leaveRow(world, bot, { chatId: chat, owner: leaving.app.lease.id });
  await leaving.stop();
  expect(await processes[0].sweep()).toMatchObject({ rows: [{ slot: row.slot, id: row.id }] });
  await allDone(world, processes);
  expect(await bot.chat(chat)).toEqual([WELCOME]);
});

test("rows whose jobs Redis lost come back by the sweep, each answered once", async () => {
  await using lossy = await openWorld();
  const lossyBot = await lossy.addBot();
  const keeper = await lossy.start({ workers: [] });
  const chats = Array.from({ length: 30 }, (_, n) => n + 1);
  await Promise.all(chats.map((chat) => lossyBot.write(keeper, chat, "Oi!")));
  await until("the jobs wait", async () => ((await keeper.app.queues.tasks.counts()).waiting ?? 0) > 0);
  expect(await emptyRedis(lossy)).toBeGreaterThan(0);
  const workers = [await lossy.start(), await lossy.start()];
  await allDone(lossy, [keeper, ...workers]);
  expect(await Promise.all(chats.map((chat) => lossyBot.chat(chat)))).toEqual(Array(30).fill([WELCOME]));
});

async function outcomeOf({ slot, id }: RowKey) {
  const [row] = await world.sql`SELECT state, reason, owner FROM effect WHERE slot = ${slot} AND row_id = ${id}`;
  return row;
}
