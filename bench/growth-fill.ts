// Fills a database with what months of use leave behind: customers, their messages, and the inbox and effect rows of two days. Inside the
// server, in chunks, with all indexes in place; every row has the form and size of one that the program itself has left there before.

import { statfs } from "node:fs/promises";
import { connectDatabase, type Database } from "#db/connect.ts";
import { CommandError } from "#src/kernel/errors.ts";
import { chatOfPersonSql } from "./growth-people.ts";
import { count, gigabytes } from "./words.ts";

/** `rows`: inbox rows of the slot that is being filled; each has two effects. */
export type Amounts = { customers: number; messages: number; rows: number };
export type Filled = Amounts & { effects: number; bytes: number; seconds: number };

/** Where the program keeps what grows. `slot`: the one that is being filled. */
export const grownTables = (slot: number): string[] => ["customer", "message", `inbox_${slot}`, `effect_${slot}`];

const EFFECTS_PER_ROW = 2;
const CHUNK = 250_000;
/** A prime above every number of customers: j × it modulo their number meets each once, far from its neighbours. */
const MIXER = 7_368_787;
export const MOST_CUSTOMERS = 5_000_000;
/** Ids of kept messages and updates, out of the way of those that arrive. */
const FIRST_MESSAGE = 1_000;
const FIRST_UPDATE = 10_000_000;
export const MOST_ROWS = 80_000_000;

/** Bytes on the disk by row, its indexes included, as measured; and the log that is written meanwhile. */
const BYTES = { customer: 350, message: 360, row: 5_300, log: 2_500_000_000 };

export const bytesNeeded = ({ customers, messages, rows }: Amounts): number =>
  customers * BYTES.customer + messages * BYTES.message + rows * BYTES.row + BYTES.log;

/** Throws a CommandError when the disk of `folder` has no room for so much. */
export async function needRoom(folder: string, amounts: Amounts): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const [free, needed] = [bavail * bsize, bytesNeeded(amounts)];
  if (free < needed)
    throw new CommandError(
      `Filling the database takes up to ${gigabytes(needed)} in bench/out/, and its disk has ${gigabytes(free)} left: ` +
        "make room, or ask for less with --messages, --customers and --rows.",
    );
}

/** The person of row or place `j`: the order in which customers came has nothing to do with the order of their chats. */
const personSql = (j: string, customers: number): string => `(${j} * ${MIXER}::bigint % ${customers})`;

/** What its statements are made of. `bots`: whose customers they are. */
type Filling = Amounts & { url: string; bots: number[]; slot: number };

/** Resolves when all of it is kept, vacuumed, analysed and on the disk. */
export async function fill(filling: Filling): Promise<Filled> {
  const began = performance.now();
  const { url, customers, rows, slot } = filling;
  await using people = await openLine(url);
  await using line = await openLine(url);
  const left = [...filling.bots];
  let messages = 0;
  const keepMessages = async ({ sql }: Line): Promise<void> => {
    for (let bot = left.shift(); bot !== undefined; bot = left.shift()) {
      const { count: kept } = await sql.unsafe(messagesSql(filling, bot));
      messages += kept;
    }
  };
  const keptPeople = inChunks(customers, (from, to) => people.sql.unsafe(customersSql(filling, from, to)));
  const keepLine = async (): Promise<void> => {
    await inChunks(rows, (from, to) => line.sql.unsafe(rowsSql(filling, from, to)));
    await inChunks(rows, (from, to) => line.sql.unsafe(effectsSql(filling, from, to)));
    await keptPeople;
    await keepMessages(line);
  };
  await Promise.all([keptPeople.then(() => keepMessages(people)), keepLine()]);
  await line.sql.unsafe(`
    SELECT setval('inbox_id', greatest(${rows}, (SELECT last_value FROM inbox_id)));
    UPDATE slot SET swept_row_id = ${rows}, swept_effect_row_id = ${rows} WHERE slot = ${slot}`);
  await line.sql.unsafe(`VACUUM (ANALYZE) ${grownTables(slot).join(", ")}`);
  await line.sql`CHECKPOINT`;
  const [size] = await line.sql<{ bytes: number }[]>`SELECT pg_database_size(current_database()) AS bytes`;
  const seconds = (performance.now() - began) / 1_000;
  return { customers, messages, rows, effects: rows * EFFECTS_PER_ROW, bytes: size?.bytes ?? Number.NaN, seconds };
}

type Line = { sql: Database; [Symbol.asyncDispose](): Promise<void> };

/** A connection for statements that take long and read much: without the bounds of the program's own. */
async function openLine(url: string): Promise<Line> {
  const sql = connectDatabase(url, { connections: 1, name: "bench" });
  await sql.unsafe(`SET statement_timeout = 0; SET work_mem = '128MB'; SET maintenance_work_mem = '256MB';
    SET enable_hashjoin = on; SET enable_seqscan = on; SET plan_cache_mode = auto`);
  return { sql, [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }) };
}

