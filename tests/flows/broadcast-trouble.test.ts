// What Telegram, the network and the bot's state do to a broadcast: 429, blocks, moved chats, failures, lost answers, a revoked token.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { moveBroadcast } from "#src/broadcasts/store.ts";
import { limits } from "#src/kernel/limits.ts";
import { announce, arrivals, type Crowd, openCrowd, outcomesOf, see, untilState } from "../support/broadcast.ts";
import { until } from "../support/until.ts";
import { OPENING_MS, openWorld, type Running, type World } from "../support/world.ts";

setDefaultTimeout(30_000);

let world: World;
let server: Running;
beforeAll(async () => {
  world = await openWorld();
  server = await world.start();
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose](), OPENING_MS);

const look = (): Promise<void> | undefined => server.app.broadcasting?.look();
const once = (crowd: Crowd): number[] => crowd.chats.map(() => 1);
const callsOf = (crowd: Crowd) => world.fake.control.calls({ token: crowd.bot.token, method: "sendMessage" });

test("429: the bot is silent for the whole time, the others are not; then all get it, nobody twice", async () => {
  const [crowd, other] = [await openCrowd(world, 40), await openCrowd(world, 40)];
  const [, , , , met = 0] = crowd.chats;
  await world.fake.control.fault({ kind: "429", retry_after: 30, token: crowd.bot.token, chat_id: met, times: 1 });
  const ids = [await announce(world, crowd), await announce(world, other)] as const;
  await look();
  expect(await untilState(world, ids[1], "done")).toMatchObject({ sent: 40 });
  const silent = (await callsOf(crowd)).length;
  expect(silent).toBeLessThan(40);
  world.clock.advance(30_000 - 1);
  // As long as the others took for all of theirs, nobody here got anything.
  const third = await openCrowd(world, 20);
  const id = await announce(world, third);
  await look();
  await untilState(world, id, "done");
  expect((await callsOf(crowd)).length).toBe(silent);
  world.clock.advance(1);
  expect(await untilState(world, ids[0], "done")).toMatchObject({ sent: 40, refused: 0, unknown: 0 });
  expect(await arrivals(world, crowd)).toEqual(once(crowd));
  expect((await callsOf(crowd)).filter(({ chat_id }) => chat_id === met)).toHaveLength(2);
});

test("who has blocked the bot, or is gone, is marked; a refusal of another kind marks nobody", async () => {
  const crowd = await openCrowd(world, 30);
  const [blocked = 0, gone = 0, refused = 0] = crowd.chats;
  const { token } = crowd.bot;
  const description = "Forbidden: user is deactivated";
  await world.fake.control.fault({ kind: "403", token, chat_id: blocked });
  await world.fake.control.fault({ kind: "403", token, chat_id: gone, description });
  await world.fake.control.fault({ kind: "400", token, chat_id: refused, description: "Bad Request: chat not found" });
  const id = await announce(world, crowd);
  await look();
  expect(await untilState(world, id, "done")).toMatchObject({ sent: 27, refused: 3 });
  const reasons = await world.sql`
    SELECT c.chat_id, o.reason, c.blocked_at IS NOT NULL AS blocked FROM broadcast_outcome AS o JOIN customer AS c ON c.id = o.customer_id
    WHERE o.broadcast_id = ${id} AND o.state = 'refused' ORDER BY c.id`;
  expect(reasons.map((row) => ({ ...row }))).toEqual([
    { chat_id: blocked, reason: "blocked", blocked: true },
    { chat_id: gone, reason: "deactivated", blocked: true },
    { chat_id: refused, reason: "chat_not_found", blocked: false },
  ]);
  const next = await announce(world, crowd);
  await look();
  expect(await untilState(world, next, "done")).toMatchObject({ sent: 27, refused: 1, skipped: 2 });
});

test("a chat that has moved gets it at its new place, and stays there", async () => {
  const crowd = await openCrowd(world, 5);
  const [moved = 0] = crowd.chats;
  const to = moved + 1_000_000;
  await world.fake.control.fault({ kind: "migrate", token: crowd.bot.token, chat_id: moved, migrate_to_chat_id: to });
  const id = await announce(world, crowd);
  await look();
  expect(await untilState(world, id, "done")).toMatchObject({ sent: 5 });
  expect(await crowd.bot.chat(to)).toEqual(["Oferta"]);
  await until("the new place is kept", async () => (await world.sql`SELECT 1 FROM customer WHERE chat_id = ${to}`)[0]);
});

