// The program is killed under load, three times, and started again: nothing that got a 200 is lost, and only a message that was under
// way at a kill may stand twice.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { freePort } from "#src/embedded/free-port.ts";
import { countOpen } from "../support/all-done.ts";
import { type Child, startServe } from "../support/serve.ts";
import { until } from "../support/until.ts";
import { openWorld, type TestBot, type World } from "../support/world.ts";

setDefaultTimeout(60_000);

const PEOPLE = 300;
const POSTING_AT_ONCE = 6;
const KILLED_AFTER_SENDS = [50, 130, 210];

let world: World;
let bot: TestBot;
let child: Child | undefined;

beforeAll(async () => {
  world = await openWorld();
  bot = await world.addBot();
});
afterAll(async () => {
  await child?.kill();
  await world[Symbol.asyncDispose]();
});

test("kill -9 under load loses nothing and doubles only what was under way", async () => {
  const port = await freePort();
  // Slow enough that every kill finds messages whose answer has not come.
  await world.fake.control.fault({ kind: "latency", ms: 25, method: "sendMessage" });
  child = startServe(world, port);
  const posting = postAll(child);
  const underWay: Set<number>[] = [];
  let before = new Map<number, number>();
  for (const sends of KILLED_AFTER_SENDS) {
    const { complete } = await world.fake.control.wait({ token: bot.token, method: "sendMessage", count: sends });
    expect(complete).toBe(true);
    await child.kill();
    await until("PostgreSQL has ended what the killed one began", async () => (await countSessions()) === 0);
    underWay.push(await findUnderWay(before));
    before = await countWelcomes();
    child = startServe(world, port);
  }
  await posting;
  await until("all done", async () => (await countOpen(world)) === 0, 30_000);

  const rows =
    await world.sql`SELECT count(*), count(DISTINCT update_id) AS updates FROM inbox WHERE outcome = 'processed'`;
  expect(rows[0]).toEqual({ count: PEOPLE, updates: PEOPLE });
  const welcomes = await countWelcomes();
  const countOf = (chat: number): number => welcomes.get(chat) ?? 0;
  const killsOf = (chat: number): number => underWay.filter((chats) => chats.has(chat)).length;
  expect(people.filter((chat) => countOf(chat) === 0)).toEqual([]);
  expect(people.filter((chat) => countOf(chat) > 1 + killsOf(chat))).toEqual([]);
  const effects = await world.sql`SELECT DISTINCT state FROM effect WHERE kind = 'send'`;
  expect([...effects]).toEqual([{ state: "done" }]);
  // Without a message under way at a kill the story would have shown nothing.
  expect(underWay.reduce((sum, chats) => sum + chats.size, 0)).toBeGreaterThan(0);
});

const people = Array.from({ length: PEOPLE }, (_, n) => n + 1);

/** Posts a /start of each person, each until it gets its 200, as Telegram does. */
async function postAll(to: Child): Promise<void> {
  const left = people.values();
  async function postNext(): Promise<void> {
    for (const chat of left) {
      // No answer, because nobody listens or the connection broke, is no 200.
      const post = () =>
        bot.write(to, chat, "/start", { update_id: 700_000 + chat }).then(
          ({ status }) => status === 200,
          () => false,
        );
      await until(`the /start of ${chat} is kept`, post, 30_000);
    }
  }
  await Promise.all(Array.from({ length: POSTING_AT_ONCE }, postNext));
}

async function countSessions(): Promise<number> {
  const [sessions] = await world.sql<{ count: number }[]>`
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'grimbots'`;
  return sessions?.count ?? -1;
}

/** Chats whose message Telegram got since the kill `before` while nobody wrote that down: this kill came in between. */
async function findUnderWay(before: Map<number, number>): Promise<Set<number>> {
  const pending = await world.sql<{ chat_id: number }[]>`
    SELECT chat_id FROM effect WHERE kind = 'send' AND state = 'pending'`;
  const welcomes = await countWelcomes();
  const chats = pending.map((row) => row.chat_id);
  return new Set(chats.filter((chat) => (welcomes.get(chat) ?? 0) > (before.get(chat) ?? 0)));
}

/** Welcomes per chat, those that the fake Telegram is still answering among them. */
async function countWelcomes(): Promise<Map<number, number>> {
  const calls = await world.fake.control.calls({ token: bot.token, method: "sendMessage", limit: 10_000 });
  return new Map([...Map.groupBy(calls, (call) => Number(call.chat_id))].map(([chat, some]) => [chat, some.length]));
}
