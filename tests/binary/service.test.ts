// The program as a service: what it tells the service manager, and that nobody is refused while one process follows another.

import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { readlink, realpath, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { isRunning } from "../embedded/services.ts";
import { type NotifySocket, openNotifySocket, type Told } from "../support/notify-socket.ts";
import { type SteadyLoad, startLoad } from "../support/steady-load.ts";
import { until } from "../support/until.ts";
import { OPENING_MS, openWorld, type TestBot, testSecretKey, type World } from "../support/world.ts";
import { emptyFolder, endStarted, programIn, type Started, start } from "./program.ts";

setDefaultTimeout(60_000);

let world: World;
let bot: TestBot;
beforeAll(async () => {
  world = await openWorld();
  bot = await world.addBot();
}, OPENING_MS);
afterAll(async () => {
  await endStarted();
  await endSuccessors();
  await world[Symbol.asyncDispose]();
});

let manager: NotifySocket;
const managers: NotifySocket[] = [];
beforeEach(() => {
  manager = openNotifySocket(`@grimbots-test-${process.pid}-${managers.length}`);
  managers.push(manager);
});

/** Who took over is no child of ours: a test that fails would leave it running. */
async function endSuccessors(): Promise<void> {
  const pids = new Set(
    managers.flatMap((one) => one.told()).flatMap(({ MAINPID }) => (MAINPID === undefined ? [] : [Number(MAINPID)])),
  );
  for (const pid of pids) {
    const program = await readlink(`/proc/${pid}/exe`).catch(() => undefined);
    if (program === (await realpath(programIn()))) process.kill(pid, "SIGKILL");
  }
}

const PROCESSES = 2;
const PER_SECOND = 150;

type Extra = { env?: Record<string, string>; fd?: number; folder?: string };

/** Starts it as a unit does, and waits until it says that it serves. */
async function startService({ env = {}, fd, folder }: Extra = {}): Promise<Started> {
  const already = ready().length;
  const service = start(["serve", "--workers", "none", "--processes", String(PROCESSES)], {
    env: {
      ...{ DATABASE_URL: world.databaseUrl, REDIS_URL: world.redisUrl, TELEGRAM_API_ROOT: world.fake.url, PORT: "0" },
      ...{ SECRET_KEY: testSecretKey, NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: "400000", ...env },
    },
    ...(fd === undefined ? {} : { fd }),
    ...(folder === undefined ? {} : { folder }),
  });
  await until("it says that it serves", () => ready().length > already, 30_000);
  return service;
}

/** The next process of the same service: it gets what the manager keeps. */
function startNext(): Promise<Started> {
  const [fd = -1] = manager.kept();
  return startService({ fd, env: { LISTEN_FDS: "1", LISTEN_FDNAMES: "grimbots" } });
}

const ready = (): Told[] => manager.told().filter((told) => told.READY === "1");
const pings = (): number => manager.told().filter((told) => told.WATCHDOG === "1").length;
const lastStatus = (): string =>
  manager
    .told()
    .flatMap(({ STATUS }) => STATUS ?? [])
    .at(-1) ?? "";

/** Where it serves, as its status line says. */
const urlOf = (told: Told | undefined): string => `http://${/serve at (\S+)$/.exec(told?.STATUS ?? "")?.[1]}`;

/** New people who say /start, one after the other. */
function startPosting(url: string, from: number): SteadyLoad {
  return startLoad(url, PER_SECOND, (n, kept) => {
    const chat = { id: from + n, type: "private" };
    const sender = { id: chat.id, is_bot: false, first_name: "Bob" };
    const message = { message_id: 1, date: 1_772_366_400, chat, from: sender, text: "/start" };
    const body = JSON.stringify({ update_id: from + n, message });
    return [
      `POST /webhook/telegram/${bot.botId} HTTP/1.1\r\nhost: localhost\r\nconnection: ${kept ? "keep-alive" : "close"}`,
      `content-type: application/json\r\nx-telegram-bot-api-secret-token: ${bot.secret}`,
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ].join("\r\n");
  });
}

/** Waits for so many more answers, so that the load is seen on both sides of what happened. */
function untilAnswered(load: SteadyLoad, more: number): Promise<boolean> {
  const before = load.counts()["200"] ?? 0;
  return until("it answers", () => (load.counts()["200"] ?? 0) >= before + more);
}

/** Of many hundreds: the server takes leave of each connection that is used, so that this stays a coincidence. */
const MOST_CROSSED = 3;

/** Ends the load; fails when anything but 200 came. Every update that got it is kept, once. */
async function endWell(load: SteadyLoad, from: number): Promise<void> {
  await load.end();
  const { "200": kept = 0, ...others } = load.counts();
  expect(others).toEqual({});
  expect(load.crossed()).toBeLessThanOrEqual(MOST_CROSSED);
  const rows =
    await world.sql`SELECT 1 FROM inbox WHERE bot_id = ${bot.botId} AND update_id BETWEEN ${from} AND ${from + 99_999}`;
  expect(rows.length).toBe(kept);
}

test("it says when it serves, that it lives, and when it ends; one that freezes is replaced without the others", async () => {
  await using folder = await emptyFolder();
  const levelFile = path.join(folder.path, "log_level");
  await writeFile(levelFile, "info\n");
  await using service = await startService({ env: { LOG_LEVEL_FILE: levelFile } });
  const url = urlOf(ready()[0]);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  expect(ready()).toMatchObject([
    { MAINPID: String(service.pid), STATUS: `2 of 2 processes serve at ${url.slice(7)}` },
  ]);
  const before = pings();
  await until("it says three times that it lives", () => pings() >= before + 3);

  const [victim] = service.facts("child.started");
  process.kill(Number(victim?.childPid), "SIGSTOP");
  const died = await until("the frozen one is ended", () => service.facts("child.died")[0], 15_000);
  expect(died).toMatchObject({ index: victim?.index, how: "silent, so it was killed" });
  await until("its successor serves", () => service.facts("serving").length === PROCESSES + 1);
  await until("the manager knows", () => lastStatus().startsWith("2 of 2"));
  expect(service.facts("child.died")).toHaveLength(1);

  await writeFile(levelFile, "debug\n");
  service.kill("SIGHUP");
  await until("all three have the new level", () => service.facts("log.level").length === PROCESSES + 1);
  await writeFile(levelFile, "loud\n");
  service.kill("SIGHUP");
  const kept = await until("a wrong one is said", () => service.facts("log.level_kept")[0]);
  expect(kept).toMatchObject({ level: "debug", reason: expect.stringContaining("LOG_LEVEL must be one of") });

  service.kill("SIGTERM");
  expect(await service.exited).toBe(0);
  expect(manager.told().filter((told) => told.STOPPING === "1")).toHaveLength(1);
  manager[Symbol.dispose]();
});

test("restarted, and killed, under load: nobody is refused, cut off or put off", async () => {
  await using first = await startService();
  expect(manager.kept()).toHaveLength(1);
  const from = 1_000_000;
  const load = startPosting(urlOf(ready()[0]), from);
  await untilAnswered(load, 60);
  first.kill("SIGTERM");
  expect(await first.exited).toBe(0);
  await using second = await startNext();
  await untilAnswered(load, 60);
  // Its children see that it is gone, and end as they do when they are asked to.
  second.kill("SIGKILL");
  await using third = await startNext();
  await untilAnswered(load, 60);
  await endWell(load, from);
  expect(urlOf(ready().at(-1))).toBe(urlOf(ready()[0]));
  third.kill("SIGTERM");
  expect(await third.exited).toBe(0);
  manager[Symbol.dispose]();
});

test("it hands over to what it is called by now, under load: nobody waits, and a successor that fails changes nothing", async () => {
  await using folder = await emptyFolder();
  const link = path.join(folder.path, "grimbots");
  await symlink(programIn(), link);
  await using old = await startService({ folder: folder.path });
  const from = 2_000_000;
  const load = startPosting(urlOf(ready()[0]), from);
  await untilAnswered(load, 60);
  await rm(link);
  await symlink("/bin/false", link);
  old.kill("SIGUSR2");
  await until("the successor has failed", () => old.facts("handover.failed")[0]);
  await until("the manager knows", () => lastStatus() === "serves; the successor did not (exit code 1)");

  await rm(link);
  await symlink(programIn(), link);
  old.kill("SIGUSR2");
  const isOther = ({ MAINPID }: Told) => MAINPID !== undefined && MAINPID !== String(old.pid);
  const successor = await until("another one serves", () => ready().find(isOther), 20_000);
  const pid = Number(successor.MAINPID);
  try {
    expect(manager.told().filter((told) => told.RELOADING === "1")).toHaveLength(2);
    await untilAnswered(load, 60);
    await endWell(load, from);
    await until("the old one has ended", async () => !(await isRunning(old.pid)), 20_000);
    expect(manager.told().filter((told) => told.STOPPING === "1")).toEqual([]);
    expect((await fetch(`${urlOf(successor)}/health`)).status).toBe(200);
  } finally {
    process.kill(pid, "SIGTERM");
  }
  await until("the successor has ended", async () => !(await isRunning(pid)), 15_000);
  manager[Symbol.dispose]();
});
