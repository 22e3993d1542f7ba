// Migrations: once, however often and from how many sides at the same time; and a schema that is not ours is refused with a sentence.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { connectDatabase, type Database } from "#db/connect.ts";
import { checkSchema, fits, migrate, planMigration, readSchema, schemaVersion } from "#db/migrate.ts";
import { migrations } from "#db/migrations/index.ts";
import { CommandError } from "#src/kernel/errors.ts";
import { services } from "../support/services.ts";

setDefaultTimeout(60_000);

let admin: Database;
let adminUrl: string;
let databases = 0;

beforeAll(async () => {
  adminUrl = await (await services()).createDatabase();
  admin = connectDatabase(adminUrl, { connections: 1 });
});
afterAll(() => admin.end({ timeout: 1 }));

/** A database without anything in it, and pools on it, all closed when disposed. */
async function openEmpty() {
  const address = new URL(adminUrl);
  address.pathname = `${address.pathname}_empty_${++databases}`;
  await admin.unsafe(`CREATE DATABASE ${address.pathname.slice(1)} TEMPLATE template0`);
  const pools: Database[] = [];
  const connect = (): Database => {
    const sql = connectDatabase(address.href, { connections: 2 });
    pools.push(sql);
    return sql;
  };
  return { connect, [Symbol.asyncDispose]: async () => void (await Promise.all(pools.map((sql) => sql.end()))) };
}

const names = migrations.map(({ name }) => name);

test("an empty database is brought up to date, and a second time there is nothing to do", async () => {
  await using empty = await openEmpty();
  const sql = empty.connect();
  expect(await readSchema(sql)).toEqual({ version: 0, oldestProgram: 0 });
  await expect(checkSchema(sql)).rejects.toThrow(
    `The database is at schema 0, this program needs ${schemaVersion}: run \`grimbots migrate\`.`,
  );
  expect(await migrate(sql)).toEqual(names);
  await checkSchema(sql);
  expect(await migrate(sql)).toEqual([]);
  const kept = await sql<
    { version: number; name: string }[]
  >`SELECT version, name FROM schema_migration ORDER BY version`;
  expect(kept.map(({ version, name }) => ({ version, name }))).toEqual(
    migrations.map(({ version, name }) => ({ version, name })),
  );
});

test("five at the same time: one does each migration, the others wait and find it done", async () => {
  await using empty = await openEmpty();
  const applied = await Promise.all(Array.from({ length: 5 }, () => migrate(empty.connect())));
  expect(applied.flat()).toEqual(names);
  await checkSchema(empty.connect());
});

test("a schema of the future is refused by both, untouched, with a sentence that says what to do", async () => {
  await using empty = await openEmpty();
  const sql = empty.connect();
  await migrate(sql);
  await sql`INSERT INTO schema_migration (version, name) VALUES (${schemaVersion + 1}, 'future')`;
  const sentence = `The database is at schema ${schemaVersion + 1}, this program knows only ${schemaVersion}: install the newer grimbots.`;
  for (const refused of [() => migrate(sql), () => checkSchema(sql)]) {
    const error = await refused().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(CommandError);
    expect(error).toMatchObject({ message: sentence, exitCode: 1 });
  }
});

test("a newer schema that declares itself fit for this program is worked on, and left as it is", async () => {
  await using empty = await openEmpty();
  const sql = empty.connect();
  await migrate(sql);
  await sql`INSERT INTO schema_migration (version, name, oldest_program)
    VALUES (${schemaVersion + 1}, 'adds', ${schemaVersion}), (${schemaVersion + 2}, 'adds_more', ${schemaVersion - 1})`;
  await checkSchema(sql);
  expect(await migrate(sql)).toEqual([]);
  const schema = { version: schemaVersion + 2, oldestProgram: schemaVersion };
  expect(await planMigration(sql)).toEqual({ before: schema, pending: [], after: schema });
  expect(fits(schema)).toBe(true);
  expect(fits({ ...schema, oldestProgram: schemaVersion + 1 })).toBe(false);
  expect(fits({ version: schemaVersion - 1, oldestProgram: 1 })).toBe(false);
});

test("a plan says what would be applied and changes nothing; a schema without the column is understood", async () => {
  await using empty = await openEmpty();
  const sql = empty.connect();
  expect(await planMigration(sql)).toMatchObject({ before: { version: 0 }, pending: names });
  expect(await readSchema(sql)).toEqual({ version: 0, oldestProgram: 0 });
  await migrate(sql);
  await sql`ALTER TABLE schema_migration DROP COLUMN oldest_program`;
  expect(await readSchema(sql)).toEqual({ version: schemaVersion, oldestProgram: schemaVersion });
  expect(await migrate(sql)).toEqual([]);
  await checkSchema(sql);
});

test("an older schema is refused by the check and brought up by the migration", async () => {
  await using empty = await openEmpty();
  const sql = empty.connect();
  await migrate(sql);
  await sql`DELETE FROM schema_migration WHERE version > 0`;
  const error = await checkSchema(sql).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(CommandError);
  expect(error).toMatchObject({ message: expect.stringContaining("run `grimbots migrate`"), exitCode: 1 });
});

test("a migration that fails leaves nothing half-done and holds nobody up", async () => {
  await using empty = await openEmpty();
  const sql = empty.connect();
  // The first migration meets a table that is in its way.
  await sql`CREATE TABLE process (id integer)`;
  await expect(migrate(sql)).rejects.toThrow('relation "process" already exists');
  const [made] =
    await sql`SELECT to_regclass('tenant') IS NOT NULL AS tenant, to_regclass('inbox') IS NOT NULL AS inbox`;
  expect(made).toMatchObject({ tenant: false, inbox: false });
  expect(await readSchema(sql)).toEqual({ version: 0, oldestProgram: 0 });
  await sql`DROP TABLE process`;
  // From another pool: the failed one has given the lock back.
  expect(await migrate(empty.connect())).toEqual(names);
});
