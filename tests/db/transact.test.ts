// A transaction is one: everything or nothing, also with statements that the connection meets for the first time.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { connectDatabase, type Database, type Statement, type Transaction } from "#db/connect.ts";
import { transact } from "#db/transact.ts";
import { openWorld, type World } from "../support/world.ts";

setDefaultTimeout(60_000);

let world: World;
let sql: Database;
beforeAll(async () => {
  world = await openWorld();
  await world.sql`CREATE TABLE note (text text UNIQUE)`;
  sql = connectDatabase(world.databaseUrl, { connections: 1 });
});
afterAll(async () => {
  await sql.end();
  await world[Symbol.asyncDispose]();
});

const keep = (tx: Transaction, text: string): Statement => tx`INSERT INTO note SELECT ${text}::text`;
const keepAll = (texts: string[]) =>
  transact(
    sql,
    (tx) => tx`SELECT ${"loaded"}::text AS text`,
    (tx) => texts.map((text) => keep(tx, text)),
  );
const notes = async () =>
  (await world.sql<{ text: string }[]>`SELECT text FROM note ORDER BY text`).map((row) => row.text);

// The second time the connection knows its statements, and they travel together.
for (const time of ["first", "second"])
  test(`a statement that fails undoes those before and after it, the ${time} time`, async () => {
    await expect(keepAll(["a", "b", "b", "c"])).rejects.toThrow("duplicate key");
    await keepAll([`kept the ${time} time`]);
    expect(await notes()).toEqual([`kept the ${time} time`]);
    await world.sql`DELETE FROM note`;
  });

test("nothing is seen, and every lock is held, until all of it is committed", async () => {
  await world.sql`INSERT INTO note VALUES ('locked')`;
  const { promise: slow, resolve: goOn } = Promise.withResolvers<void>();
  const { promise: saved, resolve: tell } = Promise.withResolvers<void>();
  const working = transact(
    sql,
    async (tx) => {
      await tx`SELECT FROM note WHERE text = ${"locked"} FOR UPDATE`;
      await keep(tx, "a");
      tell();
      await slow;
    },
    (tx) => [keep(tx, "b")],
  );
  await saved;
  expect(await notes()).toEqual(["locked"]);
  expect([...(await world.sql`SELECT FROM note WHERE text = 'locked' FOR UPDATE SKIP LOCKED`)]).toEqual([]);
  goOn();
  await working;
  expect(await notes()).toEqual(["a", "b", "locked"]);
});
