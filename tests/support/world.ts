// A world for a story: a database and queues of its own, a fake Telegram, a clock in the hand, and as many processes as it wants.

import { connectDatabase, type Database } from "#db/connect.ts";
import { openTables } from "#db/tables.ts";
import { type App, allQueues, openApp } from "#src/app.ts";
import { type FakeTelegram, startFakeTelegram } from "#src/fake-telegram/server.ts";
import type { Funnel } from "#src/funnel/funnel.ts";
import { openHttp, type Server } from "#src/http/index.ts";
import { type Config, readConfig } from "#src/kernel/config.ts";
import type { BotId } from "#src/kernel/ids.ts";
import { type Log, openLog } from "#src/kernel/log.ts";
import { createKeyring } from "#src/kernel/secret.ts";
import { type Sweeping, startSweeping } from "#src/sweeping.ts";
import { addBot } from "#src/telegram/add-bot.ts";
import { addTenant } from "#src/tenants/add-tenant.ts";
import { type Services, services } from "./services.ts";

/** A clock that stands still until it is moved. */
export type HandClock = { now(): Date; advance(ms: number): void };

/** One running process of the program, inside the test. */
export type Running = {
  app: App;
  http: Server;
  /** Sweeps once, now; nothing sweeps by itself in a test. */
  sweep(): Promise<unknown>;
  /** Waits until all that is under way in this process is done. */
  settle(): Promise<void>;
  stop(): Promise<void>;
};

/** Where updates are posted: a process of the world, or any other that listens. */
export type Door = { http: Pick<Server, "url"> };

export type TestBot = {
  botId: BotId;
  token: string;
  secret: string;
  /** Posts an update to a process as Telegram does; `update_id` counts by itself unless given. */
  post(to: Door, update: Record<string, unknown>, headers?: Record<string, string>): Promise<Response>;
  /** Posts a private text message. */
  write(to: Door, chatId: number, text: string, extra?: Record<string, unknown>): Promise<Response>;
  /** The messages that the fake Telegram took from this bot for a chat, in order. */
  sent(chatId: number): Promise<{ method: string; payload: Record<string, unknown> }[]>;
  /** What stands in the chat because of this bot: the text or caption of each message, in order; refused calls left out. */
  chat(chatId: number): Promise<string[]>;
};

/** What a process uses in place of the world's own; `workers`: the queues that it works on (default: all). */
export type StartOptions = {
  workers?: typeof allQueues;
  redisUrl?: string;
  databaseUrl?: string;
  /** Where its lines go; default nowhere. */
  log?: Log;
  /** Over what its environment would tell it. */
  settings?: Partial<Config>;
};

