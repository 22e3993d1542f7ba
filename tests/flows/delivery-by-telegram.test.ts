// Updates as Telegram itself delivers them: by webhook, with the secret, in order per chat, again after a refusal.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { createTelegramApi } from "#src/telegram/api.ts";
import { registerWebhook, webhookUrl } from "#src/telegram/register.ts";
import { holdInbox } from "../support/hold-inbox.ts";
import { untilQuiet } from "../support/quiet.ts";
import { until } from "../support/until.ts";
import { OPENING_MS, openWorld, type Running, type TestBot, type World } from "../support/world.ts";

let world: World;
let server: Running;
beforeAll(async () => {
  world = await openWorld();
  server = await world.start();
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose](), OPENING_MS);

/** A bot whose webhook is set as the program sets it. */
async function addDelivered(secret?: string): Promise<TestBot> {
  const bot = await world.addBot();
  const url = webhookUrl(server.http.url, bot.botId) ?? "";
  await registerWebhook(createTelegramApi(bot.token, world.fake.url), url, secret ?? bot.secret);
  return bot;
}

async function webhookOf(bot: TestBot): Promise<Record<string, unknown>> {
  return { ...(await createTelegramApi(bot.token, world.fake.url).api.getWebhookInfo()) };
}

const person = (id: number) => ({ id, first_name: id === 80_002 ? "Bob" : "Alice" });
const say = (bot: TestBot, chatId: number, text: string) =>
  world.fake.control.say({ token: bot.token, user: person(chatId), text });

test("a conversation, from the webhook's registration to the last tap", async () => {
  const bot = await addDelivered();
  expect(await webhookOf(bot)).toMatchObject({
    url: `${server.http.url}/webhook/telegram/${bot.botId}`,
    max_connections: 100,
    allowed_updates: ["message", "edited_message", "callback_query", "my_chat_member", "pre_checkout_query"],
  });
  await say(bot, 80_001, "/start promo");
  const { calls } = await world.fake.control.wait({ token: bot.token, method: "sendMessage", chat_id: 80_001 });
  const tap = {
    token: bot.token,
    user: person(80_001),
    message_id: calls[0]?.outcome?.message_id ?? 0,
    button: "Mais",
  };
  await world.fake.control.tap(tap);
  await world.fake.control.wait({ token: bot.token, method: "sendMessage", chat_id: 80_001, count: 2 });
  await say(bot, 80_001, "obrigada");
  await world.fake.control.member({ token: bot.token, user: person(80_001), status: "kicked" });
  expect(await world.fake.control.idle()).toEqual({ idle: true });
  await untilQuiet(world, server);
  expect((await bot.chat(80_001)).slice(0, 2)).toEqual(["Oi, Alice!", "Aqui está mais."]);
  const answers = await world.fake.control.calls({ token: bot.token, method: "answerCallbackQuery" });
  expect(answers).toMatchObject([{ outcome: { ok: true } }]);
  const [customer] = await world.sql`SELECT step_id, start_payload, blocked_at FROM customer WHERE chat_id = 80001`;
  expect(customer).toMatchObject({ step_id: "mais", start_payload: "promo", blocked_at: expect.any(Date) });
  const rows = await world.fake.control.delivered({ token: bot.token });
  expect(rows.map(({ status, attempts }) => [status, attempts])).toEqual(Array(4).fill(["delivered", 1]));
});

test("what PostgreSQL cannot keep is refused with 503, comes again, and holds up nothing but its chat", async () => {
  const bot = await addDelivered();
  const inbox = await holdInbox(world);
  const { update_id: first } = await say(bot, 80_001, "/start");
  await say(bot, 80_001, "um");
  await say(bot, 80_001, "dois");
  await inbox.cancelWaiting();
  await until("Telegram heard of it", async () => (await webhookOf(bot)).last_error_message !== undefined);
  expect(await webhookOf(bot)).toMatchObject({
    last_error_message: "Wrong response from the webhook: 503 Service Unavailable",
    pending_update_count: 3,
  });
  await inbox.release();
  await say(bot, 80_002, "/start");
  await until("the other chat is answered", async () => (await bot.chat(80_002)).length === 1);
  expect(await bot.chat(80_001)).toEqual([]);
  expect(await world.fake.control.idle()).toEqual({ idle: true });
  await untilQuiet(world, server);
  expect(await bot.chat(80_001)).toEqual(["Oi, Alice!", "Recebi, Alice.", "Recebi, Alice."]);
  const rows = await world.fake.control.delivered({ token: bot.token });
  expect(rows.find((row) => row.update_id === first)).toMatchObject({ status: "delivered", attempts: 2 });
  const kept =
    await world.sql`SELECT body::json->'message'->>'text' AS text FROM inbox WHERE bot_id = ${bot.botId} ORDER BY id`;
  expect(kept.map(({ text }) => text)).toEqual(["/start", "/start", "um", "dois"]);
}, 15_000);

test("a webhook that somebody set with another secret gets nothing in", async () => {
  const bot = await addDelivered("somebody-elses-secret");
  await say(bot, 80_003, "/start");
  await until("Telegram heard of it", async () => (await webhookOf(bot)).last_error_message !== undefined);
  expect((await webhookOf(bot)).last_error_message).toBe("Wrong response from the webhook: 401 Unauthorized");
  expect(await world.sql`SELECT 1 FROM inbox WHERE bot_id = ${bot.botId}`).toHaveLength(0);
  // Set right again, it brings what waited.
  const url = webhookUrl(server.http.url, bot.botId) ?? "";
  await registerWebhook(createTelegramApi(bot.token, world.fake.url), url, bot.secret);
  await until("it is answered", async () => (await bot.chat(80_003)).length === 1);
});
