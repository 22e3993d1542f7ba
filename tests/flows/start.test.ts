// The story of a /start: from the door to the chat, once.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { openWorld, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

test("a /start is answered with the welcome, kept, and marked with Telegram's message_id", async () => {
  const bot = await world.addBot();
  const server = await world.start();
  const response = await bot.write(server, 501, "/start");
  expect(response.status).toBe(200);
  expect(await response.text()).toBe("{}");
  await server.settle();
  const [welcome, ...more] = await bot.sent(501);
  expect(more).toEqual([]);
  expect(welcome?.payload).toMatchObject({ text: "Oi, Alice!", entities: [{ type: "bold", offset: 0, length: 2 }] });
  const [effect] = await world.sql`SELECT state, message_id FROM effect WHERE kind = 'send'`;
  expect(effect?.state).toBe("done");
  const messages =
    await world.sql`SELECT outgoing, body, message_id FROM message WHERE chat_id = 501 ORDER BY outgoing`;
  expect(messages.map((row) => [row.outgoing, row.body])).toEqual([
    [false, "/start"],
    [true, "Oi, Alice!"],
  ]);
  expect(messages[1]?.message_id).toBe(effect?.message_id);
});

test("whom another process has met is taken for new by this one, and yet decided as who he is", async () => {
  const bot = await world.addBot();
  const [one, other] = [await world.start(), await world.start()];
  expect((await bot.write(one, 502, "/start")).status).toBe(200);
  await one.settle();
  // Within five seconds: answered once, though this process knows nothing of it; beside him, somebody who is new indeed.
  const answers = await Promise.all([bot.write(other, 502, "/start"), bot.write(other, 503, "/start")]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  await other.settle();
  expect([(await bot.sent(502)).length, (await bot.sent(503)).length]).toEqual([1, 1]);
  const rows = await world.sql`
    SELECT outcome, done_at IS NOT NULL AS is_done FROM inbox WHERE bot_id = ${bot.botId}`;
  expect(rows.map((row) => [row.outcome, row.is_done])).toEqual([1, 2, 3].map(() => ["processed", true]));
  const [known] = await world.sql`SELECT version FROM customer WHERE bot_id = ${bot.botId} AND chat_id = 502`;
  expect(known?.version).toBe(2);
});

test("what asks nothing of us is done as it is kept", async () => {
  const bot = await world.addBot();
  const deaf = await world.start({ workers: [] });
  const chat = { id: 504, type: "private", first_name: "Alice" };
  const edited = {
    message_id: 7,
    date: 1_700_000_000,
    edit_date: 1_700_000_060,
    chat,
    from: { id: 504, is_bot: false, first_name: "Alice" },
    text: "Oi",
  };
  expect((await bot.post(deaf, { update_id: 9_001, edited_message: edited })).status).toBe(200);
  const [row] = await world.sql`
    SELECT outcome, owner, done_at IS NOT NULL AS is_done FROM inbox WHERE bot_id = ${bot.botId}`;
  expect(row).toMatchObject({ outcome: "ignored", owner: null, is_done: true });
});
