// The program as it serves: several processes on one port, a death among them, and an end that loses nothing.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { isRunning } from "../embedded/services.ts";
import { until } from "../support/until.ts";
import { openWorld, type TestBot, type World } from "../support/world.ts";
import { emptyFolder, endStarted, run, type Started, start } from "./program.ts";

setDefaultTimeout(60_000);

const END_MS = 12_000;

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => {
  await endStarted();
  await world[Symbol.asyncDispose]();
});

/** The address, once `processes` of them serve there. */
function untilServing(grimbots: Started, processes: number): Promise<string> {
  return until(
    "it serves",
    () => grimbots.facts("serving").length >= processes && String(grimbots.facts("serving")[0]?.url),
    30_000,
  );
}

/** A connection of its own each time: a kept one would stick to one process. */
const get = (url: string) => fetch(url, { headers: { connection: "close" } });

/** Ends it with SIGTERM; fails when that takes longer than 12 s or does not end well. */
async function endInTime(grimbots: Started): Promise<void> {
  grimbots.kill("SIGTERM");
  const code = await Promise.race([grimbots.exited, Bun.sleep(END_MS).then(() => "still running after 12 s")]);
  expect(code).toBe(0);
}

const childPids = (grimbots: Started) =>
  grimbots.facts("child.started").map(({ index, childPid }) => ({ index, pid: Number(childPid) }));

test("--embedded --processes 2: it is ready, survives a child's death, and leaves nothing running", async () => {
  await using folder = await emptyFolder();
  const dataDir = path.join(folder.path, "data");
  await using grimbots = start(["serve", "--embedded", "--processes", "2"], { cwd: folder.path, env: { PORT: "0" } });
  const url = await untilServing(grimbots, 2);
  await until("it is ready", async () => (await get(`${url}/ready`)).status === 200);
  const { parts } = (await (await get(`${url}/ready`)).json()) as { parts: object };
  expect(Object.keys(parts)).toEqual(expect.arrayContaining(["database", "redis", "queue_tasks", "queue_clock"]));
  const servers = await serverPids(dataDir);
  expect(await Promise.all(servers.map(isRunning))).toEqual([true, true]);

  const [victim] = childPids(grimbots);
  if (!victim) throw new Error("no child was started");
  process.kill(victim.pid, "SIGKILL");
  await until("its death is told", () => grimbots.facts("child.died").length > 0);
  await until("the other one serves on", async () => (await get(`${url}/health`)).status === 200);
  const successor = await until("another one takes its place", () =>
    childPids(grimbots).find(({ index, pid }) => index === victim.index && pid !== victim.pid),
  );
  await until("the new one serves", () => grimbots.facts("serving").some(({ pid }) => pid === successor.pid));
  await until("all is ready again", async () => (await get(`${url}/ready`)).status === 200);

  await endInTime(grimbots);
  const pids = [...servers, ...childPids(grimbots).map(({ pid }) => pid)];
  expect(await Promise.all(pids.map(isRunning))).toEqual(pids.map(() => false));
  await expect(get(`${url}/health`)).rejects.toThrow();
  const kept = await Promise.all(
    ["embedded.password", "secret.key"].map((name) => readFile(path.join(dataDir, name), "utf8")),
  );
  for (const secret of kept) expect(grimbots.text()).not.toContain(secret.trim());
});

/** PostgreSQL writes its pid into its folder, Redis into its log. */
async function serverPids(dataDir: string): Promise<number[]> {
  const [postgres = ""] = (await readFile(path.join(dataDir, "postgres", "postmaster.pid"), "utf8")).split("\n");
  const redis = /^(\d+):M /m.exec(await readFile(path.join(dataDir, "redis", "redis.log"), "utf8"))?.[1];
  return [Number(postgres), Number(redis)];
}

test("SIGTERM under load: every update that got 200 is kept, nobody is answered twice, and the end is in time", async () => {
  const bot = await world.addBot();
  await using grimbots = startOnWorld(["--processes", "2"]);
  const url = await untilServing(grimbots, 2);
  const load = startLoad(`${url}/webhook/telegram/${bot.botId}`, bot);
  await until("the load is on", () => load.kept.length >= 500, 30_000);

  const taken = await run(["serve"], { env: { ...environment(), PORT: new URL(url).port } });
  expect(taken.code).toBe(1);
  expect(taken.stderr).toMatch(
    /^Cannot listen on 127\.0\.0\.1:\d+ \(.*\); set HOST and PORT to an address that is free\.\n$/,
  );

  await endInTime(grimbots);
  await load.ended;
  expect(load.strange).toEqual([]);
  const rows = await world.sql<{ update_id: number }[]>`SELECT update_id FROM inbox WHERE bot_id = ${bot.botId}`;
  const inDatabase = new Set(rows.map((row) => row.update_id));
  expect(load.kept.filter((updateId) => !inDatabase.has(updateId))).toEqual([]);
  const calls = await world.fake.control.calls({ token: bot.token, method: "sendMessage", limit: 100_000 });
  const chats = calls.map((call) => call.chat_id);
  expect(chats.length).toBeGreaterThan(0);
  expect(new Set(chats).size).toBe(chats.length);
  for (const secret of [bot.token.split(":")[1] ?? "", bot.secret, new URL(world.databaseUrl).password])
    expect(grimbots.text()).not.toContain(secret);
});

test("SIGINT ends it, too; SIGHUP does not, and says that there is nothing to read", async () => {
  await using grimbots = startOnWorld(["--no-http", "--workers", "tasks"]);
  await untilServing(grimbots, 1);
  grimbots.kill("SIGHUP");
  const kept = await until("it says so", () => grimbots.facts("log.level_kept")[0]);
  expect(kept).toMatchObject({ level: "info", reason: expect.stringContaining("LOG_LEVEL_FILE is not set") });
  // Nobody is there who could be told of a successor.
  grimbots.kill("SIGUSR2");
  await until("it does not hand over", () => grimbots.facts("handover.refused")[0]);
  grimbots.kill("SIGINT");
  expect(await grimbots.exited).toBe(0);
  expect(grimbots.facts("ending")).toMatchObject([{ signal: "SIGINT" }]);
});

function environment(): Record<string, string> {
  return {
    ...{ DATABASE_URL: world.databaseUrl, REDIS_URL: world.redisUrl, TELEGRAM_API_ROOT: world.fake.url, PORT: "0" },
    SECRET_KEY: Buffer.alloc(32, 7).toString("base64"),
  };
}

const startOnWorld = (flags: string[]): Started => start(["serve", ...flags], { env: environment() });

/** Posts a /start of a new person after the other, sixteen at a time, until nobody listens any more. */
function startLoad(url: string, bot: TestBot) {
  const kept: number[] = [];
  const strange: string[] = [];
  let next = 0;

  async function postOn(): Promise<void> {
    for (;;) {
      const updateId = ++next;
      const answer = await post(updateId).catch(() => undefined);
      if (answer === undefined) return;
      if (answer.status === 200) kept.push(updateId);
      else if (answer.status !== 503 || !answer.headers.has("retry-after")) strange.push(`${answer.status}`);
    }
  }

  function post(updateId: number): Promise<Response> {
    const chat = { id: 10_000 + updateId, type: "private" };
    const from = { id: chat.id, is_bot: false, first_name: "Bob" };
    return fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", "x-telegram-bot-api-secret-token": bot.secret },
      body: JSON.stringify({
        update_id: updateId,
        message: { message_id: 1, date: 1_772_366_400, chat, from, text: "/start" },
      }),
    });
  }

  return { kept, strange, ended: Promise.all(Array.from({ length: 16 }, postOn)) };
}
