// What most commands need: settings, the log on stderr, and the database, closed again at the end.

import { connectDatabase, type Database } from "#db/connect.ts";
import { checkSchema } from "#db/migrate.ts";
import { type Config, readConfig } from "../kernel/config.ts";
import { CommandError, reasonOf } from "../kernel/errors.ts";

export type WithDatabase = Config & { databaseUrl: string };

export function needDatabase(config: Config): WithDatabase {
  if (!config.databaseUrl) throw new CommandError("Set DATABASE_URL to the address of PostgreSQL.", 2);
  return { ...config, databaseUrl: config.databaseUrl };
}

/** Runs `work` on an open database of the right schema. */
export async function onDatabase<Value>(
  work: (sql: Database, config: WithDatabase) => Promise<Value>,
  anySchema = false,
): Promise<Value> {
  const config = needDatabase(readConfig());
  const sql = connectDatabase(config.databaseUrl, { connections: 2 });
  try {
    await orAway(anySchema ? sql`SELECT 1` : checkSchema(sql));
    return await work(sql, config);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function orAway(check: PromiseLike<unknown>): Promise<void> {
  try {
    await check;
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`PostgreSQL does not answer at DATABASE_URL (${reasonOf(error) || "no connection"}).`);
  }
}
