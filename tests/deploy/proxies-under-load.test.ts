// The program twice behind nginx and HAProxy: one of the two is killed under load, and neither Telegram nor a customer notices.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { freePort } from "#src/embedded/free-port.ts";
import { endStarted, type Started, start } from "../binary/program.ts";
import { countOpen } from "../support/all-done.ts";
import { until } from "../support/until.ts";
import { messageOf } from "../support/updates.ts";
import { OPENING_MS, openWorld, type TestBot, testSecretKey, type World } from "../support/world.ts";
import { type ReverseProxy, startProxy } from "./proxy.ts";

setDefaultTimeout(60_000);

const PER_SECOND = 200;
const SECONDS = 3;
const KILLED_AFTER = 250;

let world: World;
let bot: TestBot;
let ports: [number, number];
let processes: [Started, Started];

beforeAll(async () => {
  world = await openWorld();
  bot = await world.addBot();
  ports = [await freePort(), await freePort()];
  processes = [startOn(ports[0]), startOn(ports[1])];
  await Promise.all(ports.map(untilHealthy));
}, OPENING_MS);
afterAll(async () => {
  await endStarted();
  await world[Symbol.asyncDispose]();
}, OPENING_MS);

test("nginx: kill -9 of one under load", () => killUnderLoad("nginx", 0));

test("HAProxy: kill -9 of the other under load", async () => {
  processes[0] = startOn(ports[0]);
  await untilHealthy(ports[0]);
  await killUnderLoad("haproxy", 1);
});

test("through a proxy neither metrics nor details are to be had, whoever one says to be", async () => {
  await using proxy = await startProxy("nginx", ports);
  const headers = { "x-forwarded-for": "127.0.0.1", forwarded: "for=127.0.0.1" };
  const get = (path: string) => fetch(proxy.url + path, { headers, tls: { ca: proxy.ca } });
  expect((await get("/metrics")).status).toBe(404);
  const ready = await get("/ready");
  expect([ready.status, Object.keys((await ready.json()) as object)]).toEqual([200, ["ready"]]);
  const direct = await fetch(`http://127.0.0.1:${ports[0]}/ready`);
  expect(Object.keys((await direct.json()) as object)).toEqual(["ready", "parts"]);
});

function startOn(port: number): Started {
  const redis = new URL(world.redisUrl);
  // Its queues have no prefix of this world: they get a numbered database for themselves.
  redis.pathname = "/8";
  return start(["serve"], {
    env: {
      ...{ DATABASE_URL: world.databaseUrl, REDIS_URL: redis.href, TELEGRAM_API_ROOT: world.fake.url },
      ...{ SECRET_KEY: testSecretKey, PORT: String(port), TRUSTED_PROXIES: "127.0.0.1", LOG_LEVEL: "error" },
    },
  });
}

const untilHealthy = (port: number) =>
  until(
    `it serves on ${port}`,
    () =>
      fetch(`http://127.0.0.1:${port}/health`, { headers: { connection: "close" } }).then(
        ({ ok }) => ok,
        () => false,
      ),
    30_000,
  );

/** Every update is answered 200 at its first try, is kept once, and its answer is in the chat; twice only if it was under way. */
async function killUnderLoad(name: "nginx" | "haproxy", victim: 0 | 1): Promise<void> {
  await using proxy = await startProxy(name, ports);
  const load = startLoad(proxy, victim * 100_000);
  await until("the load is on", () => load.answers.size >= KILLED_AFTER);
  processes[victim].kill("SIGKILL");
  await processes[victim].exited;
  // Until the lease of the dead one is over, nobody touches what it left.
  const underWay = new Set(
    (await world.sql<{ chat_id: number }[]>`SELECT chat_id FROM effect WHERE state = 'pending'`).map(
      (row) => row.chat_id,
    ),
  );
  await load.over;
  expect([...load.answers].filter(([, answer]) => answer !== "200")).toEqual([]);
  expect(load.answers.size).toBe(PER_SECOND * SECONDS);
  await until("all is done", async () => (await countOpen(world)) === 0, 30_000);

  const chats = [...load.answers.keys()];
  const [rows] = await world.sql`
    SELECT count(*), count(DISTINCT update_id) AS updates FROM inbox
    WHERE bot_id = ${bot.botId} AND update_id BETWEEN ${Math.min(...chats)} AND ${Math.max(...chats)}`;
  expect(rows).toEqual({ count: chats.length, updates: chats.length });
  const welcomes = await countWelcomes();
  expect(chats.filter((chat) => !welcomes.has(chat))).toEqual([]);
  expect(chats.filter((chat) => (welcomes.get(chat) ?? 0) > (underWay.has(chat) ? 2 : 1))).toEqual([]);
}

/** A /start of a new person each five milliseconds, whether the earlier ones are answered or not. An update has its chat's number. */
function startLoad(proxy: ReverseProxy, from: number) {
  const answers = new Map<number, string>();
  const underWay: Promise<void>[] = [];
  const over = Promise.withResolvers<void>();
  const startedAt = performance.now();

  async function post(chat: number): Promise<void> {
    const answer = await fetch(`${proxy.url}/webhook/telegram/${bot.botId}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-telegram-bot-api-secret-token": bot.secret },
      body: JSON.stringify({ update_id: chat, ...messageOf(chat, { text: "/start" }) }),
      tls: { ca: proxy.ca },
    }).then(
      ({ status }) => String(status),
      (error: unknown) => String(error),
    );
    answers.set(chat, answer);
  }

  const clock = setInterval(() => {
    const due = Math.min(PER_SECOND * SECONDS, ((performance.now() - startedAt) / 1_000) * PER_SECOND);
    while (underWay.length < due) underWay.push(post(from + underWay.length + 1));
    if (due < PER_SECOND * SECONDS) return;
    clearInterval(clock);
    void Promise.all(underWay).then(() => over.resolve());
  }, 5);
  return { answers, over: over.promise };
}

/** Messages per chat that Telegram has taken. */
async function countWelcomes(): Promise<Map<number, number>> {
  const calls = await world.fake.control.calls({ token: bot.token, method: "sendMessage", limit: 10_000 });
  return new Map([...Map.groupBy(calls, (call) => Number(call.chat_id))].map(([chat, some]) => [chat, some.length]));
}