export type World = {
  sql: Database;
  databaseUrl: string;
  redisUrl: string;
  prefix: string;
  fake: FakeTelegram;
  clock: HandClock;
  start(options?: StartOptions): Promise<Running>;
  /** Adds a bot with this funnel (default: one text with a step button); its webhook stays unset, tests post by themselves. */
  addBot(funnel?: Funnel): Promise<TestBot>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** For hooks that open or end a world: the first one of a run also makes the services, which takes seconds on a busy machine. */
export const OPENING_MS = 60_000;

const testKey = Buffer.alloc(32, 7);
export const testKeyring = createKeyring([testKey]);
/** The same as SECRET_KEY holds it. */
export const testSecretKey = testKey.toString("base64");

/** What a bot says by default: one text with a button that leads to a second one, and a reply. */
export const plainFunnel: Funnel = {
  name: "Teste",
  start: "oi",
  reply: "Recebi, {primeiro_nome}.",
  steps: [
    { id: "oi", kind: "message", text: "<b>Oi</b>, {primeiro_nome}!", buttons: [[{ text: "Mais", step: "mais" }]] },
    { id: "mais", kind: "message", text: "Aqui está mais." },
  ],
};

let worlds = 0;

/** `services`: of the caller's own, for stories that break them; without, those that all files of a run share. */
export async function openWorld(options: { services?: Services } = {}): Promise<World> {
  const shared = options.services ?? (await services());
  const databaseUrl = await shared.createDatabase();
  const sql = connectDatabase(databaseUrl, { connections: 4, name: "test" });
  const fake = await startFakeTelegram();
  const clock = openHandClock();
  const prefix = `{test-${process.pid}-${++worlds}}`;
  const running = new Set<Running>();

  async function start(options: StartOptions = {}): Promise<Running> {
    const addresses = {
      databaseUrl: options.databaseUrl ?? databaseUrl,
      redisUrl: options.redisUrl ?? shared.redisUrl,
    };
    const config = { ...readConfig({ TELEGRAM_API_ROOT: fake.url, PORT: "0" }), ...options.settings, ...addresses };
    const log = options.log ?? openLog("silent", 2);
    const app = await openApp({
      config,
      keyring: testKeyring,
      log,
      clock,
      workers: options.workers ?? allQueues,
      prefix,
      sweeps: false,
    });
    const http = openHttp(app, { host: "127.0.0.1", port: 0 });
    // Any free port: the address is known only now, and it is where gateways send their notices.
    config.publicUrl ??= http.url;
    const sweeping: Sweeping = startSweeping(app, { byItself: false });
    const one: Running = {
      app,
      http,
      sweep: () => sweeping.once(),
      async settle() {
        await app.inbox.idle();
        await app.processor.idle();
        await app.performer.idle();
      },
      async stop() {
        running.delete(one);
        await sweeping.stop();
        await http.stop();
        await app[Symbol.asyncDispose]();
      },
    };
    running.add(one);
    return one;
  }

  return {
    ...{ sql, databaseUrl, redisUrl: shared.redisUrl, prefix, fake, clock, start },
    addBot: (funnel = plainFunnel) => addTestBot({ sql, databaseUrl, fake }, funnel),
    async [Symbol.asyncDispose]() {
      await Promise.all([...running].map((one) => one.stop()));
      await fake[Symbol.asyncDispose]();
      await sql.end({ timeout: 1 });
    },
  };
}

function openHandClock(): HandClock {
  let ms = Date.parse("2026-03-01T12:00:00Z");
  return {
    now: () => new Date(ms),
    advance(by) {
      ms += by;
    },
  };
}

let bots = 0;

async function addTestBot(
  { sql, databaseUrl, fake }: { sql: Database; databaseUrl: string; fake: FakeTelegram },
  funnel: Funnel,
): Promise<TestBot> {
  const number = 7_000_000 + ++bots;
  const token = `${number}:test-token-of-bot-${number}-with-35-characters`;
  await fake.control.bot({ token, openChats: true });
  await using tables = openTables(databaseUrl);
  const { tenantId } = await addTenant(tables, { name: "Alice", email: `alice${number}@example.com` });
  const { botId, secretToken: secret } = await addBot(sql, {
    keyring: testKeyring,
    apiRoot: fake.url,
    publicUrl: undefined,
    tenantId,
    token,
    funnel,
  });
  let updateId = 100;
  let messageId = 10;

  const bot: TestBot = {
    ...{ botId, token, secret },
    post: (to, update, headers = {}) =>
      fetch(`${to.http.url}/webhook/telegram/${botId}`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-telegram-bot-api-secret-token": secret, ...headers },
        body: JSON.stringify({ update_id: ++updateId, ...update }),
      }),
    write: (to, chatId, text, extra = {}) =>
      bot.post(to, {
        ...extra,
        message: {
          message_id: ++messageId,
          date: 1_772_366_400,
          chat: { id: chatId, type: "private" },
          from: { id: chatId, is_bot: false, first_name: "Alice", language_code: "pt-br" },
          text,
        },
      }),
    async sent(chatId) {
      const calls = await fake.control.calls({ token, chat_id: chatId });
      return calls.filter((call) => call.method.startsWith("send")).map(({ method, payload }) => ({ method, payload }));
    },
    async chat(chatId) {
      const calls = await fake.control.calls({ token, chat_id: chatId });
      return calls
        .filter((call) => call.outcome?.message_id !== undefined)
        .map(({ payload }) => String(payload.text ?? payload.caption ?? ""));
    },
  };
  return bot;
}
