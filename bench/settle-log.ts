// PostgreSQL's log as it is on a server that has run for a while: its files are there and used again.
//
// On a new server each 16 MiB of the log is a new file, which is filled with zeros and synced while every commit waits: 80 to 230 ms every
// 4,000 /start here, against 10 ms at most with files that are there. A server has them from its first checkpoint on.

import type { Database } from "#db/connect.ts";

const FILE_BYTES = 16_000_000;

/** Writes so many files of the log and lets a checkpoint set them aside for use again. Takes about 0.1 s each. */
export async function settleLog(sql: Database, files: number): Promise<void> {
  for (let file = 0; file < files; file++)
    await sql`SELECT pg_logical_emit_message(true, 'bench', repeat('x', ${FILE_BYTES}::integer))`;
  await sql`CHECKPOINT`;
}
