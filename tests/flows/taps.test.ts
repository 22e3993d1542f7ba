// Buttons: a tap leads on and is answered at once; nothing that becomes of that answer touches what the tap does.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cents } from "#src/kernel/money.ts";
import { untilQuiet } from "../support/quiet.ts";
import { until } from "../support/until.ts";
import { dataOf, tapOf } from "../support/updates.ts";
import { OPENING_MS, openWorld, plainFunnel, type Running, type TestBot, type World } from "../support/world.ts";

const funnel = {
  ...plainFunnel,
  steps: plainFunnel.steps.map((step) =>
    step.id === "oi"
      ? {
          ...step,
          buttons: [
            [{ text: "Mais", step: "mais" }],
            [{ text: "Quero", priceCents: cents(1990), deliver: { text: "Aqui está." } }],
          ],
        }
      : step,
  ),
};

let world: World;
let server: Running;
let bot: TestBot;
beforeAll(async () => {
  world = await openWorld();
  bot = await world.addBot(funnel);
  server = await world.start();
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose](), OPENING_MS);

let chats = 20_000;

/** A customer who has been welcomed: his chat, and the data of a button under the welcome. */
async function welcomed(button: string, of = bot): Promise<{ chatId: number; data: string }> {
  const chatId = ++chats;
  await of.write(server, chatId, "/start");
  await server.settle();
  const [welcome] = await of.sent(chatId);
  return { chatId, data: dataOf(welcome, button) };
}

const alice = (chatId: number) => ({ id: chatId, first_name: "Alice" });

/** Taps with a query that the fake Telegram knows, and waits for its answer and all that follows. */
async function tap(chatId: number, data: string) {
  const tapped = { token: bot.token, user: alice(chatId), message_id: 1, data };
  const { callback_query_id: queryId } = await world.fake.control.tap(tapped);
  const { calls: since } = await world.fake.control.stats();
  expect((await bot.post(server, tapOf(chatId, data, queryId))).status).toBe(200);
  const { calls } = await world.fake.control.wait({ token: bot.token, method: "answerCallbackQuery", since });
  await untilQuiet(world, server);
  return calls.find(({ payload }) => payload.callback_query_id === queryId);
}

const textsIn = async (chatId: number) => (await bot.sent(chatId)).map(({ payload }) => payload.text);
const customerIn = async (chatId: number) => (await world.sql`SELECT * FROM customer WHERE chat_id = ${chatId}`)[0];
const WELCOME = "Oi, Alice!";
const MORE = "Aqui está mais.";

test("a step button leads on, and Telegram is told at once", async () => {
  const { chatId, data } = await welcomed("Mais");
  const answer = await tap(chatId, data);
  expect(answer).toMatchObject({ outcome: { ok: true }, payload: { callback_query_id: expect.any(String) } });
  expect(answer?.payload.text).toBeUndefined();
  expect(await textsIn(chatId)).toEqual([WELCOME, MORE]);
  expect(await customerIn(chatId)).toMatchObject({ step_id: "mais", answered_what: `tap:${data}` });
});

test("tapped again within three seconds it leads on once, and is answered each time", async () => {
  const { chatId, data } = await welcomed("Mais");
  for (let times = 0; times < 3; times++) expect(await tap(chatId, data)).toMatchObject({ outcome: { ok: true } });
  expect(await textsIn(chatId)).toEqual([WELCOME, MORE]);
  world.clock.advance(3_000);
  await tap(chatId, data);
  expect(await textsIn(chatId)).toEqual([WELCOME, MORE, MORE]);
});

test("who taps without ever having started has begun", async () => {
  const { data } = await welcomed("Mais");
  const stranger = ++chats;
  await tap(stranger, data);
  expect(await textsIn(stranger)).toEqual([MORE]);
  expect(await customerIn(stranger)).toMatchObject({ started_at: null, step_id: "mais" });
});

test("a buy button of a seller without any gateway says so, and opens an order without a charge", async () => {
  const { chatId, data } = await welcomed("Quero - R$ 19,90");
  const answer = await tap(chatId, data);
  expect(answer).toMatchObject({ outcome: { ok: true }, payload: { text: expect.stringContaining("Gerando") } });
  await until("he is told", async () => (await textsIn(chatId)).length === 2);
  expect((await textsIn(chatId))[1]).toContain("nada foi cobrado");
  const [alert] = await world.sql`SELECT kind FROM alert WHERE about = ${`bot:${bot.botId}`}`;
  expect(alert?.kind).toBe("order.no_account");
  expect(await customerIn(chatId)).toMatchObject({ step_id: "oi" });
});

describe("whatever becomes of the answer, the tap does its work", () => {
  test.each([
    ["it is too late", { kind: "400", description: "Bad Request: query is too old and response timeout expired" }],
    ["the connection breaks", { kind: "reset" }],
    ["its answer is lost", { kind: "lost" }],
    ["nobody answers", { kind: "hang" }],
    ["Telegram has trouble", { kind: "5xx" }],
  ] as const)("%s", async (_, fault) => {
    const { chatId, data } = await welcomed("Mais");
    await world.fake.control.fault({ ...fault, token: bot.token, method: "answerCallbackQuery", times: 1 });
    expect(await tap(chatId, data)).toMatchObject({ outcome: { fault: fault.kind } });
    expect(await textsIn(chatId)).toEqual([WELCOME, MORE]);
    const [row] = await world.sql`SELECT outcome, attempts FROM inbox ORDER BY id DESC LIMIT 1`;
    expect(row).toEqual({ outcome: "processed", attempts: 0 });
  });
});

test("a tap that was kept more than 150 seconds ago is not acted on, one of 150 seconds is", async () => {
  const { chatId: late, data } = await welcomed("Mais");
  const { chatId: inTime } = await welcomed("Mais");
  const now = world.clock.now().getTime();
  for (const [chatId, ageMs] of [
    [late, 150_001],
    [inTime, 150_000],
  ] as const) {
    const body = JSON.stringify({ update_id: chatId, ...tapOf(chatId, data) });
    await world.sql`
      INSERT INTO inbox (slot, bot_id, update_id, body, received_at)
      VALUES (1, ${bot.botId}, ${chatId}, ${body}, ${new Date(now - ageMs)})`;
  }
  await server.sweep();
  await untilQuiet(world, server);
  expect(await textsIn(late)).toEqual([WELCOME]);
  expect(await textsIn(inTime)).toEqual([WELCOME, MORE]);
  const outcomes =
    await world.sql`SELECT outcome FROM inbox WHERE update_id IN (${late}, ${inTime}) ORDER BY update_id`;
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(["ignored", "processed"]);
});

describe("data that no button of this bot carries is answered with a sentence, and leads nowhere", () => {
  test.each([
    ["unknown", "A".repeat(16)],
    ["empty", ""],
    ["64 bytes", "🌿".repeat(16)],
    ["junk", "' OR 1=1 --\0\uFFFF"],
    ["the name of a step", "mais"],
    ["a price", '{"priceCents":1}'],
  ])("%s", async (_, data) => {
    const { chatId } = await welcomed("Mais");
    expect((await tap(chatId, data))?.payload.text).toContain("/start");
    expect(await textsIn(chatId)).toEqual([WELCOME]);
    expect(await customerIn(chatId)).toMatchObject({ step_id: "oi", answered_what: null });
  });

  test("another bot's button", async () => {
    const other = await world.addBot();
    const { data } = await welcomed("Mais", other);
    const { chatId } = await welcomed("Mais");
    expect((await tap(chatId, data))?.payload.text).toContain("/start");
    expect(await textsIn(chatId)).toEqual([WELCOME]);
  });
});
