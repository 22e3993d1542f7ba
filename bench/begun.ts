// People who have begun, for benchmarks in which they write: their words are words and no start.

import type { Database } from "#db/connect.ts";
import { type BenchBot, begun } from "./start-request.ts";

/** Chat and bot as start-request.ts gives them, decided on once. Safe to repeat. */
export async function addBegun(sql: Database, bots: BenchBot[]): Promise<void> {
  const ids = bots.map((bot) => bot.botId);
  await sql`
    INSERT INTO customer (bot_id, chat_id, first_name, started_at, created_at, seen_at, version)
    SELECT (${ids}::bigint[])[chat % ${bots.length}::int + 1], chat, 'Alice', now() - interval '1 hour', now(), now(), 1
    FROM generate_series(${begun.first}::bigint, ${begun.first + begun.count - 1}::bigint) AS chat
    ON CONFLICT DO NOTHING`;
  await sql`ANALYZE customer`;
}