test("while Telegram fails one at a time is tried, with growing pauses; afterwards everybody gets it", async () => {
  const crowd = await openCrowd(world, 40);
  const fault = await world.fake.control.fault({ kind: "5xx", token: crowd.bot.token });
  const id = await announce(world, crowd);
  await look();
  await until("the first ones failed", async () => (await callsOf(crowd)).length > 0);
  for (const pauseMs of [1_000, 2_000, 4_000]) {
    const { length } = await callsOf(crowd);
    world.clock.advance(pauseMs);
    await until("it is tried again", async () => (await callsOf(crowd)).length > length);
  }
  await world.fake.control.clearFault(fault.id);
  await until("it goes on", async () => {
    world.clock.advance(1_000);
    return (await see(world, id)).sent > 0;
  });
  expect(await untilState(world, id, "done")).toMatchObject({ sent: 40, refused: 0, unknown: 0 });
  expect(await arrivals(world, crowd)).toEqual(once(crowd));
});

test("who is refused again and again for Telegram's own reasons is given up after a bounded number of tries", async () => {
  const crowd = await openCrowd(world, 3);
  const [, unlucky = 0] = crowd.chats;
  await world.fake.control.fault({ kind: "5xx", token: crowd.bot.token, chat_id: unlucky });
  const id = await announce(world, crowd);
  await look();
  await until("it is over", async () => {
    world.clock.advance(1_000);
    return (await see(world, id)).state === "done";
  });
  expect(await see(world, id)).toMatchObject({ sent: 2, refused: 1 });
  expect((await callsOf(crowd)).filter(({ chat_id }) => chat_id === unlucky)).toHaveLength(limits.bulkAttempts);
});

test("a lost answer is unknown, and never sent again", async () => {
  const crowd = await openCrowd(world, 6);
  const [, lost = 0] = crowd.chats;
  await world.fake.control.fault({ kind: "lost", token: crowd.bot.token, chat_id: lost });
  const id = await announce(world, crowd);
  await look();
  await until("it is over", async () => {
    world.clock.advance(1_000);
    return (await see(world, id)).state === "done";
  });
  expect(await outcomesOf(world, id)).toEqual({ sent: 5, unknown: 1 });
  expect((await callsOf(crowd)).filter(({ chat_id }) => chat_id === lost)).toHaveLength(1);
});

test("a revoked token, or a paused bot, pauses it with the reason; resumed, it goes on where it was", async () => {
  const crowd = await openCrowd(world, 30);
  const { botId, token } = crowd.bot;
  const setStatus = (status: string) => world.sql`
    WITH changed AS (UPDATE bot SET status = ${status} WHERE id = ${botId} RETURNING id) SELECT pg_notify('bot_changed', id::text) FROM changed`;
  const isKnown = (status: string) =>
    until("the process knows", async () => (await server.app.bots.find(botId))?.status === status);
  const resume = async (): Promise<void> => {
    await setStatus("active");
    await isKnown("active");
    await moveBroadcast(world.sql, crowd.tenantId, id, "resume", world.clock.now());
    await look();
  };
  await setStatus("paused");
  await isKnown("paused");
  const id = await announce(world, crowd);
  await look();
  expect(await untilState(world, id, "paused")).toMatchObject({ reason: "bot_paused", sent: 0, unknown: 0 });
  const [, , , , met = 0] = crowd.chats;
  await world.fake.control.fault({ kind: "401", token, chat_id: met, times: 1 });
  await resume();
  const revoked = await untilState(world, id, "paused");
  expect(revoked).toMatchObject({ reason: "token_revoked", refused: 0, unknown: 0 });
  expect(revoked.sent).toBeLessThan(30);
  await resume();
  expect(await untilState(world, id, "done")).toMatchObject({ reason: null, sent: 30 });
  expect(await arrivals(world, crowd)).toEqual(once(crowd));
});
