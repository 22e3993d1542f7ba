// A transaction in two round trips: BEGIN travels with the first statements, COMMIT with the last ones.
// (postgres.js' own `begin` waits for each of them: five round trips for a batch, where these are two.)

import type { Database, Statement, Transaction } from "./connect.ts";

/**
 * Runs `load`, then the statements that `save` wrote from what it gave, and commits. When one of them fails, PostgreSQL turns the COMMIT
 * behind it into a rollback, and the error is thrown. A connection that breaks leaves open whether the commit happened.
 */
export async function transact<Loaded>(
  sql: Database,
  load: (tx: Transaction) => Promise<Loaded>,
  save: (tx: Transaction, loaded: Loaded) => Statement[],
): Promise<Loaded> {
  const connection = await sql.reserve();
  try {
    const begun = connection.unsafe("BEGIN").execute();
    const [loaded] = await Promise.all([load(connection), begun]);
    await sendInOrder([...save(connection, loaded), connection.unsafe("COMMIT")]);
    return loaded;
  } catch (error) {
    // Behind a failed COMMIT this is a notice; on a broken connection it fails, and the server has rolled back by itself.
    await connection.unsafe("ROLLBACK").catch(() => undefined);
    throw error;
  } finally {
    connection.release();
  }
}

/**
 * A statement of postgres.js leaves some microtasks after it is awaited, so one that is awaited in a function of its own can be
 * overtaken, and a COMMIT that overtakes leaves the others to commit by themselves. Executed here, one after the other, they keep their order.
 */
async function sendInOrder(statements: Statement[]): Promise<void> {
  for (const statement of statements) statement.execute();
  await Promise.all(statements);
}
