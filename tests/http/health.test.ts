// What the program tells of itself: alive, ready part by part, and its metrics, to this machine or to who holds the token.

import { afterAll, beforeAll, expect, spyOn, test } from "bun:test";
import type { App } from "#src/app.ts";
import { openHttp } from "#src/http/index.ts";
import { readConfig } from "#src/kernel/config.ts";
import { metrics } from "#src/kernel/metrics.ts";
import { openLogBook } from "../support/log-book.ts";
import { untilQuiet } from "../support/quiet.ts";
import { until } from "../support/until.ts";
import { OPENING_MS, openWorld, type Running, type TestBot, type World } from "../support/world.ts";

const METRICS_TOKEN = "a-token-for-metrics";
const CHAT = 880_077_001;

let world: World;
let server: Running;
let bot: TestBot;
beforeAll(async () => {
  world = await openWorld();
  bot = await world.addBot();
  server = await world.start({ settings: { metricsToken: METRICS_TOKEN } });
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose](), OPENING_MS);

type Part = { ok: boolean; detail: string };
type Answer = { ready: boolean; parts?: Record<string, Part> };

async function ask(path: string, headers: Record<string, string> = {}, of = server) {
  const response = await fetch(`${of.http.url}${path}`, { headers });
  return { status: response.status, text: await response.text(), type: response.headers.get("content-type") };
}

async function askReady(of: Running, headers: Record<string, string> = {}) {
  const { status, text } = await ask("/ready", headers, of);
  return { status, ...(JSON.parse(text) as Answer) };
}

const notOk = (parts: Record<string, Part> = {}) => Object.keys(parts).filter((name) => !parts[name]?.ok);
const QUEUES = ["queue_tasks", "queue_webhook", "queue_gateway", "queue_clock"];

/** Counted only when there is something to count: nothing was swept, no button tapped, nobody refused, no job needed, no alert looked for. */
const RARE = [
  ...["swept_total", "button_answers_total", "broadcast_messages_total", "starts_refused_total", "sweep_seconds"],
  ...["job_seconds", "jobs_stalled_total", "alerts_looked_seconds"],
  // Of the program as it is started: its version, what it was told to work on, its folder.
  ...["build_info", "process_info", "disk_free_bytes", "disk_size_bytes"],
].map((name) => `grimbots_${name}`);

/** What has no sample before somebody buys. */
const withASale = [
  "gateway_call_seconds",
  "charge_seconds",
  "charge_verdicts_total",
  "notices_total",
  "deliveries_total",
].map((name) => `grimbots_${name}`);

test("/health says that it is alive", async () => {
  expect(await ask("/health")).toEqual({ status: 200, text: '{"status":"ok"}', type: "application/json" });
});

test("/ready names each part", async () => {
  // Its workers are there as soon as their connections are.
  await until("readiness", async () => (await askReady(server)).ready);
  const { status, ready, parts } = await askReady(server);
  expect({ status, ready, notOk: notOk(parts) }).toEqual({ status: 200, ready: true, notOk: [] });
  expect(Object.keys(parts ?? {})).toEqual(["database", "lease", "redis", ...QUEUES]);
});

test("/ready is 503 with Redis and its queues when Redis is down", async () => {
  const lonely = await world.start({ redisUrl: "redis://127.0.0.1:1", workers: [] });
  const { status, ready, parts } = await askReady(lonely);
  expect({ status, ready, notOk: notOk(parts) }).toEqual({ status: 503, ready: false, notOk: ["redis", ...QUEUES] });
  expect((await ask("/health", {}, lonely)).status).toBe(200);
});

test("/ready is 503 with the queues behind which nobody works", async () => {
  const idle = await openWorld();
  const door = await idle.start({ workers: [] });
  expect(notOk((await askReady(door)).parts)).toEqual(QUEUES);
  const worker = await idle.start({ workers: ["tasks", "clock"] });
  // Its workers are there once Redis has heard of them.
  await until("two queues have workers", async () => notOk((await askReady(door)).parts).length === 2);
  const { status, parts } = await askReady(door);
  expect({ status, notOk: notOk(parts) }).toEqual({ status: 503, notOk: ["queue_webhook", "queue_gateway"] });
  await worker.stop();
  await idle[Symbol.asyncDispose]();
});

test("to a stranger /ready says only whether", async () => {
  expect(await askReady(server, { "x-forwarded-for": "203.0.113.7" })).toEqual({ status: 200, ready: true });
});