/** Numbers from 0 to `total` − 1, a bounded number in each statement. */
async function inChunks(total: number, run: (from: number, to: number) => PromiseLike<unknown>): Promise<void> {
  for (let from = 0; from < total; from += CHUNK) await run(from, Math.min(total, from + CHUNK) - 1);
}

/** Some of those come from before the slot that is being filled: their last messages are in no row any more. */
function customersSql({ bots, customers, rows, slot }: Filling, from: number, to: number): string {
  return `
    INSERT INTO customer (bot_id, chat_id, version, first_name, last_name, username, language_code, is_premium, funnel_version_id, step_id,
      start_payload, started_at, created_at, seen_at, last_slot, last_row_id)
    SELECT bot.id, chat, 1, m.first_name, m.last_name, 'person_' || chat, m.language_code, m.is_premium, bot.funnel_version_id, m.step_id,
      m.start_payload, at, at, at, CASE WHEN j < ${rows} THEN ${slot} END, CASE WHEN j < ${rows} THEN j + 1 END
    FROM (SELECT * FROM customer WHERE last_row_id IS NOT NULL LIMIT 1) AS m, generate_series(${from}::bigint, ${to}) AS j
      CROSS JOIN LATERAL (SELECT ${chatOfPersonSql(personSql("j", customers))} AS chat) AS c
      CROSS JOIN LATERAL (SELECT now() - interval '1 hour' - j % 7776000 * interval '1 second' AS at) AS t
      JOIN bot ON bot.id = ${botSql(bots)}`;
}

const botSql = (bots: number[]): string => `('{${bots.join(",")}}'::bigint[])[chat % ${bots.length} + 1]`;

/** Of one bot in the order of the index, every customer with as many: in and out by turns. */
function messagesSql({ customers, messages }: Filling, bot: number): string {
  return `
    INSERT INTO message (bot_id, chat_id, message_id, outgoing, kind, body, file_id, at)
    SELECT c.bot_id, c.chat_id, ${FIRST_MESSAGE} + n, m.outgoing, m.kind, m.body, m.file_id, c.seen_at - n * interval '1 minute'
    FROM (SELECT bot_id, chat_id, seen_at FROM customer WHERE bot_id = ${bot} ORDER BY bot_id, chat_id) AS c
      CROSS JOIN LATERAL generate_series(1, ${Math.round(messages / customers)}) AS n
      JOIN (SELECT DISTINCT ON (outgoing) outgoing, kind, body, file_id FROM message WHERE bot_id = ${bot} ORDER BY outgoing) AS m
        ON m.outgoing = (n % 2 = 0)`;
}

function rowsSql({ bots, customers, rows, slot }: Filling, from: number, to: number): string {
  return `
    INSERT INTO inbox (slot, id, bot_id, update_id, body, received_at, done_at, outcome)
    SELECT ${slot}, j + 1, ${botSql(bots)}, ${FIRST_UPDATE} + j, m.body, at, at, m.outcome
    FROM (SELECT body, outcome FROM inbox WHERE outcome = 'processed' LIMIT 1) AS m, ${placesSql(customers, rows, from, to)}`;
}

function effectsSql({ bots, customers, rows, slot }: Filling, from: number, to: number): string {
  return `
    INSERT INTO effect (slot, row_id, n, kind, policy, bot_id, chat_id, body, state, attempts, message_id, created_at, finished_at)
    SELECT ${slot}, j + 1, place, m.kind, m.policy, ${botSql(bots)}, chat, m.body, m.state, m.attempts, ${FIRST_MESSAGE} + j, at, at
    FROM (SELECT * FROM effect WHERE state = 'done' LIMIT 1) AS m, ${placesSql(customers, rows, from, to)}, generate_series(0, ${EFFECTS_PER_ROW - 1}) AS place`;
}

/** Rows by number, with the chat that each came from and its time within the last two days. */
const placesSql = (customers: number, rows: number, from: number, to: number): string => `
  generate_series(${from}::bigint, ${to}) AS j
    CROSS JOIN LATERAL (SELECT ${chatOfPersonSql(personSql(`(j % ${customers})`, customers))} AS chat) AS c
    CROSS JOIN LATERAL (SELECT now() - interval '1 hour' - (${rows} - j) * interval '47 hours' / ${rows} AS at) AS t`;

/** For people. */
export function filledText({ customers, messages, rows, effects, bytes, seconds }: Filled): string {
  const what = `${count(messages)} messages, ${count(customers)} customers, ${count(rows)} inbox rows and ${count(effects)} effects`;
  return `${what}: ${gigabytes(bytes)}, filled in ${seconds.toFixed(0)} s`;
}
