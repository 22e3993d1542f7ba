// What a look reads does not grow with what is kept: every statement stays below a hundred pages among fifty thousand rows.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { connectDatabase, type Database } from "#db/connect.ts";
import { OPENING_MS, openWorld, type TestBot, type World } from "../support/world.ts";

const ROWS = 50_000;
/** 0.8 MB; the tables and indexes together have some five thousand pages. */
const MOST_PAGES = 100;

let world: World;
let sql: Database;
let bot: TestBot;

beforeAll(async () => {
  world = await openWorld();
  sql = connectDatabase(world.databaseUrl, { connections: 1 });
  bot = await world.addBot();
  // A plan that was made while the tables were empty stays in use.
  for (let n = 0; n < 6; n++) {
    await sql.unsafe(`SELECT * FROM starts_waiting(${at(-60)}, ${at(600)}, 1000)`);
    await sql.unsafe(`SELECT count_starts(${at(-60)}, 50000)`);
  }
  await fill();
}, OPENING_MS);
afterAll(async () => {
  await sql.end();
  await world[Symbol.asyncDispose]();
}, OPENING_MS);

/** Fifty thousand answered /start, all swept and counted, and facts that wait for tomorrow. */
async function fill(): Promise<void> {
  const now = world.clock.now();
  const body = JSON.stringify({ update_id: 1, message: { text: "/start" } });
  await sql.unsafe("SET statement_timeout = 0");
  await sql`INSERT INTO inbox (slot, bot_id, update_id, body, received_at, done_at, outcome)
    SELECT 1, ${bot.botId}, n, ${body}, ${now}::timestamptz - interval '1 hour', ${now}, 'processed' FROM generate_series(1, ${ROWS}::int) AS n`;
  await sql`INSERT INTO effect (slot, row_id, n, kind, policy, bot_id, chat_id, body, state, created_at)
    SELECT 1, id, 0, 'send', 'reply', ${bot.botId}, 1, '{}', 'done', received_at FROM inbox`;
  await sql`UPDATE slot SET swept_row_id = (SELECT max(id) FROM inbox), swept_effect_row_id = (SELECT max(id) FROM inbox)`;
  await sql`UPDATE monitor SET counted_row_id = (SELECT max(id) FROM inbox)`;
  await sql`INSERT INTO inbox (slot, bot_id, update_id, body, received_at, due_at)
    SELECT 1, ${bot.botId}, -n, '{}', ${now}, ${now}::timestamptz + interval '1 day' FROM generate_series(1, 20000) AS n`;
  await sql`UPDATE slot SET swept_row_id = (SELECT max(id) FROM inbox)`;
  await sql`UPDATE monitor SET counted_row_id = (SELECT max(id) FROM inbox)`;
  await sql`INSERT INTO bot (tenant_id, telegram_id, username, token_sealed, secret_sealed, secret_hash)
    SELECT (SELECT min(id) FROM tenant), 800000000 + n, 'b' || n, 'x', 'x', 'x' FROM generate_series(1, 10000) AS n`;
}

type Plan = { Plan: Record<string, number> };

/** Pages that a statement touches, of tables and indexes. */
async function pagesOf(statement: string): Promise<number> {
  const [row] = await sql.unsafe<{ "QUERY PLAN": Plan[] }[]>(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement}`);
  const plan = row?.["QUERY PLAN"][0]?.Plan ?? {};
  return (plan["Shared Hit Blocks"] ?? 0) + (plan["Shared Read Blocks"] ?? 0);
}

const at = (seconds: number): string =>
  `'${new Date(world.clock.now().getTime() + seconds * 1_000).toISOString()}'::timestamptz`;

test.each([
  ["starts that wait", () => `SELECT * FROM starts_waiting(${at(-60)}, ${at(600)}, 1000)`],
  ["starts counted", () => `SELECT count_starts(${at(-60)}, 50000)`],
  [
    "orders",
    () => `SELECT DISTINCT orders.id FROM delivery JOIN orders ON orders.id = delivery.order_id
      WHERE delivery.state IN ('queued', 'failed') AND orders.state = 'paid' AND orders.paid_at < ${at(-120)} ORDER BY orders.id DESC LIMIT 1000`,
  ],
  [
    "reconciliations",
    () => `SELECT r.account_id FROM reconciliation AS r WHERE r.unexplained <> 0
      AND (SELECT 1 FROM reconciliation AS later WHERE later.account_id = r.account_id AND later.day > r.day LIMIT 1) IS NULL ORDER BY r.account_id`,
  ],
  ["revoked bots", () => "SELECT id, username FROM bot WHERE status = 'token_revoked' ORDER BY id DESC LIMIT 1000"],
  [
    "the next bots to ask about",
    () => "SELECT id FROM bot WHERE status = 'active' AND id > 5000 ORDER BY id LIMIT 100",
  ],
  [
    "tallies",
    () => `SELECT minute, what, subject, count FROM tally WHERE minute > ${at(-1_200)} ORDER BY minute, what, subject`,
  ],
  ["notifications", () => `SELECT id FROM notification WHERE due_at <= ${at(0)} ORDER BY due_at LIMIT 20`],
])("%s", async (_, statement) => {
  // The first time its plan is made, which reads the catalogue.
  await sql.unsafe(statement());
  expect(await pagesOf(statement())).toBeLessThan(MOST_PAGES);
});

test("a thousand new /start are each read once, and counted once", async () => {
  const body = JSON.stringify({ update_id: 1, message: { text: "/start abc" } });
  await sql`INSERT INTO inbox (slot, bot_id, update_id, body, received_at, done_at, outcome)
    SELECT 1, ${bot.botId}, 1000000 + n, ${body}, ${at(-90).slice(1, 25)}::timestamptz, now(), 'processed' FROM generate_series(1, 1000) AS n`;
  await sql`INSERT INTO effect (slot, row_id, n, kind, policy, bot_id, chat_id, body, state, created_at)
    SELECT 1, id, 0, 'send', 'reply', bot_id, 1, '{}', 'done', received_at FROM inbox WHERE update_id > 1000000 AND slot = 1`;
  // Each with its effect is a handful of pages.
  expect(await pagesOf(`SELECT count_starts(${at(-60)}, 50000)`)).toBeLessThan(10_000);
  expect(await pagesOf(`SELECT count_starts(${at(-60)}, 50000)`)).toBeLessThan(MOST_PAGES);
  const counted =
    await sql`SELECT subject, sum(count)::int AS count FROM tally WHERE what = 'start' GROUP BY subject ORDER BY subject`;
  expect(counted.map((row) => ({ ...row }))).toEqual([
    { subject: "counted", count: 1_000 },
    { subject: "welcomed", count: 1_000 },
  ]);
});
