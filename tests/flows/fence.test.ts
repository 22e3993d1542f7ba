// A process that slept through its lease: what others have taken over meanwhile it neither sends nor marks.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { claimEffects } from "#src/inbox/effects.ts";
import { type Lease, openLease } from "#src/inbox/lease.ts";
import type { PlacedEffect, RowKey } from "#src/inbox/line.ts";
import { limits } from "#src/kernel/limits.ts";
import { openLog } from "#src/kernel/log.ts";
import { openPerformer, type Performer } from "#src/perform.ts";
import { openMedia } from "#src/telegram/media.ts";
import { openPace } from "#src/telegram/pace.ts";
import { leaveSend, makeSilent } from "../support/left-behind.ts";
import { until } from "../support/until.ts";
import { openWorld, type Running, type TestBot, type World } from "../support/world.ts";

setDefaultTimeout(60_000);

/** Nobody pays in these stories. */
const nothingToBuy = { doRequests: async () => 0, endDeliveries: async () => 0 };

let world: World;
let bot: TestBot;
let awake: Running;
let sleeperMs = 0;
let lease: Lease;
let sleeper: Performer;

beforeAll(async () => {
  world = await openWorld();
  bot = await world.addBot();
  awake = await world.start();
  const { sql, clock } = world;
  const log = openLog("silent", 2);
  lease = await openLease(sql, log, () => sleeperMs);
  const signal = new AbortController().signal;
  const [media, pace] = [openMedia(sql, log), openPace({ share: 1 / 2 })];
  sleeper = openPerformer({ sql, lease, clock, log, bots: awake.app.bots, media, pace, signal, ...nothingToBuy });
});
afterAll(async () => {
  await lease.close();
  await world[Symbol.asyncDispose]();
});

test("it does not send what was taken over", async () => {
  const row = await leaveSend(world, bot, { chatId: 1, owner: null, text: "Resposta" });
  const mine = await claimEffects(world.sql, lease, [row]);
  sleeperMs += limits.leaseMs;
  expect(lease.holds()).toBe(false);
  await takeOver(row);
  sleeper.perform(mine);
  await sleeper.idle();
  expect(lease.holds()).toBe(true);
  expect(await bot.chat(1)).toEqual(["Resposta"]);
});

test("it goes on with what nobody has taken over", async () => {
  const row = await leaveSend(world, bot, { chatId: 2, owner: null, text: "Resposta" });
  const mine = await claimEffects(world.sql, lease, [row]);
  sleeperMs += limits.leaseMs;
  sleeper.perform(mine);
  await sleeper.idle();
  expect(await bot.chat(2)).toEqual(["Resposta"]);
  expect(await effectOf(row)).toMatchObject({ state: "done", owner: null });
});

test("its mark changes nothing when the message was taken over while the call was under way", async () => {
  const row = await leaveSend(world, bot, { chatId: 3, owner: null, text: "Resposta" });
  const mine: PlacedEffect[] = await claimEffects(world.sql, lease, [row]);
  await world.fake.control.fault({ kind: "latency", ms: 1_500, chat_id: 3, times: 1 });
  sleeper.perform(mine);
  const calls = () => world.fake.control.calls({ token: bot.token, chat_id: 3 });
  await until("the call is under way", async () => (await calls()).length === 1);
  await takeOver(row);
  const kept = await effectOf(row);
  const [, second] = await calls();
  expect(second?.outcome?.ok).toBe(true);
  expect(String(kept?.message_id)).toBe(String(second?.outcome?.message_id));
  await sleeper.idle();
  // Both calls reached Telegram: a reply under way at the takeover is the one thing that may stand twice. It is kept once.
  expect(await bot.chat(3)).toEqual(["Resposta", "Resposta"]);
  expect(await effectOf(row)).toEqual(kept);
  const messages = await world.sql<{ message_id: number }[]>`SELECT message_id FROM message WHERE chat_id = 3`;
  expect(messages.map((one) => one.message_id)).toEqual([Number(kept?.message_id)]);
});

/** The process that is awake finds the other one silent, takes the row's message, and sends it. */
async function takeOver(row: RowKey): Promise<void> {
  await until("taken over", async () => {
    await makeSilent(world.sql, lease.id);
    await awake.app.performer.performRows([row], "due");
    await awake.settle();
    return (await effectOf(row))?.state === "done";
  });
}

async function effectOf({ slot, id }: RowKey) {
  const [row] = await world.sql<{ state: string; owner: number | null; message_id: number | null }[]>`
    SELECT state, owner, message_id FROM effect WHERE slot = ${slot} AND row_id = ${id}`;
  return row;
}
