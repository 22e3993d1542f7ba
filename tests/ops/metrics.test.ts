// What /metrics tells after traffic of every kind: conventions held, no id as a label, a bounded number of series, and the figures themselves.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { ofAll, ofProcess } from "#src/kernel/metrics/registries.ts";
import { openStory, type Story } from "../support/story.ts";
import { toolPath } from "../support/tools.ts";
import { until } from "../support/until.ts";
import { OPENING_MS } from "../support/world.ts";

const CHAT = 880_123_456;
/** Of one process; histograms have a dozen each. A machine of ten processes stays below ten thousand. */
const MOST_SERIES = 900;

let story: Story;
beforeAll(async () => {
  story = await openStory();
}, OPENING_MS);
afterAll(() => story[Symbol.asyncDispose]());

type Series = { name: string; labels: Record<string, string>; value: number };

async function scrape(of = story.one): Promise<Series[]> {
  const text = await (await fetch(`${of.http.url}/metrics`)).text();
  const samples = [...text.matchAll(/^([a-z_]+)(?:\{(.*)\})? (\S+)$/gm)];
  return samples.map(([, name = "", labels = "", value = ""]) => ({
    ...{ name, value: Number(value) },
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, is]) => [label, is ?? ""])),
  }));
}

/** The sum of the series of this name whose labels are these. */
const sumOf = (series: Series[], name: string, labels: Record<string, string> = {}): number =>
  series
    .filter((one) => one.name === name && Object.entries(labels).every(([label, is]) => one.labels[label] === is))
    .reduce((sum, { value }) => sum + value, 0);

test("names, units and help keep to Prometheus' conventions", () => {
  type Told = { name: string; help: string; type: string };
  const all = [...ofProcess.getMetricsAsArray(), ...ofAll.getMetricsAsArray()] as unknown as Told[];
  expect(all.length).toBeGreaterThan(50);
  const odd = all.filter(({ name, help, type }) => {
    if (!/^grimbots_[a-z]+(_[a-z]+)*$/.test(name) || help.length < 15 || !help.endsWith(".")) return true;
    if (type === "counter") return !name.endsWith("_total");
    if (type === "histogram") return !name.endsWith("_seconds");
    return /_total$|_(ms|milliseconds|kb|mb|minutes|percent)(_|$)/.test(name);
  });
  expect(odd.map(({ name }) => name)).toEqual([]);
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
});

test("promtool finds nothing to complain of in what is told", async () => {
  const tool = toolPath("promtool");
  const stdin = new Blob([await (await fetch(`${story.one.http.url}/metrics`)).text()]);
  const env = { PATH: process.env.PATH ?? "", ...tool.env };
  const child = Bun.spawn([tool.path, "check", "metrics"], { stdin, env, stdout: "pipe", stderr: "pipe" });
  const said = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  expect([await child.exited, ...said]).toEqual([0, "", ""]);
});

test("a start, a sale and a delivery are counted where they happen", async () => {
  const { world, one, shop } = story;
  const before = await scrape();
  await shop.bot.write(one, CHAT, "/start");
  await shop.bot.write(one, CHAT, "/start");
  await story.quiet();
  const { gatewayId, orderId } = await shop.buy(one, CHAT);
  await shop.sandbox.control.pay({ id: gatewayId });
  await until("it is delivered", async () => {
    const [row] = await world.sql<{ state: string }[]>`SELECT state FROM delivery WHERE order_id = ${orderId}`;
    return row?.state === "sent";
  });
  await story.quiet();
  const after = await scrape();
  const more = (name: string, labels: Record<string, string> = {}) =>
    sumOf(after, name, labels) - sumOf(before, name, labels);
  expect(more("grimbots_starts_received_total")).toBe(1);
  expect(more("grimbots_starts_welcomed_total")).toBe(1);
  expect(more("grimbots_start_welcome_seconds_count")).toBe(1);
  const door = { method: "POST", route: "/webhook/telegram/:botId", status: "200" };
  expect(more("grimbots_http_requests_total", door)).toBe(3);
  expect(more("grimbots_http_request_seconds_count", { route: door.route })).toBe(3);
  expect(more("grimbots_http_requests_total", { route: "/webhook/payment/:gateway/:account/:charge" })).toBeGreaterThan(
    0,
  );
  expect(more("grimbots_telegram_call_seconds_count", { method: "sendPhoto", outcome: "ok" })).toBe(1);
  expect(more("grimbots_telegram_call_seconds_count", { method: "answerCallbackQuery" })).toBe(1);
  expect(more("grimbots_charge_seconds_count", { gateway: "sandbox", outcome: "made" })).toBe(1);
  expect(more("grimbots_deliveries_total", { outcome: "sent" })).toBe(1);
  expect(more("grimbots_paid_to_delivered_seconds_count")).toBe(1);
  expect(more("grimbots_job_seconds_count", { queue: "webhook", outcome: "done" })).toBeGreaterThan(0);
});

