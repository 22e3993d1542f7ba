// A transaction in two round trips: BEGIN travels with the first statements, COMMIT with the last ones.
// (postgres.js' own `begin` waits for each of them: five round trips for a batch, where these are two.)

import type { Database, Transaction } from "./connect.ts";

/**
 * Runs `load`, then `save` on what it gave, and commits. `save` returns its statements without awaiting them. When one of them fails,
 * PostgreSQL turns the COMMIT behind it into a rollback, and the error is thrown. A connection that breaks leaves open whether the
 * commit happened.
 */
export async function transact<Loaded>(
  sql: Database,
  load: (tx: Transaction) => Promise<Loaded>,
  save: (tx: Transaction, loaded: Loaded) => Promise<unknown>[],
): Promise<Loaded> {
  const connection = await sql.reserve();
  try {
    const begun = connection.unsafe("BEGIN").execute();
    const [loaded] = await Promise.all([load(connection), begun]);
    const saved = save(connection, loaded);
    await Promise.all([...saved, connection.unsafe("COMMIT").execute()]);
    return loaded;
  } catch (error) {
    // Behind a failed COMMIT this is a notice; on a broken connection it fails, and the server has rolled back by itself.
    await connection.unsafe("ROLLBACK").catch(() => undefined);
    throw error;
  } finally {
    connection.release();
  }
}
