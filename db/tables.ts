// drizzle, for what is read and written a row at a time: commands, later the API.

import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import { connectDatabase } from "./connect.ts";
import * as tables from "./tables/index.ts";

export type Tables = PostgresJsDatabase<typeof tables> & { [Symbol.asyncDispose](): Promise<void> };

const CONNECTIONS = 2;

/**
 * Opens drizzle on connections of its own: it replaces the parsers of the client that it is given (dates come as text), which would
 * spoil the line's.
 */
export function openTables(url: string): Tables {
  const sql = connectDatabase(url, { connections: CONNECTIONS });
  return Object.assign(drizzle(sql, { schema: tables }), { [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }) });
}
