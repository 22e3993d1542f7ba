// What Telegram answers to a send, and what becomes of the message, the customer and the bot.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { limits } from "#src/kernel/limits.ts";
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

let chats = 50_000;
const WELCOME = "Oi, Alice!";

async function startAnew(bot: TestBot, at = server): Promise<number> {
  const chatId = ++chats;
  expect((await bot.write(at, chatId, "/start")).status).toBe(200);
  await untilQuiet(world, at);
  return chatId;
}

/** The send effects to a chat, in order. */
async function sendsTo(chatId: number) {
  const rows = await world.sql`
    SELECT state, reason, attempts, due_at FROM effect WHERE chat_id = ${chatId} AND kind = 'send' ORDER BY slot, row_id, n`;
  return rows.map(({ state, reason, attempts, due_at }) => ({ state, reason, attempts, due: due_at !== null }));
}

/** Time passes, and the sweep looks. */
async function later(ms: number, at = server): Promise<void> {
  world.clock.advance(ms);
  await at.sweep();
  await untilQuiet(world, at);
}

const statusOf = async (bot: TestBot) => (await world.sql`SELECT status FROM bot WHERE id = ${bot.botId}`)[0]?.status;
const done = { state: "done", reason: null, due: false };

describe("401", () => {
  test("stops this bot's sends and shows it; other bots go on", async () => {
    const [revoked, other] = [await world.addBot(), await world.addBot()];
    await world.fake.control.bot({ token: revoked.token, revoked: true });
    const first = await startAnew(revoked);
    expect(await sendsTo(first)).toMatchObject([{ state: "refused", reason: "token_revoked" }]);
    expect(await statusOf(revoked)).toBe("token_revoked");
    const { calls } = await world.fake.control.stats();
    const second = await startAnew(revoked);
    expect(await sendsTo(second)).toMatchObject([{ state: "refused", reason: "bot_token_revoked" }]);
    expect((await world.fake.control.stats()).calls).toBe(calls);
    expect(await other.chat(await startAnew(other))).toEqual([WELCOME]);
    expect(await statusOf(other)).toBe("active");
  });

  test("stops them in the other process, too", async () => {
    const bot = await world.addBot();
    const second = await world.start();
    await startAnew(bot, second);
    await world.fake.control.bot({ token: bot.token, revoked: true });
    await startAnew(bot);
    await until("the notice arrived", async () => (await second.app.bots.find(bot.botId))?.status === "token_revoked");
    const { calls } = await world.fake.control.stats();
    expect(await sendsTo(await startAnew(bot, second))).toMatchObject([{ reason: "bot_token_revoked" }]);
    expect((await world.fake.control.stats()).calls).toBe(calls);
    await second.stop();
  });
});

describe("403", () => {
  test.each([
    ["Forbidden: bot was blocked by the user", "blocked"],
    ["Forbidden: user is deactivated", "deactivated"],
  ])("%s: the customer is marked, and a later message of his clears it", async (description, reason) => {
    const bot = await world.addBot();
    await world.fake.control.fault({ kind: "403", description, token: bot.token, times: 1 });
    const chatId = await startAnew(bot);
    expect(await sendsTo(chatId)).toMatchObject([{ state: "refused", reason }]);
    const blockedAt = async () =>
      (await world.sql`SELECT blocked_at FROM customer WHERE chat_id = ${chatId}`)[0]?.blocked_at;
    expect(await blockedAt()).toEqual(world.clock.now());
    expect(await statusOf(bot)).toBe("active");
    world.clock.advance(5_000);
    await bot.write(server, chatId, "/start");
    await untilQuiet(world, server);
    expect(await blockedAt()).toBeNull();
    expect(await bot.chat(chatId)).toEqual([WELCOME]);
  });
});

