// The two databases of the benchmark of growth, on one PostgreSQL: the same bots and the same regulars in both, and in one of them all that
// months leave behind.

import { connectDatabase, type Database } from "#db/connect.ts";
import { addressOf, type Contender, openTurn } from "./contenders.ts";
import { openMixedBooks } from "./growth-books.ts";
import { type Amounts, type Filled, fill, grownTables } from "./growth-fill.ts";
import { regulars } from "./growth-people.ts";
import { type Program, type Settings, startCommand } from "./program.ts";
import { tell } from "./run.ts";
import { addOurBots, type Ground, settingsOf } from "./stage.ts";
import type { BenchBot } from "./start-request.ts";
import { isDoneWithin } from "./wait-for.ts";

/** A database, and the program that works on it when its turn comes. `tables`: those that grow. */
export type Grown = Contender & { tables: string[]; filled: Filled };
export type Databases = { empty: Grown; full: Grown; [Symbol.asyncDispose](): Promise<void> };

type Options = { program: Program; log: string; bots: number; amounts: Amounts };
type Made = { settings: Settings; bots: BenchBot[] } & Pick<Options, "program" | "log">;

/** A name for people, the database, and the database of Redis: a queue belongs to rows. */
type Place = { name: string; database: string; redis: number };
const EMPTY: Place = { name: "empty", database: "grimbots", redis: 0 };
const FULL: Place = { name: "full", database: "grimbots_full", redis: 1 };

/** The slot that is being filled is not the first one: looking into the slot before it is part of keeping an update. */
const SLOT = 2;
/** After this the program has left some of everything, and each bot's photo has its file_id. */
const MODELS = { perSecond: 50, seconds: 1, schedule: "fixed", seed: 0 } as const;
const MODELS_MS = 10_000;

export async function openDatabases(ground: Ground, { program, log, ...options }: Options): Promise<Databases> {
  await using opened = new AsyncDisposableStack();
  const settings = settingsOf(ground, 0);
  const made: Made = { settings, program, log, bots: await addOurBots(program, settings, ground.fake, options.bots) };
  await makeModels(ground, made);
  await copyDatabase(ground);
  const openFilled = async (place: Place, amounts: Amounts): Promise<Grown> => {
    const sql = opened.adopt(connect(ground, place), (one) => one.end({ timeout: 1 }));
    // A CHECKPOINT may have a lot to write.
    await sql`SET statement_timeout = 0`;
    const bots = made.bots.map((bot) => bot.botId);
    const filled = await fill({ ...amounts, url: addressOf(ground, place.database), bots, slot: SLOT });
    return { ...contenderOf(ground, made, place, sql), tables: grownTables(SLOT), filled };
  };
  const empty = await openFilled(EMPTY, { customers: regulars.count, messages: 0, rows: 0 });
  tell("Filling the other database …");
  const full = await openFilled(FULL, options.amounts);
  const life = opened.move();
  return { empty, full, [Symbol.asyncDispose]: () => life.disposeAsync() };
}

const connect = (ground: Ground, { database }: Place, connections = 1): Database =>
  connectDatabase(addressOf(ground, database), { connections, name: "bench" });

function contenderOf(ground: Ground, { settings, program, log, bots }: Made, place: Place, sql: Database): Contender {
  const redis = new URL(ground.services.redisUrl);
  redis.pathname = `/${place.redis}`;
  const own = { ...settings, DATABASE_URL: addressOf(ground, place.database), REDIS_URL: redis.href };
  const ids = bots.map((bot): number => bot.botId);
  return {
    ...{ name: place.name, means: place.database, bots, sql, openBooks: openMixedBooks(sql, ids, SLOT) },
    start: (port) => startCommand(program, ["serve", "--processes", "1"], { ...own, PORT: String(port) }, log),
  };
}

/**
 * Lets the program write the rows that the others are made after, then opens the next slot. The tables that grow are no longer vacuumed by
 * themselves: it would happen at any time, and sooner to the small ones; the benchmark does it before each turn.
 */
async function makeModels(ground: Ground, made: Made): Promise<void> {
  const sql = connect(ground, EMPTY);
  try {
    await using stage = await openTurn(ground, contenderOf(ground, made, EMPTY, sql));
    const books = await stage.openBooks();
    await stage.load.drive(MODELS);
    await isDoneWithin(MODELS_MS, async () => (await books.pending()) === 0);
    await sql`SELECT open_slot(now(), now())`;
    for (const table of grownTables(SLOT)) await sql.unsafe(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Whoever is connected to a database keeps it from being copied. */
async function copyDatabase(ground: Ground): Promise<void> {
  const sql = connect(ground, { ...EMPTY, database: "postgres" });
  try {
    await sql.unsafe(`CREATE DATABASE ${FULL.database} TEMPLATE ${EMPTY.database}`);
    // A database's own settings are not copied with it.
    const [row] = await sql<{ settings: string[] | null }[]>`
      SELECT (SELECT setconfig FROM pg_db_role_setting WHERE setdatabase = oid AND setrole = 0) AS settings
      FROM pg_database WHERE datname = ${EMPTY.database}`;
    for (const setting of row?.settings ?? []) await sql.unsafe(`ALTER DATABASE ${FULL.database} SET ${setting}`);
  } finally {
    await sql.end({ timeout: 1 });
  }
}
