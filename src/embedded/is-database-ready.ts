// Asks a starting PostgreSQL whether it answers, and makes our database when it is missing.
import postgres from "postgres";
import { CommandError } from "../kernel/errors.ts";

/** `socket` is preferred to the port: in a folder of our own nobody else can answer. */
export type DatabaseAddress = { port: number; socket: string | undefined; password: string };

/** True once the database `grimbots` can be used; false while the server starts. Throws when waiting cannot help. */
export async function isDatabaseReady(server: DatabaseAddress): Promise<boolean> {
  try {
    await query(server, "grimbots", (sql) => sql`select 1`);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === unknownDatabase) return create(server);
    if (code === wrongPassword) {
      throw new CommandError("The password kept beside PostgreSQL's data is not its own: put the old file back.");
    }
    if (starting.has(code)) return false;
    throw error;
  }
}

// SQLSTATEs, and the codes of a connection refused, cut, or not answered in time.
const unknownDatabase = "3D000";
const wrongPassword = "28P01";
const starting = new Set(["57P03", "ENOENT", "ECONNREFUSED", "ECONNRESET", "CONNECTION_CLOSED", "CONNECT_TIMEOUT"]);

async function create(server: DatabaseAddress): Promise<boolean> {
  await query(server, "postgres", async (sql) => {
    await sql`create database grimbots`;
    // Not on the command line: a program built without lz4 (npm's) refuses to start with it.
    const [lz4] = await sql`select from pg_settings where name = 'wal_compression' and 'lz4' = any(enumvals)`;
    if (lz4 !== undefined) await sql`alter database grimbots set wal_compression = 'lz4'`;
  });
  return true;
}

async function query(
  server: DatabaseAddress,
  database: string,
  run: (sql: postgres.Sql) => PromiseLike<unknown>,
): Promise<void> {
  const { port, socket, password } = server;
  const place = { host: "127.0.0.1", port, ...(socket !== undefined && { path: socket }) };
  const sql = postgres({
    ...place,
    database,
    username: "grimbots",
    password,
    max: 1,
    connect_timeout: 5,
    onnotice: () => {},
  });
  try {
    await run(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
