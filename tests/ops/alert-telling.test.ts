// How the operator is told: together, less and less often, until he knows; by every address that is set; once, whatever dies in between.

import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { openLogBook } from "../support/log-book.ts";
import { startServe } from "../support/serve.ts";
import { startMailServer } from "../support/smtp.ts";
import { until } from "../support/until.ts";
import { OPENING_MS, openWorld, type TestBot, type World } from "../support/world.ts";
import {
  alertToken,
  incidentOf,
  OPERATOR,
  setWebhook,
  startWatch,
  toldIn,
  type Watch,
  type WatchOptions,
} from "./alert-scene.ts";

setDefaultTimeout(30_000);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let world: World;
let bots: TestBot[];
let toldBefore = 0;

beforeAll(async () => {
  world = await openWorld();
  bots = [];
  for (let n = 0; n < 8; n++) bots.push(await world.addBot());
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose](), OPENING_MS);

/** Nothing is open, nothing is remembered. */
beforeEach(async () => {
  const { sql, fake } = world;
  await sql`TRUNCATE incident, notification`;
  await sql`UPDATE bot SET status = 'active'`;
  await fake.control.clearFault();
  toldBefore = (await toldIn(world)).length;
});

const revoke = (...some: TestBot[]) =>
  world.sql`UPDATE bot SET status = 'token_revoked' WHERE id = ANY(${some.map(({ botId }) => botId)}::bigint[])`;
const mend = () => world.sql`UPDATE bot SET status = 'active'`;

async function news(): Promise<string[]> {
  const texts = await toldIn(world, toldBefore);
  toldBefore += texts.length;
  return texts;
}

/** A watch that sees bots only: no queue has a worker, and webhooks are none of its business. */
async function watching(options: WatchOptions = {}): Promise<Watch & AsyncDisposable> {
  const watch = await startWatch(world, { polls: true, ...options });
  await until("its workers", async () => (await watch.one.app.queues.clock.workers()) > 0);
  return { ...watch, [Symbol.asyncDispose]: watch.stop };
}

async function later(watch: Watch, ms: number): Promise<string[]> {
  world.clock.advance(ms - 10_000);
  await watch.look();
  return news();
}

test("many bots with the same trouble are one alert; more of them are told ten minutes later, once", async () => {
  await using watch = await watching();
  await revoke(...bots.slice(0, 7));
  await watch.look();
  const [text, ...more] = await news();
  expect(more).toEqual([]);
  expect(text).toContain("O Telegram recusa o token de 7 bots: ");
  expect(text?.match(/@/g)).toHaveLength(5 + "@BotFather".length - 9);
  expect(text).toContain(" e mais 2.");
  await revoke(...bots);
  expect(await later(watch, 9 * MINUTE)).toEqual([]);
  expect(await later(watch, MINUTE)).toEqual([
    expect.stringContaining("(aumentou; começou há 10 min) O Telegram recusa o token de 8 bots"),
  ]);
  expect(await later(watch, 10 * MINUTE)).toEqual([]);
  await mend();
  await watch.look(40);
  expect(await news()).toEqual([expect.stringContaining("✅ Nenhum bot está com o token revogado. Durou 20 min.")]);
  await watch.look(60);
  expect(await news()).toEqual([]);
});

test("while it lasts: after 10 min, 1 h, 6 h, and every 24 h", async () => {
  await using watch = await watching();
  await revoke(...bots.slice(0, 1));
  await watch.look();
  expect(await news()).toHaveLength(1);
  for (const pauseMs of [10 * MINUTE, HOUR, 6 * HOUR, 24 * HOUR, 24 * HOUR]) {
    expect(await later(watch, pauseMs - MINUTE)).toEqual([]);
    expect(await later(watch, MINUTE)).toEqual([expect.stringContaining("🔴 (continua há ")]);
  }
});

test("what goes and comes back within ten minutes is the same incident, told again at its time", async () => {
  await using watch = await watching();
  await revoke(...bots.slice(0, 1));
  await watch.look();
  await mend();
  await watch.look(40);
  await revoke(...bots.slice(0, 1));
  await watch.look(60);
  expect((await news()).map((text) => /🔴|✅/.exec(text)?.[0])).toEqual(["🔴", "✅"]);
  expect(await later(watch, 9 * MINUTE)).toEqual([expect.stringContaining("continua há 10 min")]);
  expect(await world.sql`SELECT FROM incident`).toHaveLength(1);
});

