// A published funnel never changes: who began a version goes on in it, who starts anew begins the newest, in every process.

import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Funnel } from "#src/funnel/funnel.ts";
import { publishFunnel } from "#src/telegram/publish-funnel.ts";
import { until } from "../support/until.ts";
import { dataOf, tapOf } from "../support/updates.ts";
import { OPENING_MS, openWorld, type Running, type TestBot, type World } from "../support/world.ts";

let world: World;
let server: Running;
let other: Running;
beforeAll(async () => {
  world = await openWorld();
  server = await world.start();
  other = await world.start();
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose](), OPENING_MS);

/** A funnel of two steps that say which version they are of. */
const funnelOf = (version: string): Funnel => ({
  name: `Funil ${version}`,
  start: "oi",
  steps: [
    { id: "oi", kind: "message", text: `Oi ${version}`, buttons: [[{ text: "Mais", step: "mais" }]] },
    { id: "mais", kind: "message", text: `Mais ${version}`, buttons: [[{ text: "Volta", step: "oi" }]] },
  ],
});

const isNewIn = (running: Running, bot: TestBot, id: number) =>
  until("the new version is known", async () => (await running.app.bots.find(bot.botId))?.funnelVersionId === id);

const textsIn = async (bot: TestBot, chatId: number) => (await bot.sent(chatId)).map(({ payload }) => payload.text);

async function tap(bot: TestBot, to: Running, chatId: number, button: string): Promise<void> {
  const last = (await bot.sent(chatId)).at(-1);
  await bot.post(to, tapOf(chatId, dataOf(last, button)));
  await to.settle();
}

test("publishing makes the next version, and no version can be changed", async () => {
  const bot = await world.addBot(funnelOf("1"));
  const versions = await Promise.all(
    ["2", "3", "4"].map((text) => publishFunnel(world.sql, bot.botId, funnelOf(text))),
  );
  expect(versions.map(({ version }) => version).sort()).toEqual([2, 3, 4]);
  const rows =
    await world.sql`SELECT id, version, content->>'name' AS name FROM funnel_version WHERE bot_id = ${bot.botId} ORDER BY version`;
  expect(rows.map(({ version }) => version)).toEqual([1, 2, 3, 4]);
  const change = world.sql`UPDATE funnel_version SET content = '{}' WHERE bot_id = ${bot.botId}`.execute();
  expect(change).rejects.toThrow("funnel_version rows never change");
  await change.catch(() => undefined);
  const same =
    await world.sql`SELECT id, version, content->>'name' AS name FROM funnel_version WHERE bot_id = ${bot.botId} ORDER BY version`;
  expect([...same]).toEqual([...rows]);
});

test("the newest version is the one that everybody begins after several were published at once", async () => {
  const bot = await world.addBot(funnelOf("1"));
  await Promise.all(["2", "3", "4"].map((text) => publishFunnel(world.sql, bot.botId, funnelOf(text))));
  const [current] = await world.sql`
    SELECT version FROM bot JOIN funnel_version ON funnel_version.id = funnel_version_id WHERE bot.id = ${bot.botId}`;
  expect(current).toEqual({ version: 4 });
});

test("who began version 1 goes on in it by its buttons; a new /start begins version 2", async () => {
  const bot = await world.addBot(funnelOf("1"));
  const [old, fresh] = [41_001, 41_002];
  await bot.write(server, old, "/start");
  await server.settle();
  const second = await publishFunnel(world.sql, bot.botId, funnelOf("2"));
  await isNewIn(server, bot, second.id);
  await bot.write(server, fresh, "/start");
  await server.settle();
  for (const chatId of [old, fresh]) for (const button of ["Mais", "Volta"]) await tap(bot, server, chatId, button);
  expect(await textsIn(bot, fresh)).toEqual(["Oi 2", "Mais 2", "Oi 2"]);
  expect(await textsIn(bot, old)).toEqual(["Oi 1", "Mais 1", "Oi 1"]);
  world.clock.advance(5_000);
  await bot.write(server, old, "/start");
  await server.settle();
  expect((await textsIn(bot, old)).at(-1)).toBe("Oi 2");
  const [customer] = await world.sql`SELECT funnel_version_id FROM customer WHERE chat_id = ${old}`;
  expect(customer?.funnel_version_id).toBe(second.id);
});

test("another process learns of the new version, and knows the old one's buttons", async () => {
  const bot = await world.addBot(funnelOf("1"));
  const [old, fresh] = [42_001, 42_002];
  for (const running of [server, other]) await running.app.bots.find(bot.botId);
  await bot.write(server, old, "/start");
  await server.settle();
  const { id } = await publishFunnel(world.sql, bot.botId, funnelOf("2"));
  await Promise.all([isNewIn(server, bot, id), isNewIn(other, bot, id)]);
  await bot.write(other, fresh, "/start");
  await other.settle();
  await tap(bot, other, old, "Mais");
  expect(await textsIn(bot, fresh)).toEqual(["Oi 2"]);
  expect(await textsIn(bot, old)).toEqual(["Oi 1", "Mais 1"]);
});
