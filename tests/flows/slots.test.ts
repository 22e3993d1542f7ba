// The partitions of the inbox turn while updates come in: an update is still one row over all of them, and only what is old and done goes.

import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { dropOldSlots, openSlot } from "#db/slots.ts";
import { limits } from "#src/kernel/limits.ts";
import { allDone } from "../support/all-done.ts";
import { leaveRow, leaveSend } from "../support/left-behind.ts";
import { messageOf } from "../support/updates.ts";
import { openWorld, type Running, type TestBot, type World } from "../support/world.ts";

setDefaultTimeout(60_000);

const REPEATS = 50;
let world: World;
let bot: TestBot;
let processes: [Running, Running];
let chatId = 0;

beforeAll(async () => {
  world = await openWorld();
  bot = await world.addBot();
  processes = [await world.start(), await world.start()];
});
afterAll(() => world[Symbol.asyncDispose]());
/** The newest slot has just been opened. */
beforeEach(async () => {
  await world.sql`UPDATE slot SET opened_at = ${world.clock.now()} WHERE slot = (SELECT max(slot) FROM slot)`;
});

const turn = () => openSlot(world.sql, world.clock.now());
const slots = async () =>
  (await world.sql<{ slot: number }[]>`SELECT slot FROM slot ORDER BY slot`).map((row) => row.slot);

async function postRepeats(update: Record<string, unknown>): Promise<void> {
  const posts = Array.from({ length: REPEATS }, (_, n) => bot.post(processes[n % 2] as Running, update));
  expect((await Promise.all(posts)).map(({ status }) => status)).toEqual(Array(REPEATS).fill(200));
}

async function countRows(updateId: number): Promise<number> {
  const [rows] = await world.sql<{ count: number }[]>`SELECT count(*) FROM inbox WHERE update_id = ${updateId}`;
  return rows?.count ?? -1;
}

test("a slot is opened when the newest is 48 h old, by one of those who try", async () => {
  const [newest = 0] = (await slots()).slice(-1);
  world.clock.advance(limits.slotMs - 1);
  expect(await turn()).toBeUndefined();
  world.clock.advance(1);
  const opened = await Promise.all([turn(), turn(), turn()]);
  expect(opened.filter((slot) => slot !== undefined)).toEqual([newest + 1]);
  expect((await slots()).slice(-2)).toEqual([newest, newest + 1]);
});

test("an update that lives in the older slot is recognised after the turn", async () => {
  const update = { update_id: 800_001, ...messageOf(++chatId, { text: "/start" }) };
  await bot.post(processes[0], update);
  await allDone(world, processes);
  world.clock.advance(limits.slotMs);
  const slot = await turn();
  await postRepeats(update);
  expect(await countRows(800_001)).toBe(1);
  const fresh = { update_id: 800_002, ...messageOf(++chatId, { text: "/start" }) };
  await bot.post(processes[0], fresh);
  expect([...(await world.sql`SELECT slot FROM inbox WHERE update_id = 800002`)]).toEqual([{ slot }]);
  await allDone(world, processes);
  expect(await bot.chat(chatId - 1)).toEqual(["Oi, Alice!"]);
});

test("fifty repeats in two processes while the slot turns are one row over all slots, answered once", async () => {
  for (const updateId of [810_001, 810_002, 810_003, 810_004]) {
    const update = { update_id: updateId, ...messageOf(++chatId, { text: "/start" }) };
    world.clock.advance(limits.slotMs);
    const [opened] = await Promise.all([turn(), postRepeats(update)]);
    expect(opened).toBeGreaterThan(1);
    await postRepeats(update);
    await allDone(world, processes);
    expect(await countRows(updateId)).toBe(1);
    expect(await bot.chat(chatId)).toEqual(["Oi, Alice!"]);
  }
});

test("the slots before the last two are dropped, once all that is in them is done", async () => {
  const row = await leaveRow(world, bot, { chatId: ++chatId, owner: null, text: "Oi!" });
  const effect = await leaveSend(world, bot, { chatId: ++chatId, owner: null, text: "Oi!" });
  world.clock.advance(limits.slotMs);
  await turn();
  const young = await leaveRow(world, bot, { chatId: ++chatId, owner: null, isDone: true });
  const dropped = await dropOldSlots(world.sql);
  expect(dropped).not.toContain(row.slot);
  world.clock.advance(limits.slotMs);
  const newest = await turn();
  expect(await dropOldSlots(world.sql)).toEqual([]);
  await world.sql`UPDATE inbox SET done_at = now(), outcome = 'processed' WHERE id = ${row.id}`;
  expect(await dropOldSlots(world.sql)).toEqual([]);
  await world.sql`UPDATE effect SET state = 'refused' WHERE row_id = ${effect.id}`;
  expect(await dropOldSlots(world.sql)).toEqual([row.slot]);
  expect(await slots()).toEqual([young.slot, newest as typeof young.slot]);
  expect([...(await world.sql`SELECT id FROM inbox WHERE id IN (${row.id}, ${young.id})`)]).toEqual([{ id: young.id }]);
});

test("nothing younger than 48 h is ever dropped", async () => {
  for (let turns = 0; turns < 3; turns++) {
    const update = { update_id: 820_000 + turns, ...messageOf(++chatId, { text: "/start" }) };
    await bot.post(processes[0], update);
    await allDone(world, processes);
    world.clock.advance(limits.slotMs);
    await turn();
    await dropOldSlots(world.sql);
    // Kept at the very end of its slot's 48 hours, it lives for 48 more.
    expect(await countRows(820_000 + turns)).toBe(1);
    await postRepeats(update);
    expect(await countRows(820_000 + turns)).toBe(1);
  }
});
