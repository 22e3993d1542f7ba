// Whether the whole path was gone for every update of a step: asked of the database, after the measuring.

import type { Database } from "#db/connect.ts";

/** Rows that a step left behind, by what they tell; in a whole path every one of the counts is the number of updates that were accepted. */
export type Kept = Record<string, number>;

export type Chats = { first: number; count: number };

/** What is asked of a program's database about one step: all that happened since these were opened. */
export type Books = {
  /** Work that is still to be done. */
  pending(): Promise<number>;
  count(chats: Chats): Promise<Kept>;
};
export type OpenBooks = () => Promise<Books>;

/** The books of grimbots. */
export function ourBooks(sql: Database, botIds: number[]): OpenBooks {
  return async () => {
    const mark = await markRows(sql);
    return { pending: () => countPending(sql, mark), count: (chats) => countKept(sql, mark, botIds, chats) };
  };
}

/** The inbox row up to which everything was there before a step. */
export async function markRows(sql: Database): Promise<number> {
  const [row] = await sql<{ id: number }[]>`SELECT coalesce(max(id), 0) AS id FROM inbox`;
  return row?.id ?? 0;
}

/** Effects of rows after `mark` that are still to be performed: messages, and the heavy work in the queue. */
export async function countPending(sql: Database, mark: number): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    SELECT count(*) FROM effect, slot WHERE effect.slot = slot.slot AND row_id > ${mark} AND state = 'pending'`;
  return row?.count ?? 0;
}

export async function countKept(sql: Database, mark: number, botIds: number[], chats: Chats): Promise<Kept> {
  const [row] = await sql<Kept[]>`
    SELECT (SELECT count(*) FROM inbox, slot WHERE inbox.slot = slot.slot AND id > ${mark} AND outcome = 'processed') AS finished,
      (SELECT count(*) FROM effect, slot WHERE effect.slot = slot.slot AND row_id > ${mark} AND kind = 'send' AND state = 'done') AS sent,
      c.profiles, m."messagesIn", m."messagesOut"
    FROM (SELECT count(language_code) AS profiles FROM customer
          WHERE bot_id = ANY(${botIds}::bigint[]) AND chat_id BETWEEN ${chats.first} AND ${chats.first + chats.count - 1}) AS c,
      (SELECT count(*) FILTER (WHERE NOT outgoing) AS "messagesIn", count(*) FILTER (WHERE outgoing) AS "messagesOut" FROM message
       WHERE bot_id = ANY(${botIds}::bigint[]) AND chat_id BETWEEN ${chats.first} AND ${chats.first + chats.count - 1}) AS m`;
  return row ?? { finished: 0, sent: 0, profiles: 0, messagesIn: 0, messagesOut: 0 };
}