test("who blocked the bot is not welcomed, and no fault of ours", async () => {
  const { world, one, shop } = story;
  const description = "Forbidden: bot was blocked by the user";
  await world.fake.control.fault({ kind: "403", description, token: shop.bot.token, chat_id: CHAT + 1, times: 1 });
  const before = await scrape();
  await shop.bot.write(one, CHAT + 1, "/start");
  await story.quiet();
  const after = await scrape();
  const more = (name: string, labels = {}) => sumOf(after, name, labels) - sumOf(before, name, labels);
  expect(more("grimbots_starts_received_total")).toBe(1);
  expect(more("grimbots_starts_refused_total", { reason: "person" })).toBe(1);
  expect(more("grimbots_starts_welcomed_total")).toBe(0);
});

test("whatever strangers ask, series stay few and no label holds an id", async () => {
  const { one } = story;
  for (let n = 0; n < 40; n++) {
    await fetch(`${one.http.url}/nowhere/${n}`);
    await fetch(`${one.http.url}/webhook/telegram/${1_000_000 + n}`, { method: "POST", body: "{}" });
    await fetch(`${one.http.url}/webhook/payment/gate${n}`, { method: "POST", body: "{}" });
    await fetch(`${one.http.url}/delivery/token-${n}`, { method: n % 2 ? "GET" : "HEAD" });
  }
  await fetch(`${one.http.url}/health`, { method: "PROPFIND" });
  const series = await scrape();
  const values = series.flatMap(({ labels }) => Object.entries(labels));
  const ids = values.filter(([label, is]) => label !== "le" && /\d{4,}|token-|gate\d|nowhere|[0-9a-f]{16}/.test(is));
  expect(ids).toEqual([]);
  expect(sumOf(series, "grimbots_http_requests_total", { route: "none", status: "404" })).toBeGreaterThanOrEqual(40);
  expect(series.length).toBeLessThan(MOST_SERIES);
});

test("the process and the stores tell how they are", async () => {
  const series = await scrape();
  const up = ["grimbots_database_up", "grimbots_redis_up", "grimbots_redis_noeviction", "grimbots_lease_held"];
  for (const name of [...up, "grimbots_processes"]) expect([name, sumOf(series, name)]).toEqual([name, 1]);
  const positive = [
    "resident_memory_bytes",
    "heap_bytes",
    "open_fds",
    "max_fds",
    "cpu_seconds_total",
    "database_bytes",
  ];
  for (const name of [...positive, "redis_memory_bytes", "database_connections_max", "database_roundtrip_seconds"])
    expect([name, sumOf(series, `grimbots_${name}`) > 0]).toEqual([name, true]);
  expect(Math.abs(sumOf(series, "grimbots_clock_skew_seconds"))).toBeLessThan(1);
  expect(Math.abs(sumOf(series, "grimbots_start_time_seconds") - Date.now() / 1_000)).toBeLessThan(600);
  const queues = series.filter(({ name }) => name === "grimbots_queue_workers");
  const one = ["tasks", "webhook", "gateway", "clock"].map((queue) => [queue, 1]);
  expect(queues.map(({ labels, value }) => [labels.queue, value])).toEqual(one);
});

test("without Redis that is told, and nothing that only Redis knows", async () => {
  const lonely = await story.world.start({ redisUrl: "redis://127.0.0.1:1", workers: [] });
  const names = (await scrape(lonely)).filter(({ name }) => /redis|queue/.test(name));
  expect(names.map(({ name, value }) => [name, value])).toEqual([["grimbots_redis_up", 0]]);
  expect(sumOf(await scrape(lonely), "grimbots_database_up")).toBe(1);
  await lonely.stop();
});
