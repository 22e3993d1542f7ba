// A broadcast: everybody who is a customer gets it once, at its pace; paused, resumed, cancelled; several of a bot and of many bots.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { moveBroadcast } from "#src/broadcasts/store.ts";
import type { BroadcastId } from "#src/kernel/ids.ts";
import { metrics } from "#src/kernel/metrics.ts";
import {
  addCustomers,
  announce,
  arrivals,
  type Crowd,
  openCrowd,
  outcomesOf,
  see,
  untilState,
  untilTaken,
} from "../support/broadcast.ts";
import { emptyRedis } from "../support/empty-redis.ts";
import { openLogBook } from "../support/log-book.ts";
import { until } from "../support/until.ts";
import { OPENING_MS, openWorld, type Running, type World } from "../support/world.ts";

setDefaultTimeout(30_000);

let world: World;
let server: Running;
const book = openLogBook();
beforeAll(async () => {
  world = await openWorld();
  server = await world.start({ log: book.log });
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose](), OPENING_MS);

const look = (): Promise<void> | undefined => server.app.broadcasting?.look();
const once = (crowd: Crowd): number[] => crowd.chats.map(() => 1);
const move = (crowd: Crowd, id: BroadcastId, to: "pause" | "resume" | "cancel") =>
  moveBroadcast(world.sql, crowd.tenantId, id, to, world.clock.now());

describe("everybody", () => {
  test("gets it once, with his name, and it is kept in his chat", async () => {
    const crowd = await openCrowd(world, 45);
    const buttons = [[{ text: "Ver", url: "https://example.com" }]];
    const id = await announce(world, crowd, { text: "Oi, <b>{primeiro_nome}</b>!", buttons, silent: true });
    const before = await countSent();
    await look();
    expect(await untilState(world, id, "done")).toMatchObject({
      total: 45,
      sent: 45,
      refused: 0,
      unknown: 0,
      skipped: 0,
    });
    expect(await arrivals(world, crowd)).toEqual(once(crowd));
    const [chat = 0] = crowd.chats;
    expect(await crowd.bot.sent(chat)).toMatchObject([
      {
        method: "sendMessage",
        payload: {
          ...{ text: "Oi, Ana!", entities: [{ type: "bold", offset: 4, length: 3 }], disable_notification: true },
          reply_markup: { inline_keyboard: buttons },
        },
      },
    ]);
    const kept = await world.sql`
      SELECT body, kind, m.message_id = o.message_id AS same FROM message AS m
      JOIN customer AS c USING (bot_id, chat_id) JOIN broadcast_outcome AS o ON o.customer_id = c.id
      WHERE m.bot_id = ${crowd.bot.botId} AND m.outgoing`;
    expect(kept.map((row) => ({ ...row }))).toEqual(
      once(crowd).map(() => ({ body: "Oi, Ana!", kind: "text", same: true })),
    );
    expect((await countSent()) - before).toBe(45);
    expect(book.facts("broadcast.begun").at(-1)).toMatchObject({ broadcastId: id, recipients: 45 });
    expect(book.facts("broadcast.ended").at(-1)).toMatchObject({ broadcastId: id, state: "done", sent: 45 });
  });

  test("but who comes later, and who has blocked the bot", async () => {
    const crowd = await openCrowd(world, 30);
    const [first = 0, second = 0] = crowd.chats;
    await world.sql`UPDATE customer SET blocked_at = now() WHERE chat_id = ANY(${[first, crowd.chats[29] ?? 0]}::bigint[])`;
    const id = await announce(world, crowd);
    const late = await addCustomers(world, crowd.bot, 3);
    await look();
    expect(await untilState(world, id, "done")).toMatchObject({ total: 30, sent: 28, skipped: 2 });
    expect(await outcomesOf(world, id)).toEqual({ sent: 28, skipped: 2 });
    expect(await arrivals(world, { ...crowd, chats: [first, second, ...late] })).toEqual([0, 1, 0, 0, 0]);
  });

  test("is nobody: it is done at once, as is one whom all have blocked", async () => {
    const nobody = await openCrowd(world, 0);
    const blocked = await openCrowd(world, 40);
    await world.sql`UPDATE customer SET blocked_at = now() WHERE bot_id = ${blocked.bot.botId}`;
    const ids = [await announce(world, nobody), await announce(world, blocked)] as const;
    await look();
    expect(await untilState(world, ids[0], "done")).toMatchObject({ total: 0, sent: 0 });
    expect(await untilState(world, ids[1], "done")).toMatchObject({ total: 40, sent: 0, skipped: 40 });
  });

  test("of several bots and of two broadcasts of one bot, while Redis is emptied", async () => {
    const crowds = await Promise.all([40, 25, 33].map((people) => openCrowd(world, people)));
    const ids = await Promise.all(crowds.map((crowd) => announce(world, crowd)));
    const [first] = crowds;
    if (!first) throw new Error("three crowds were opened");
    ids.push(await announce(world, first, { text: "Outra" }));
    await look();
    await untilTaken(world, first, 10);
    await emptyRedis(world);
    for (const id of ids) await untilState(world, id, "done");
    expect(await Promise.all(crowds.map((crowd) => arrivals(world, crowd)))).toEqual(
      crowds.map((crowd) => crowd.chats.map(() => (crowd === first ? 2 : 1))),
    );
  });
});

