// Whoever sends a broadcast ends in the middle of it: killed, asked to end, or asleep. Another goes on, and nobody gets it twice.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { type Broadcasting, openBroadcasting } from "#src/broadcasting.ts";
import { freePort } from "#src/embedded/free-port.ts";
import { type Lease, openLease } from "#src/inbox/lease.ts";
import type { BroadcastId } from "#src/kernel/ids.ts";
import { limits } from "#src/kernel/limits.ts";
import { openLog } from "#src/kernel/log.ts";
import { openMedia } from "#src/telegram/media.ts";
import { openPace } from "#src/telegram/pace.ts";
import {
  announce,
  arrivals,
  type Crowd,
  openCrowd,
  outcomesOf,
  see,
  untilState,
  untilTaken,
} from "../support/broadcast.ts";
import { deadProcess } from "../support/left-behind.ts";
import { type Child, startServe } from "../support/serve.ts";
import { until } from "../support/until.ts";
import { OPENING_MS, openWorld, type Running, type World } from "../support/world.ts";

setDefaultTimeout(60_000);

let world: World;
beforeAll(async () => {
  world = await openWorld();
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose](), OPENING_MS);

const most = (counts: number[]): number => Math.max(...counts);
const sum = (counts: number[]): number => counts.reduce((all, one) => all + one, 0);

/** Another process goes on with it until everybody has it, once. */
async function expectAnotherEnds(id: BroadcastId, crowd: Crowd): Promise<void> {
  const second = await world.start();
  await second.app.broadcasting?.look();
  expect(await untilState(world, id, "done")).toMatchObject({ sent: crowd.chats.length, unknown: 0 });
  expect(await arrivals(world, crowd)).toEqual(crowd.chats.map(() => 1));
  await second.stop();
}

/** Every customer has one outcome, and the counts say the same. */
async function expectWhole(id: BroadcastId, people: number): Promise<void> {
  const { sent, refused, unknown, skipped } = await see(world, id);
  const { sent: s = 0, refused: r = 0, unknown: u = 0, skipped: k = 0 } = await outcomesOf(world, id);
  expect([sent, refused, unknown, skipped]).toEqual([s, r, u, k]);
  expect(sent + refused + unknown + skipped).toBe(people);
}

test("kill -9 in the middle: another goes on, nobody gets it twice, and what was in its hands is unknown", async () => {
  const crowd = await openCrowd(world, 200);
  const children: Child[] = [];
  const start = async (): Promise<Child> => {
    const child = startServe(world, await freePort());
    children.push(child);
    return child;
  };
  const first = await start();
  const id = await announce(world, crowd);
  await untilTaken(world, crowd, 30);
  await start();
  await first.kill();
  const done = await untilState(world, id, "done", 40_000);
  for (const child of children) await child.kill();
  await expectWhole(id, 200);
  const counts = await arrivals(world, crowd);
  expect(most(counts)).toBe(1);
  expect(done.unknown).toBeGreaterThan(0);
  // Read a second ahead at most, and written a tenth of a second later: two chunks hold all that it had in its hands.
  expect(done.unknown).toBeLessThanOrEqual(2 * limits.bulkPerSecond);
  expect(sum(counts)).toBeGreaterThanOrEqual(done.sent);
});

test("asked to end: what was begun ends, the rest is given back, and nothing is unknown", async () => {
  const crowd = await openCrowd(world, 80);
  await world.fake.control.fault({ kind: "latency", ms: 200, token: crowd.bot.token });
  const first = await world.start();
  const id = await announce(world, crowd);
  await first.app.broadcasting?.look();
  await untilTaken(world, crowd, 10);
  await first.stop();
  const given = await see(world, id);
  expect(given).toMatchObject({ state: "sending", unknown: 0 });
  expect(given.sent).toBeLessThan(80);
  expect(sum(await arrivals(world, crowd))).toBe(given.sent);
  await expectAnotherEnds(id, crowd);
});