test("a storm of strangers at /ready is one reading, of which all are told", async () => {
  using asked = spyOn(server.app.redis, "info");
  const strange = { "x-forwarded-for": "203.0.113.7" };
  const answers = await Promise.all(Array.from({ length: 50 }, () => askReady(server, strange)));
  expect(answers.filter(({ ready }) => ready).length).toBe(50);
  // A second one began if the first was old by then.
  expect(asked.mock.calls.length).toBeLessThanOrEqual(2);
});

test("a door that fails is told by its route: an address may hold a token", async () => {
  const { log, facts, text } = openLogBook();
  const broken: App = Object.defineProperty({ ...server.app, log }, "clock", {
    get(): never {
      throw new Error("no clock");
    },
  });
  const http = openHttp(broken, { host: "127.0.0.1", port: 0 });
  expect((await fetch(`${http.url}/delivery/token-of-a-buyer`)).status).toBe(503);
  expect(facts("http.failed")).toMatchObject([{ route: "/delivery/:token", reason: "no clock" }]);
  expect(text()).not.toContain("token-of-a-buyer");
  await http.stop();
});

test("/metrics is for this machine, or for who holds the token", async () => {
  const bearer = { authorization: `Bearer ${METRICS_TOKEN}` };
  expect((await ask("/metrics")).status).toBe(200);
  for (const proxied of [{ "x-forwarded-for": "127.0.0.1" }, { forwarded: "for=127.0.0.1" }]) {
    const refused = await ask("/metrics", { ...proxied });
    expect([refused.status, refused.type]).toEqual([401, "application/problem+json"]);
    expect((await ask("/metrics", { ...proxied, authorization: "Bearer wrong" })).status).toBe(401);
    expect((await ask("/metrics", { ...proxied, ...bearer })).status).toBe(200);
  }
});

test("who is refused /metrics is told with his address, as the trusted proxy says it", async () => {
  const logs = openLogBook();
  const { trustedProxies } = readConfig({ TRUSTED_PROXIES: "127.0.0.1" });
  const behind = await world.start({ log: logs.log, settings: { trustedProxies } });
  await ask("/metrics", { "x-forwarded-for": "127.0.0.1, 203.0.113.7" }, behind);
  expect(logs.facts("metrics.refused")).toMatchObject([{ address: "203.0.113.7" }]);
});

/** The value of a sample, by its name and labels as they are written. */
async function readMetric(name: string): Promise<number> {
  const { text } = await ask("/metrics");
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  if (line === undefined) throw new Error(`there is no sample ${name}`);
  return Number(line.slice(name.length));
}

test("a /start is counted from its arrival to its first send", async () => {
  const counted = [
    ["grimbots_updates_kept_total", 1],
    ["grimbots_updates_repeated_total", 1],
    ['grimbots_rows_processed_total{outcome="processed"}', 1],
    ['grimbots_effects_total{kind="send",outcome="done"}', 1],
    ["grimbots_first_send_seconds_count", 1],
    ['grimbots_telegram_call_seconds_count{method="sendMessage",outcome="ok"}', 1],
  ] as const;
  await bot.write(server, CHAT + 1, "/start", { update_id: 1 });
  await bot.write(server, CHAT + 1, "/start", { update_id: 1 });
  await untilQuiet(world, server);
  const before = await Promise.all(counted.map(([name]) => readMetric(name)));
  await bot.write(server, CHAT, "/start", { update_id: 2 });
  await bot.write(server, CHAT, "/start", { update_id: 2 });
  await untilQuiet(world, server);
  const after = await Promise.all(counted.map(([name]) => readMetric(name)));
  expect(after.map((value, index) => value - (before[index] ?? 0))).toEqual(counted.map(([, more]) => more));
});

test("every metric has a value, and none names a bot, a person or a secret", async () => {
  await fetch(`${server.http.url}/webhook/telegram/${bot.botId}`, { method: "POST", body: "{}" });
  const { text, type } = await ask("/metrics");
  expect(type).toContain("text/plain");
  const names = await Promise.all(Object.values(metrics).map(async (metric) => (await metric.get()).name));
  const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const rare = [...RARE, ...withASale];
  const missing = names.filter((name) => !rare.includes(name) && !samples.some((line) => line.startsWith(name)));
  expect(missing).toEqual([]);
  expect(names.filter((name) => !text.includes(`# HELP ${name} `))).toEqual([]);
  for (const secret of [bot.token, bot.secret, String(CHAT), bot.token.slice(0, 7)]) expect(text).not.toContain(secret);
});