test("a picture is uploaded once, whoever else is waiting for it", async () => {
  const crowd = await openCrowd(world, 20);
  const asset = Bun.SHA256.hash("picture", "hex");
  await world.sql`
    INSERT INTO asset (tenant_id, sha256, mime, bytes) VALUES (${crowd.tenantId}, ${asset}, 'image/jpeg', ${Buffer.alloc(2_000, 7)})`;
  const id = await announce(world, crowd, { media: { kind: "photo", source: { asset } }, text: "Olhe, {nome}" });
  await look();
  await untilState(world, id, "done");
  const calls = await world.fake.control.calls({ token: crowd.bot.token, method: "sendPhoto" });
  const [known] = await world.sql`SELECT file_id FROM media_file WHERE bot_id = ${crowd.bot.botId}`;
  expect(calls.map(({ payload }) => payload.caption)).toEqual(crowd.chats.map(() => "Olhe, Ana Souza"));
  expect(calls.filter(({ payload }) => payload.photo === known?.file_id)).toHaveLength(19);
});

describe("a seller", () => {
  test("pauses it: nothing more leaves; resumes it: the others get it, nobody twice", async () => {
    const crowd = await openCrowd(world, 40);
    const id = await announce(world, crowd);
    await look();
    await untilTaken(world, crowd, 8);
    await move(crowd, id, "pause");
    await look();
    const paused = await untilState(world, id, "paused");
    expect(paused.sent).toBeGreaterThanOrEqual(8);
    expect(paused.sent).toBeLessThan(40);
    expect((await arrivals(world, crowd)).reduce((sum, one) => sum + one)).toBe(paused.sent);
    await look();
    expect(await see(world, id)).toEqual(paused);
    await move(crowd, id, "resume");
    await look();
    expect(await untilState(world, id, "done")).toMatchObject({ sent: 40, unknown: 0 });
    expect(await arrivals(world, crowd)).toEqual(once(crowd));
  });

  test("pauses it without a word to the process: it hears it from its own outcomes", async () => {
    const crowd = await openCrowd(world, 60);
    const id = await announce(world, crowd);
    await look();
    await untilTaken(world, crowd, 8);
    await move(crowd, id, "pause");
    expect((await untilState(world, id, "paused")).sent).toBeLessThan(60);
  });

  test("cancels it: the others never get it", async () => {
    const crowd = await openCrowd(world, 40);
    const id = await announce(world, crowd);
    await look();
    await untilTaken(world, crowd, 8);
    await move(crowd, id, "cancel");
    await look();
    const cancelled = await untilState(world, id, "cancelled");
    expect(cancelled.sent).toBeLessThan(40);
    await look();
    await expect(move(crowd, id, "resume")).rejects.toThrow("is cancelled");
    expect((await arrivals(world, crowd)).reduce((sum, one) => sum + one)).toBe(cancelled.sent);
  });
});

test("a chat that has just been written to gets it a little later, and holds up nobody", async () => {
  const crowd = await openCrowd(world, 3);
  const [busy = 0] = crowd.chats;
  for (let taps = 0; taps < 10; taps++) await crowd.bot.write(server, busy, `texto ${taps}`);
  await server.settle();
  const id = await announce(world, crowd);
  await look();
  await until("the others have it", async () => (await see(world, id)).sent >= 2);
  expect(await untilState(world, id, "done")).toMatchObject({ sent: 3 });
});

async function countSent(): Promise<number> {
  const { values } = await metrics.broadcastMessages.get();
  return values.find(({ labels }) => labels.outcome === "sent")?.value ?? 0;
}