test("a chat that moved: its new id is kept, and the message arrives there", async () => {
  const bot = await world.addBot();
  const newId = -1_000_000_050_001;
  const chat = { id: newId, type: "supergroup", title: "G" };
  await world.fake.control.member({ token: bot.token, user: { id: 9, first_name: "Bob" }, status: "member", chat });
  await world.fake.control.fault({ kind: "migrate", migrate_to_chat_id: newId, token: bot.token, times: 1 });
  const chatId = await startAnew(bot);
  await later(0);
  expect(await sendsTo(newId)).toMatchObject([done]);
  expect(await bot.chat(newId)).toEqual([WELCOME]);
  const [customer] = await world.sql`SELECT chat_id, blocked_at FROM customer WHERE chat_id IN (${chatId}, ${newId})`;
  expect(customer).toEqual({ chat_id: newId, blocked_at: null });
  const kept = await world.sql`SELECT body FROM message WHERE chat_id = ${newId} AND outgoing`;
  expect([...kept]).toEqual([{ body: WELCOME }]);
});

test("a message that comes back while the customer's new chat is still being kept is not forgotten", async () => {
  const bot = await world.addBot();
  const [chatId, newId] = [++chats, ++chats];
  await world.sql`
    CREATE FUNCTION wait_to_move() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock(51); RETURN NEW; END $$`;
  await world.sql`CREATE TRIGGER wait_to_move BEFORE UPDATE OF chat_id ON customer FOR EACH ROW EXECUTE FUNCTION wait_to_move()`;
  await world.fake.control.fault({ kind: "migrate", migrate_to_chat_id: newId, token: bot.token, times: 1 });
  const effectIs = (state: RegExp) => async () => {
    const [effect] = await world.sql`
      SELECT concat_ws(' ', state, reason, 'owned by ' || owner) AS is FROM effect WHERE chat_id = ${newId} AND kind = 'send'`;
    return state.test(effect?.is ?? "");
  };
  await world.sql.begin(async (tx) => {
    await tx`SELECT pg_advisory_xact_lock(51)`;
    await bot.write(server, chatId, "/start");
    await until("the refusal is marked", effectIs(/migrated|done/));
    await server.sweep();
    await until("it is taken again", effectIs(/owned|done/));
  });
  await untilQuiet(world, server);
  expect(await sendsTo(newId)).toMatchObject([done]);
  expect(await bot.chat(newId)).toEqual([WELCOME]);
});

describe("Telegram's own trouble", () => {
  /** Milliseconds until the first message to the chat is due. */
  async function waitOf(chatId: number): Promise<number> {
    const [row] =
      await world.sql`SELECT min(due_at) AS due FROM effect WHERE chat_id = ${chatId} AND state = 'pending'`;
    return row?.due - world.clock.now().getTime();
  }

  test("for a while: sent when it is due, not before", async () => {
    const bot = await world.addBot();
    const { id } = await world.fake.control.fault({ kind: "5xx", token: bot.token });
    const chatId = await startAnew(bot);
    expect(await sendsTo(chatId)).toMatchObject([{ state: "pending", reason: "http_502", due: true }]);
    const { length: tries } = await bot.sent(chatId);
    await world.fake.control.clearFault(id);
    // Half of the pause is certain, the rest is drawn.
    expect(await waitOf(chatId)).toBeGreaterThanOrEqual(limits.sendBackoffMs / 2);
    await later((await waitOf(chatId)) - 1);
    expect(await bot.sent(chatId)).toHaveLength(tries);
    await later(1);
    expect(await sendsTo(chatId)).toMatchObject([done]);
    expect(await bot.chat(chatId)).toEqual([WELCOME]);
  });

  test("what comes after it in the chat waits behind it", async () => {
    const bot = await world.addBot();
    const { id } = await world.fake.control.fault({ kind: "5xx", token: bot.token });
    const chatId = await startAnew(bot);
    await bot.write(server, chatId, "oi");
    await untilQuiet(world, server);
    expect(new Set((await bot.sent(chatId)).map(({ payload }) => payload.text))).toEqual(new Set([WELCOME]));
    await world.fake.control.clearFault(id);
    await until("both are sent", async () => {
      await later(4 * limits.sendBackoffMs);
      return (await sendsTo(chatId)).every(({ state }) => state === "done");
    });
    expect(await bot.chat(chatId)).toEqual([WELCOME, "Recebi, Alice."]);
  });

  test("for ever: tried a bounded number of times, then refused", async () => {
    const bot = await world.addBot();
    const { id } = await world.fake.control.fault({ kind: "5xx", token: bot.token });
    const chatId = await startAnew(bot);
    for (let times = 1; times < limits.sendAttempts; times++) await later(2 * limits.sendBackoffMaxMs);
    const refused = { state: "refused", reason: "exhausted_http_502", attempts: limits.sendAttempts, due: false };
    expect(await sendsTo(chatId)).toEqual([refused]);
    await later(2 * limits.sendBackoffMaxMs);
    expect(await bot.sent(chatId)).toHaveLength(limits.sendAttempts);
    await world.fake.control.clearFault(id);
  });
});