test("acknowledged by its button: silence until something new joins it; only in the chats that are set", async () => {
  await using watch = await watching();
  const { control } = world.fake;
  await revoke(...bots.slice(0, 1));
  await watch.look();
  await news();
  const [message] = (await control.messages({ token: alertToken, chat_id: OPERATOR.id })).slice(-1);
  const button = "Ciente: token revogado";
  const tap = { token: alertToken, message_id: message?.message_id ?? 0 };
  const data = String(message?.reply_markup?.inline_keyboard[0]?.[0]?.callback_data);

  await control.tap({ ...tap, user: { id: 666, first_name: "Mallory" }, data });
  await control.tap({ ...tap, user: OPERATOR, data: "ack:bot_token_revoked:1" });
  await control.tap({ ...tap, user: OPERATOR, button });
  const knows = async () => (await incidentOf(world, "bot_token_revoked"))?.acknowledgedBy;
  expect(await until("it is acknowledged", knows)).toBe("Bob (@bob)");
  const answers = () => control.calls({ token: alertToken, method: "answerCallbackQuery" });
  await until("both of his taps are answered", async () => (await answers()).length === 2);
  expect((await answers()).map(({ payload }) => payload.text)).toEqual([
    "Já acabou.",
    "Anotado: silêncio até acabar ou aumentar.",
  ]);
  await until("the button is gone", async () => {
    const [now] = (await control.messages({ token: alertToken, chat_id: OPERATOR.id })).slice(-1);
    return (now?.reply_markup?.inline_keyboard ?? []).length === 0;
  });

  expect(await later(watch, 48 * HOUR)).toEqual([]);
  await revoke(...bots.slice(0, 2));
  await watch.look();
  expect(await news()).toEqual([
    expect.stringContaining("(aumentou; começou há 48 h) O Telegram recusa o token de 2 bots"),
  ]);
  expect(await knows()).toBeNull();
  await mend();
  await watch.look(40);
  expect(await news()).toEqual([expect.stringContaining("✅")]);
});

test("a restart in between neither repeats nor forgets", async () => {
  const before = await watching();
  await revoke(...bots.slice(0, 1));
  await before.look();
  expect(await news()).toHaveLength(1);
  await before.stop();
  await using after = await watching();
  await after.look(60);
  expect(await news()).toEqual([]);
  expect(await later(after, 9 * MINUTE)).toEqual([expect.stringContaining("continua há 10 min")]);
  await mend();
  await after.look(40);
  expect(await news()).toEqual([expect.stringContaining("✅")]);
});

test("an address that fails is tried again, less and less often; the others are not told twice", async () => {
  using mail = startMailServer();
  await using watch = await watching({
    settings: { alertEmails: ["alice@example.com", "bob@example.com"], smtpUrl: mail.url },
  });
  await world.fake.control.fault({ kind: "5xx", token: alertToken, method: "sendMessage" });
  await revoke(...bots.slice(0, 1));
  await watch.look(120);
  expect(mail.mails).toMatchObject([{ to: ["alice@example.com", "bob@example.com"] }]);
  const tries = () => world.sql`SELECT attempts, error, due_at FROM notification WHERE destination LIKE 'telegram:%'`;
  // At once, after 30 s and after another minute.
  expect(await tries()).toMatchObject([{ attempts: 3, error: "Telegram: http_502" }]);
  await world.fake.control.clearFault();
  await watch.look(120);
  expect(await news()).toEqual([expect.stringContaining("O Telegram recusa o token de 1 bot")]);
  expect(await tries()).toMatchObject([{ attempts: 4, error: null, due_at: null }]);
  expect(mail.mails).toHaveLength(1);

  mail.refuse(true);
  await mend();
  await watch.look(40);
  mail.refuse(false);
  await watch.look(60);
  expect(await news()).toHaveLength(1);
  expect(mail.mails).toHaveLength(2);
  expect(mail.mails[1]?.subject).toContain("resolvido: token revogado");
});

test("a bot with a webhook writes without a button, and says how else", async () => {
  await using watch = await watching();
  const alertsBot = { token: alertToken } as TestBot;
  await setWebhook(world, alertsBot, "http://127.0.0.1:1/elsewhere");
  try {
    await revoke(...bots.slice(0, 1));
    await watch.look();
    expect(await news()).toEqual([expect.stringContaining("Para silenciar: grimbots alerts ack bot_token_revoked")]);
  } finally {
    await setWebhook(world, alertsBot, "");
  }
});

test("a seller's bot is never listened to: its updates are not ours to take", async () => {
  const { token } = bots[7] as TestBot;
  await using watch = await watching({ settings: { alertChats: [{ token, chatId: OPERATOR.id }] } });
  await revoke(...bots.slice(0, 1));
  await watch.look(30);
  const calls = await world.fake.control.calls({ token });
  expect(calls.filter(({ method }) => method === "getUpdates")).toEqual([]);
  expect(calls.map(({ payload }) => String(payload.text)).join()).toContain("Para silenciar: grimbots alerts ack");
});

test("with nobody to tell it stands in the table and in the log", async () => {
  const book = openLogBook();
  await using watch = await watching({ settings: { alertChats: [] }, start: { log: book.log } });
  await revoke(...bots.slice(0, 1));
  await watch.look();
  expect(book.facts("alert.fired")).toMatchObject([{ alert: "bot_token_revoked", total: 1 }]);
  expect((await incidentOf(world, "bot_token_revoked"))?.firedAt).toBeInstanceOf(Date);
  expect(await world.sql`SELECT FROM notification`).toHaveLength(0);
  await mend();
  await watch.look(40);
  expect(book.facts("alert.over")).toHaveLength(1);
});

test("one watches at a time, and another one when that one is killed", async () => {
  const { sql } = world;
  await sql`UPDATE monitor SET leader = NULL`;
  const child = startServe(world, 8_913);
  const leader = async () => (await sql`SELECT leader FROM monitor`)[0]?.leader as number | null;
  const first = await until("it watches", leader);
  await using watch = await watching();
  expect(await watch.monitoring.monitor?.once()).toBe(false);
  expect(await leader()).toBe(first);
  await child.kill();
  await until("another one watches", async () => watch.monitoring.monitor?.once());
  expect(await leader()).toBe(watch.one.app.lease.id);
});
