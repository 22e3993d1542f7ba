// PostgreSQL goes away under load: a 200 is given only for what is kept, nothing that got one is lost, and it goes on by itself.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { within } from "#src/kernel/within.ts";
import { allDone } from "../support/all-done.ts";
import { startServices } from "../support/services.ts";
import { until } from "../support/until.ts";
import { openWorld, type Running, type TestBot, type World } from "../support/world.ts";

setDefaultTimeout(60_000);

const POSTING_AT_ONCE = 10;
const WELCOME = "Oi, Alice!";

let own: Awaited<ReturnType<typeof startServices>>;
let world: World;
let bot: TestBot;
let processes: [Running, Running];
let chatId = 0;

beforeAll(async () => {
  own = await startServices();
  world = await openWorld({ services: own });
  bot = await world.addBot();
  processes = [await world.start(), await world.start()];
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await own.stop();
});

/** Posts a /start of each chat, each until it is kept, as Telegram does. Tells every answer that was no 200. */
async function postAll(chats: number[], onKept: () => void): Promise<{ status: number; retryAfter: string | null }[]> {
  const left = chats.values();
  const refusals: { status: number; retryAfter: string | null }[] = [];
  async function post(chat: number): Promise<boolean> {
    const update = { update_id: 700_000 + chat };
    const { status, headers } = await bot.write(processes[chat % 2] as Running, chat, "/start", update);
    if (status === 200) onKept();
    else refusals.push({ status, retryAfter: headers.get("retry-after") });
    return status === 200;
  }
  async function postNext(): Promise<void> {
    for (const chat of left) await until(`the /start of ${chat} is kept`, () => post(chat), 30_000);
  }
  await Promise.all(Array.from({ length: POSTING_AT_ONCE }, postNext));
  return refusals;
}

/** Posts for `people`; each time a third of them is kept, `strike` happens. Then everything must be as if it had not. */
async function strikeUnderLoad(people: number, strike: () => Promise<unknown>): Promise<void> {
  const chats = Array.from({ length: people }, () => ++chatId);
  const strikes: Promise<unknown>[] = [];
  let kept = 0;
  const refusals = await postAll(chats, () => {
    if (++kept === Math.floor(people / 3)) strikes.push(strike());
    // The second only when PostgreSQL has come back from the first.
    if (kept === Math.floor(people / 2)) strikes.push(Promise.all(strikes).then(strike));
  });
  await Promise.all(strikes);
  expect(strikes.length).toBe(2);
  expect(refusals.filter(({ status, retryAfter }) => status !== 503 || Number(retryAfter) < 1)).toEqual([]);
  await until("PostgreSQL answers on every connection of the test", async () => {
    const asked = await Promise.allSettled(Array.from({ length: 8 }, () => world.sql`SELECT 1`));
    return asked.every(({ status }) => status === "fulfilled");
  });
  await allDone(world, processes, 30_000);
  const [rows] = await world.sql`
    SELECT count(*), count(DISTINCT update_id) AS updates FROM inbox
    WHERE outcome = 'processed' AND update_id - 700000 = ANY(${chats}::bigint[])`;
  expect(rows).toEqual({ count: people, updates: people });
  const answers = await Promise.all(chats.map(async (chat) => ({ chat, answers: await bot.chat(chat) })));
  expect(answers).toEqual(chats.map((chat) => ({ chat, answers: [WELCOME] })));
}

test("every connection is ended, twice", () =>
  strikeUnderLoad(
    240,
    () => world.sql`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'grimbots%'`,
  ));

test("PostgreSQL is killed, twice, and started again by those who keep it running", () =>
  strikeUnderLoad(240, async () => {
    const { postgresPid } = own.embedded;
    process.kill(postgresPid, "SIGKILL");
    await until("PostgreSQL runs again", () => own.embedded.postgresPid !== postgresPid, 30_000);
  }));

test("while PostgreSQL stands still nothing is taken in, and what was asked is told to come back", async () => {
  const unread = await world.addBot();
  const chat = ++chatId;
  await whileFrozen(async () => {
    // The second bot has to be read first, and that takes no longer than the INSERT may.
    const posting = [bot, unread].map((one) => one.write(processes[0], chat, "/start", { update_id: 700_000 + chat }));
    const refused = await within(15_000, Promise.all(posting), () => new Error("no answer at all"));
    for (const response of refused) {
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "2"]);
      expect(await response.json()).toMatchObject({ detail: "The update could not be kept; send it again." });
    }
  });
  await postAll([chat], () => undefined);
  await allDone(world, processes);
  expect(await bot.chat(chat)).toEqual([WELCOME]);
});

/** Runs `story` while PostgreSQL and its connections stand still, but have not gone. */
async function whileFrozen(story: () => Promise<void>): Promise<void> {
  const sessions = await world.sql<{ pid: number }[]>`
    SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'`;
  const pids = [own.embedded.postgresPid, ...sessions.map(({ pid }) => pid)];
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  try {
    await story();
  } finally {
    for (const pid of pids) process.kill(pid, "SIGCONT");
  }
}