test("nobody listens at Telegram's address: the message waits for the next try", async () => {
  await using lonely = await openWorld();
  const bot = await lonely.addBot();
  const cutOff = await lonely.start({ workers: [], settings: { telegramApiRoot: "http://127.0.0.1:1" } });
  await bot.write(cutOff, 1, "/start");
  await cutOff.settle();
  const [effect] = await lonely.sql`SELECT state, reason, attempts, owner FROM effect WHERE kind = 'send'`;
  expect(effect).toEqual({ state: "pending", reason: "unreachable", attempts: 1, owner: null });
  await cutOff.stop();
  const back = await lonely.start();
  lonely.clock.advance(2 * limits.sendBackoffMs);
  await back.sweep();
  await untilQuiet(lonely, back);
  expect(await bot.chat(1)).toEqual([WELCOME]);
});

describe("an answer that is lost", () => {
  test.each([
    ["after it was sent", "lost", [WELCOME]],
    ["maybe before", "reset", []],
  ] as const)("%s: a reply is not repeated, its outcome is unknown", async (_, kind, chat) => {
    const bot = await world.addBot();
    await world.fake.control.fault({ kind, token: bot.token, method: "sendMessage", times: 1 });
    const chatId = await startAnew(bot);
    const unknown = { state: "unknown", reason: "connection_lost", attempts: 1, due: false };
    expect(await sendsTo(chatId)).toEqual([unknown]);
    await later(10 * limits.sweepAgainMs);
    expect(await sendsTo(chatId)).toEqual([unknown]);
    expect(await bot.sent(chatId)).toHaveLength(1);
    expect(await bot.chat(chatId)).toEqual([...chat]);
  });

  test("a delivery is repeated until Telegram says that it has it", async () => {
    const bot = await world.addBot();
    const chatId = await startAnew(bot);
    await world.sql`
      INSERT INTO effect (slot, row_id, n, kind, policy, bot_id, chat_id, body, due_at, created_at)
      SELECT slot, row_id, 9, 'send', 'delivery', bot_id, chat_id, '{"method":"sendMessage","payload":{"text":"O guia"}}',
        ${world.clock.now()}, ${world.clock.now()} FROM effect WHERE chat_id = ${chatId} AND n = 0`;
    await world.fake.control.fault({ kind: "lost", token: bot.token, method: "sendMessage", times: 2 });
    await later(0);
    expect((await sendsTo(chatId))[1]).toEqual({ state: "pending", reason: "connection_lost", attempts: 1, due: true });
    await later(2 * limits.sendBackoffMs);
    await later(4 * limits.sendBackoffMs);
    expect((await sendsTo(chatId))[1]).toMatchObject({ ...done, attempts: 3 });
    expect(await bot.chat(chatId)).toEqual([WELCOME, "O guia", "O guia", "O guia"]);
  });
});

test("an answer that never comes is waited for within the limit, and its outcome is unknown", async () => {
  const bot = await world.addBot();
  await world.fake.control.fault({ kind: "hang", token: bot.token, method: "sendMessage", times: 1 });
  const chatId = ++chats;
  await bot.write(server, chatId, "/start");
  // Other chats of the bot, and other bots, do not wait for it.
  await bot.write(server, chatId + 1, "/start");
  await world.fake.control.wait({ token: bot.token, chat_id: chatId + 1, method: "sendMessage" });
  expect(await sendsTo(chatId)).toMatchObject([{ state: "pending" }]);
  await server.settle();
  expect(await sendsTo(chatId)).toEqual([{ state: "unknown", reason: "timeout", attempts: 1, due: false }]);
  expect(limits.telegramTimeoutSeconds).toBeLessThanOrEqual(20);
}, 30_000);
