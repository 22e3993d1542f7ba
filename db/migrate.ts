// Brings the schema up to date. Safe to run twice and at the same time: an advisory lock lets one migrator work, the others wait.

import { CommandError } from "#src/kernel/errors.ts";
import type { Database } from "./connect.ts";
import { migrations } from "./migrations/index.ts";

const LOCK = 7_246_001;

/** The version this program is built for. */
export const schemaVersion: number = migrations.at(-1)?.version ?? 0;

/** Applies what is missing, each migration in a transaction of its own; returns the names applied. */
export async function migrate(sql: Database): Promise<string[]> {
  // A first query opens the connection: postgres.js never hands out one that is opened to be reserved (without its query for types).
  await sql`SELECT 1`;
  const connection = await sql.reserve();
  const applied: string[] = [];
  try {
    // A migration, and the wait for another migrator, may take as long as they take.
    await connection.unsafe("SET statement_timeout = 0; SET lock_timeout = 0");
    await connection`SELECT pg_advisory_lock(${LOCK})`;
    await connection`CREATE TABLE IF NOT EXISTS schema_migration (
      version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`;
    const [row] = await connection<
      { version: number }[]
    >`SELECT coalesce(max(version), 0)::int AS version FROM schema_migration`;
    refuseNewer(row?.version ?? 0);
    for (const { version, name, sql: text } of migrations.filter((one) => one.version > (row?.version ?? 0))) {
      await connection.unsafe(
        `BEGIN; ${text}; INSERT INTO schema_migration (version, name) VALUES (${version}, '${name}'); COMMIT;`,
      );
      applied.push(name);
    }
    return applied;
  } finally {
    // The lock and a failed transaction belong to the connection, which goes back to the pool.
    await connection.unsafe(
      `ROLLBACK; SELECT pg_advisory_unlock(${LOCK}); RESET statement_timeout; RESET lock_timeout`,
    );
    connection.release();
  }
}

/** Throws a CommandError that says what to do when the schema is not the one this program is built for. */
export async function checkSchema(sql: Database): Promise<void> {
  const version = await readSchemaVersion(sql);
  refuseNewer(version);
  if (version < schemaVersion)
    throw new CommandError(
      `The database is at schema ${version}, this program needs ${schemaVersion}: run \`grimbots migrate\`.`,
    );
}

/** 0 when the database has never been migrated. */
export async function readSchemaVersion(sql: Database): Promise<number> {
  const [exists] = await sql<{ found: boolean }[]>`SELECT to_regclass('schema_migration') IS NOT NULL AS found`;
  if (!exists?.found) return 0;
  const [row] = await sql<
    { version: number }[]
  >`SELECT coalesce(max(version), 0)::int AS version FROM schema_migration`;
  return row?.version ?? 0;
}

function refuseNewer(version: number): void {
  if (version > schemaVersion)
    throw new CommandError(
      `The database is at schema ${version}, this program knows only ${schemaVersion}: install the newer grimbots.`,
    );
}
