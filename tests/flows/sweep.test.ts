// The sweep by itself: what it finds, that two of them give out nothing twice, and that its mark never passes what is unfinished.

import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { openSweep } from "#src/inbox/sweep.ts";
import { limits } from "#src/kernel/limits.ts";
import { deadProcess, leaveRow, leaveSend } from "../support/left-behind.ts";
import { openWorld, type TestBot, type World } from "../support/world.ts";

setDefaultTimeout(60_000);

let world: World;
let bot: TestBot;
let monotonicMs = 0;

beforeAll(async () => {
  world = await openWorld();
  bot = await world.addBot();
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(async () => {
  await world.sql`TRUNCATE inbox, effect, process`;
  await world.sql`UPDATE slot SET swept_row_id = 0, swept_effect_row_id = 0`;
});

const open = () => openSweep(world.sql, () => monotonicMs);
const look = (sweep = open(), mayJudge = true) =>
  sweep.look({ now: world.clock.now(), mayJudge, jobsSince: world.clock.now(), thorough: true });

test("two processes that sweep at once give each thing out once", async () => {
  const owner = await deadProcess(world);
  const rows = await Promise.all(Array.from({ length: 40 }, (_, n) => leaveRow(world, bot, { chatId: n + 1, owner })));
  const sends = await Promise.all(
    Array.from({ length: 40 }, (_, n) => leaveSend(world, bot, { chatId: n + 1, owner, text: "Oi" })),
  );
  const found = await Promise.all([open(), open(), open(), open()].flatMap((sweep) => [look(sweep), look(sweep)]));
  const ids = (keys: { id: number }[]) => keys.map(({ id }) => id).sort((a, b) => a - b);
  expect(ids(found.flatMap((one) => one.rows))).toEqual(ids(rows));
  expect(ids(found.flatMap((one) => one.effects))).toEqual(ids(sends));
});

test("what was given out is left alone for a while, then found again until it is done", async () => {
  const row = await leaveRow(world, bot, { chatId: 1, owner: await deadProcess(world) });
  const sweep = open();
  expect(await look(sweep)).toMatchObject({ rows: [{ id: row.id }] });
  world.clock.advance(limits.sweepAgainMs - 1);
  expect(await look(sweep)).toEqual({ rows: [], effects: [] });
  world.clock.advance(1);
  expect(await look(sweep)).toMatchObject({ rows: [{ id: row.id }] });
  await finish(row.id);
  world.clock.advance(limits.sweepAgainMs);
  expect(await look(sweep)).toEqual({ rows: [], effects: [] });
});

test("a process that has only just come back judges nobody; young rows without an owner are left to their queue", async () => {
  const dead = await leaveRow(world, bot, { chatId: 1, owner: await deadProcess(world) });
  expect((await look(open(), false)).rows).toEqual([]);
  expect((await look(open(), true)).rows).toMatchObject([{ id: dead.id }]);
  const queued = await leaveRow(world, bot, { chatId: 2, owner: null });
  expect((await look()).rows).toEqual([]);
  world.clock.advance(limits.sweepGraceMs + 1);
  expect((await look()).rows).toMatchObject([{ id: queued.id }]);
});

test("rows that wait in the queue are not given out while a job older than they are still waits there", async () => {
  const row = await leaveRow(world, bot, { chatId: 1, owner: null });
  const addedAt = world.clock.now();
  world.clock.advance(60_000);
  const busy = await open().look({ now: world.clock.now(), mayJudge: true, jobsSince: addedAt, thorough: true });
  expect(busy.rows).toEqual([]);
  expect((await look()).rows).toMatchObject([{ id: row.id }]);
});

test("the mark follows what is finished, and stops at what is not", async () => {
  const [living] = await world.sql<{ id: number }[]>`INSERT INTO process DEFAULT VALUES RETURNING id`;
  const rows = [];
  for (const chatId of [1, 2, 3, 4]) rows.push(await leaveRow(world, bot, { chatId, owner: living?.id as never }));
  const [first, second, third, last] = rows.map((row) => row.id as number) as [number, number, number, number];
  for (const id of [first, second, last]) await finish(id);
  const sweep = open();
  await look(sweep);
  expect(await markOf()).toBe(0);
  monotonicMs += limits.sweepMarginMs + 1;
  await look(sweep);
  expect(await markOf()).toBe(third - 1);
  await finish(third);
  await look(sweep);
  expect(await markOf()).toBe(last);
});

test("a row that becomes visible after later ones is found: the mark stays behind for as long as a commit may take", async () => {
  const owner = await deadProcess(world);
  const { promise: committing, resolve: commit } = Promise.withResolvers<void>();
  const { promise: inserted, resolve: tell } = Promise.withResolvers<number>();
  const slow = world.sql.begin(async (tx) => {
    const [row] = await tx<{ id: number }[]>`
      INSERT INTO inbox (slot, bot_id, update_id, body, received_at, owner)
      VALUES (1, ${bot.botId}, 1, '{}', ${world.clock.now()}, ${owner}) RETURNING id`;
    tell(row?.id ?? 0);
    await committing;
  });
  const id = await inserted;
  const later = await leaveRow(world, bot, { chatId: 1, owner, isDone: true });
  expect(later.id).toBeGreaterThan(id);
  const sweep = open();
  expect((await look(sweep)).rows).toEqual([]);
  monotonicMs += limits.sweepMarginMs - 1;
  await look(sweep);
  commit();
  await slow;
  expect(await markOf()).toBe(0);
  monotonicMs += 2;
  expect((await look(sweep)).rows).toMatchObject([{ id }]);
});

async function finish(id: number): Promise<void> {
  await world.sql`UPDATE inbox SET done_at = now(), due_at = NULL, outcome = 'processed' WHERE id = ${id}`;
}

async function markOf(): Promise<number> {
  const [slot] = await world.sql<{ swept_row_id: number }[]>`SELECT swept_row_id FROM slot`;
  return slot?.swept_row_id ?? -1;
}
