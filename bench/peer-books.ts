// What the peers' databases say about a step.

import type { Redis } from "ioredis";
import type { Database } from "#db/connect.ts";
import type { Kept, OpenBooks } from "./kept.ts";

/** Of grammy-hono: its rows, and its queue of profiles in Redis. */
export function grammyHonoBooks(sql: Database, redis: Redis): OpenBooks {
  return async () => {
    const mark = await lastRow(sql);
    return {
      async pending() {
        const [row] = await sql<{ count: number }[]>`SELECT count(*) FROM inbox WHERE done_at IS NULL`;
        return (row?.count ?? 0) + (await countJobs(redis));
      },
      async count({ first, count }) {
        const [row] = await sql<Kept[]>`
          SELECT (SELECT count(*) FROM inbox WHERE id > ${mark} AND done_at IS NOT NULL) AS finished,
            (SELECT count(language_code) FROM customer WHERE chat_id BETWEEN ${first} AND ${first + count - 1}) AS profiles,
            m."messagesIn", m."messagesOut"
          FROM (SELECT count(*) FILTER (WHERE NOT outgoing) AS "messagesIn", count(*) FILTER (WHERE outgoing) AS "messagesOut"
                FROM message WHERE chat_id BETWEEN ${first} AND ${first + count - 1}) AS m`;
        return row ?? {};
      },
    };
  };
}

/** Of the floor: a row is all that it keeps. */
export function floorBooks(sql: Database): OpenBooks {
  return async () => {
    const mark = await lastRow(sql);
    return {
      pending: async () => 0,
      async count() {
        const [row] = await sql<Kept[]>`SELECT count(*) AS kept FROM inbox WHERE id > ${mark}`;
        return row ?? {};
      },
    };
  };
}

async function lastRow(sql: Database): Promise<number> {
  const [row] = await sql<{ id: number }[]>`SELECT coalesce(max(id), 0) AS id FROM inbox`;
  return row?.id ?? 0;
}

/** The queue of grammy-hono.mjs, by BullMQ's names. */
async function countJobs(redis: Redis): Promise<number> {
  const key = (state: string): string => `grammy-hono:profiles:${state}`;
  const counts = [redis.llen(key("wait")), redis.llen(key("active")), redis.zcard(key("delayed"))];
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}
