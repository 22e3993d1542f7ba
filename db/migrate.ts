// Brings the schema up to date. Safe to run twice and at the same time: an advisory lock lets one migrator work, the others wait.

import type { ReservedSql } from "postgres";
import { CommandError } from "#src/kernel/errors.ts";
import type { Database } from "./connect.ts";
import { type Migration, migrations } from "./migrations/index.ts";

const LOCK = 7_246_001;

/** The version this program is built for. */
export const schemaVersion: number = migrations.at(-1)?.version ?? 0;

/**
 * What a database is at. `oldestProgram`: programs built for an older schema than this one do not do their work on it any more;
 * those in between do, so that a program can be put back to the one before it after its migrations ran.
 */
export type Schema = { version: number; oldestProgram: number };

/** What `migrate` would do: the names in order, and the database's schema before and after. */
export type Plan = { before: Schema; pending: string[]; after: Schema };

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
    // A schema made by a program that did not know of it has no such column yet.
    await connection`ALTER TABLE schema_migration ADD COLUMN IF NOT EXISTS oldest_program integer`;
    const schema = await readSchema(connection);
    refuseNewer(schema);
    for (const { version, name, sql: text, oldestProgram = version } of missingIn(schema)) {
      await connection.unsafe(
        `BEGIN; ${text}; INSERT INTO schema_migration (version, name, oldest_program)
           VALUES (${version}, '${name}', ${oldestProgram}); COMMIT;`,
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

/** Says what `migrate` would do, and changes nothing. */
export async function planMigration(sql: Database): Promise<Plan> {
  const before = await readSchema(sql);
  refuseNewer(before);
  const missing = missingIn(before);
  const after = {
    version: Math.max(before.version, schemaVersion),
    oldestProgram: Math.max(
      before.oldestProgram,
      ...missing.map(({ version, oldestProgram = version }) => oldestProgram),
    ),
  };
  return { before, pending: missing.map(({ name }) => name), after };
}

/** Throws a CommandError that says what to do when this program cannot do its work on the database's schema. */
export async function checkSchema(sql: Database): Promise<void> {
  const schema = await readSchema(sql);
  refuseNewer(schema);
  if (schema.version < schemaVersion)
    throw new CommandError(
      `The database is at schema ${schema.version}, this program needs ${schemaVersion}: run \`grimbots migrate\`.`,
    );
}

/** Whether this program does its work on such a schema: its own, or a newer one that its migrations declare fit for older programs. */
export const fits = ({ version, oldestProgram }: Schema): boolean =>
  version >= schemaVersion && oldestProgram <= schemaVersion;

/** Both 0 when the database has never been migrated. */
export async function readSchema(sql: Database | ReservedSql): Promise<Schema> {
  const [exists] = await sql<{ found: boolean }[]>`SELECT to_regclass('schema_migration') IS NOT NULL AS found`;
  if (!exists?.found) return { version: 0, oldestProgram: 0 };
  // By way of jsonb, because the column is missing until a program that knows it migrates. A row that does not say fits nothing older.
  const [row] = await sql<Schema[]>`
    SELECT coalesce(max(version), 0)::int AS version,
      coalesce(max(coalesce((to_jsonb(m)->>'oldest_program')::int, version)), 0)::int AS "oldestProgram"
    FROM schema_migration AS m`;
  return row ?? { version: 0, oldestProgram: 0 };
}

const missingIn = ({ version }: Schema): readonly Migration[] => migrations.filter((one) => one.version > version);

function refuseNewer({ version, oldestProgram }: Schema): void {
  if (oldestProgram > schemaVersion)
    throw new CommandError(
      `The database is at schema ${version}, this program knows only ${schemaVersion}: install the newer grimbots.`,
    );
}
