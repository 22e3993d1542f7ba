// Whether the whole path was gone for everybody in the benchmark of growth, asked by key; and what PostgreSQL counts meanwhile: pages found
// and read, and the log it wrote.

import type { Database } from "#db/connect.ts";
import { mixedChat } from "./growth-people.ts";
import { countPending, type Kept, type OpenBooks } from "./kept.ts";

/** `hits`, `reads`: pages found in shared_buffers and not found there. `fullPages`: whole pages in the log. */
export type Pages = { hits: number; reads: number; logBytes: number; fullPages: number };

/** Somebody's clock may be so much behind, and a message's time has whole seconds. */
const MARGIN = "10 seconds";

export function openMixedBooks(sql: Database, bots: number[], slot: number): OpenBooks {
  return async () => {
    const [mark] = await sql<{ id: number; since: Date }[]>`
      SELECT last_value AS id, now() - ${MARGIN}::interval AS since FROM inbox_id`;
    const { id = 0, since = new Date(0) } = mark ?? {};
    return {
      pending: () => countPending(sql, id),
      async count({ first, count }) {
        const chats = Array.from({ length: count }, (_, n) => mixedChat(first + n));
        const places = { bots: chats.map((chat) => bots[chat % bots.length] ?? 0), chats };
        return { ...(await countRows(sql, slot, id)), ...(await countPlaces(sql, places, since)) };
      },
    };
  };
}

async function countRows(sql: Database, slot: number, mark: number): Promise<Kept> {
  const [row] = await sql<Kept[]>`
    SELECT (SELECT count(*) FROM inbox WHERE slot = ${slot} AND id > ${mark} AND outcome = 'processed') AS finished,
      (SELECT count(*) FROM effect WHERE slot = ${slot} AND row_id > ${mark} AND kind = 'send' AND state = 'done') AS sent`;
  return row ?? { finished: 0, sent: 0 };
}

/** What was written about each chat since then; the regulars' earlier messages are older. */
async function countPlaces(sql: Database, places: { bots: number[]; chats: number[] }, since: Date): Promise<Kept> {
  const [row] = await sql<Kept[]>`
    SELECT sum(c.seen) AS profiles, sum(m.incoming) AS "messagesIn", sum(m.outgoing) AS "messagesOut"
    FROM unnest(${places.bots}::bigint[], ${places.chats}::bigint[]) AS place (bot_id, chat_id)
    CROSS JOIN LATERAL (
      SELECT count(*) AS seen FROM customer WHERE bot_id = place.bot_id AND chat_id = place.chat_id AND seen_at > ${since}) AS c
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE NOT outgoing) AS incoming, count(*) FILTER (WHERE outgoing) AS outgoing
      FROM message WHERE bot_id = place.bot_id AND chat_id = place.chat_id AND at > ${since}) AS m`;
  // A sum of counts is numeric, which arrives as text.
  return Object.fromEntries(Object.entries(row ?? {}).map(([what, many]) => [what, Number(many)]));
}

/** Counted since PostgreSQL began; a backend tells of its own pages up to a second late. */
export async function readPages(sql: Database): Promise<Pages> {
  const [row] = await sql<Pages[]>`
    SELECT blks_hit AS hits, blks_read AS reads, wal_fpi AS "fullPages", wal_bytes::bigint AS "logBytes"
    FROM pg_stat_database, pg_stat_wal WHERE datname = current_database()`;
  return row ?? { hits: Number.NaN, reads: Number.NaN, logBytes: Number.NaN, fullPages: Number.NaN };
}

export const pagesBetween = (before: Pages, after: Pages): Pages => ({
  hits: after.hits - before.hits,
  reads: after.reads - before.reads,
  logBytes: after.logBytes - before.logBytes,
  fullPages: after.fullPages - before.fullPages,
});
