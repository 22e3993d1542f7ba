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