test("asked to end inside a pause of Telegram's: who met it is given back, too", async () => {
  const crowd = await openCrowd(world, 40);
  const [, , , met = 0] = crowd.chats;
  await world.fake.control.fault({ kind: "429", retry_after: 30, token: crowd.bot.token, chat_id: met, times: 1 });
  const first = await world.start();
  const id = await announce(world, crowd);
  await first.app.broadcasting?.look();
  const isSilent = async () => ((await first.app.bots.find(crowd.bot.botId))?.pausedUntilMs ?? 0) > 0;
  await until("the bot is silent", isSilent);
  await first.stop();
  expect(await see(world, id)).toMatchObject({ state: "sending", unknown: 0 });
  world.clock.advance(30_000);
  await expectAnotherEnds(id, crowd);
});

test("who died while it was paused or cancelled leaves nothing open", async () => {
  const crowd = await openCrowd(world, 10);
  const owner = await deadProcess(world);
  const ids = [await announce(world, crowd), await announce(world, crowd)] as const;
  for (const [index, state] of ["paused", "cancelled"].entries())
    await world.sql`
      UPDATE broadcast SET owner = ${owner}, state = ${state}, cursor_id = (SELECT min(id) + 3 FROM customer WHERE bot_id = ${crowd.bot.botId})
      WHERE id = ${ids[index] ?? 0}`;
  const server = await world.start();
  await until("it may judge", () => server.app.lease.mayJudge());
  await server.app.broadcasting?.look();
  for (const id of ids) expect(await outcomesOf(world, id)).toEqual({ unknown: 4 });
  expect(await untilState(world, ids[0], "paused")).toMatchObject({ unknown: 4 });
  expect(await arrivals(world, crowd)).toEqual(crowd.chats.map(() => 0));
  await server.stop();
});

/** A process whose clock stands still when it sleeps. */
async function openSleeper(awake: Running): Promise<{ lease: Lease; broadcasting: Broadcasting; sleep(): void }> {
  let asleepMs = 0;
  const { sql, clock } = world;
  const log = openLog("silent", 2);
  const lease = await openLease(sql, log, () => performance.now() + asleepMs);
  const [media, pace, signal] = [openMedia(sql, log), openPace(), new AbortController().signal];
  const parts = {
    sql,
    lease,
    clock,
    log,
    bots: awake.app.bots,
    media,
    pace,
    signal,
    byItself: false,
    isAsked: () => false,
  };
  return {
    lease,
    broadcasting: openBroadcasting(parts),
    sleep() {
      asleepMs += limits.leaseMs;
    },
  };
}

test("one that slept through its lease sends nothing before it knows that it is still its own", async () => {
  const crowd = await openCrowd(world, 60);
  const awake = await world.start();
  const { lease, broadcasting, sleep } = await openSleeper(awake);
  const id = await announce(world, crowd);
  await broadcasting.look();
  await untilTaken(world, crowd, 8);
  sleep();
  await until("it has its lease again", () => lease.holds());
  const { sent } = await quiet(crowd, id);
  expect(sent).toBeLessThan(60);
  await broadcasting.look();
  expect(await untilState(world, id, "done")).toMatchObject({ sent: 60, unknown: 0 });
  expect(await arrivals(world, crowd)).toEqual(crowd.chats.map(() => 1));
  await broadcasting.close();
  await lease.close();
  await awake.stop();
});

test("one that slept while another took over sends nothing more at all", async () => {
  const crowd = await openCrowd(world, 60);
  const awake = await world.start();
  const { lease, broadcasting, sleep } = await openSleeper(awake);
  const id = await announce(world, crowd);
  await broadcasting.look();
  await untilTaken(world, crowd, 8);
  sleep();
  await until("it has its lease again", () => lease.holds());
  await quiet(crowd, id);
  // As if it had died meanwhile: its broadcast is a dead one's.
  await until("the other may judge", () => awake.app.lease.mayJudge());
  const other = await deadProcess(world);
  await world.sql`UPDATE broadcast SET owner = ${other} WHERE id = ${id}`;
  await awake.app.broadcasting?.look();
  await broadcasting.look();
  await untilState(world, id, "done");
  await expectWhole(id, 60);
  expect(most(await arrivals(world, crowd))).toBe(1);
  expect((await see(world, id)).unknown).toBeGreaterThan(0);
  await broadcasting.close();
  await lease.close();
  await awake.stop();
});

/** Waits until every message that was taken is counted. */
function quiet(crowd: Crowd, id: BroadcastId) {
  return until("what left is written down", async () => {
    const seen = await see(world, id);
    return seen.sent === sum(await arrivals(world, crowd)) ? seen : undefined;
  });
}
