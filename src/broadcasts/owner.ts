// Broadcasts in SQL as their owner sees them: taken, read on chunk by chunk, given back. Every statement may be repeated when its answer
// was lost, and none by a process that no longer owns the broadcast changes anything.

import type { Database } from "#db/connect.ts";
import { GRACE, type Lease } from "../inbox/lease.ts";
import type { BotId, BroadcastId, ChatId, CustomerId, ProcessId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import type { Content } from "./content.ts";
import type { Left } from "./outcomes.ts";
import type { Recipient, RunStart } from "./run.ts";

/** `isNew`: nobody sent it before. `lost`: customers of whom a dead owner left it unknown whether he had written to them. */
export type Taken = RunStart & { recipients: number; isNew: boolean; lost: number };

type TakenRow = {
  id: BroadcastId;
  bot_id: BotId;
  content: Content;
  rate: number;
  cursor_id: number;
  last_customer_id: number;
  recipients: number;
  is_new: boolean;
  lost: number;
};

/** Takes broadcasts that are to be sent and that no living process has. `held`: those that this process has in its hands. */
export async function takeBroadcasts(
  sql: Database,
  lease: Pick<Lease, "id" | "mayJudge">,
  held: readonly BroadcastId[],
  now: Date,
): Promise<Taken[]> {
  const rows = await sql<TakenRow[]>`
    SELECT * FROM take_broadcasts(${lease.id}, ${held}::bigint[], ${lease.mayJudge()}, ${GRACE}::interval, ${now}, ${limits.broadcastsTaken})`;
  return rows.map(({ bot_id, cursor_id, last_customer_id, is_new, ...row }) => ({
    ...{ botId: bot_id, cursorId: cursor_id, lastCustomerId: last_customer_id, isNew: is_new },
    ...row,
  }));
}

/** Of these the ones that are still this process' own and to be sent. */
export async function readOwn(
  sql: Database,
  owner: ProcessId,
  held: readonly BroadcastId[],
): Promise<Set<BroadcastId>> {
  const rows = await sql<{ id: BroadcastId }[]>`
    SELECT id FROM broadcast WHERE id = ANY(${held}::bigint[]) AND owner = ${owner} AND state = 'sending'`;
  return new Set(rows.map(({ id }) => id));
}

export type Asked = { id: BroadcastId; cursorId: number; most: number };
/** `skipped`: how many of its customers had blocked the bot. */
export type Chunk = { cursorId: number; recipients: Recipient[]; skipped: number };

type ChunkRow = {
  id: BroadcastId;
  cursor_id: number;
  recipients: [CustomerId, ChatId, string | null, string | null][] | null;
  skipped: number;
};

/**
 * The next customers of these broadcasts, from the cursor in the owner's memory on; the cursor is moved in the same commit. Who had blocked
 * the bot gets his outcome here, who has one is passed over. A broadcast that is missing in the answer is not his to send.
 */
export async function takeRecipients(
  sql: Database,
  owner: ProcessId,
  asked: readonly Asked[],
  now: Date,
): Promise<Map<BroadcastId, Chunk>> {
  // In the order in which the outcomes lock them.
  const sorted = asked.toSorted((a, b) => a.id - b.id);
  const rows = await sql<ChunkRow[]>`
    WITH asked AS MATERIALIZED (
      SELECT a.*, b.bot_id, b.last_customer_id
      FROM unnest(${sorted.map((a) => a.id)}::bigint[], ${sorted.map((a) => a.cursorId)}::bigint[], ${sorted.map((a) => a.most)}::int[])
        AS a (id, from_id, most)
      CROSS JOIN LATERAL (
        SELECT bot_id, last_customer_id FROM broadcast
        WHERE broadcast.id = a.id AND owner = ${owner} AND state = 'sending' LIMIT 1 FOR UPDATE) AS b),
    chunk AS MATERIALIZED (
      SELECT asked.id, CASE WHEN read.count < asked.most THEN asked.last_customer_id ELSE read.last_id END AS cursor_id, read.recipients, read.blocked
      FROM asked CROSS JOIN LATERAL (
        SELECT count(*) AS count, max(c.id) AS last_id,
          json_agg(json_build_array(c.id, c.chat_id, c.first_name, c.last_name) ORDER BY c.id) FILTER (WHERE c.blocked_at IS NULL AND c.is_open) AS recipients,
          array_agg(c.id) FILTER (WHERE c.blocked_at IS NOT NULL AND c.is_open) AS blocked
        FROM (
          SELECT customer.id, chat_id, first_name, last_name, blocked_at, (
              SELECT 1 FROM broadcast_outcome AS o WHERE o.broadcast_id = asked.id AND o.customer_id = customer.id LIMIT 1) IS NULL AS is_open
          FROM customer
          WHERE customer.bot_id = asked.bot_id AND customer.id > asked.from_id AND customer.id <= asked.last_customer_id
          ORDER BY customer.id LIMIT asked.most) AS c) AS read),
    passed AS (
      INSERT INTO broadcast_outcome (broadcast_id, customer_id, state, reason, at)
      SELECT chunk.id, unnest(chunk.blocked), 'skipped', 'blocked', ${now} FROM chunk WHERE chunk.blocked IS NOT NULL
      ON CONFLICT DO NOTHING)
    UPDATE broadcast SET cursor_id = greatest(broadcast.cursor_id, chunk.cursor_id),
      skipped = skipped + coalesce(cardinality(chunk.blocked), 0)
    FROM chunk WHERE broadcast.id = chunk.id
    RETURNING broadcast.id, chunk.cursor_id, chunk.recipients, coalesce(cardinality(chunk.blocked), 0) AS skipped`;
  return new Map(
    rows.map(({ id, cursor_id, recipients, skipped }) => [
      id,
      { cursorId: cursor_id, recipients: (recipients ?? []).map(asRecipient), skipped },
    ]),
  );
}

const asRecipient = ([customerId, chatId, firstName, lastName]: NonNullable<
  ChunkRow["recipients"]
>[number]): Recipient => ({ customerId, chatId, firstName, lastName, tries: 0 });

/**
 * Sets broadcasts free: nobody above the cursor was begun, so whoever takes one goes on there. Returns those that were this process' own, as
 * they stand then.
 */
export async function giveBack(
  sql: Database,
  owner: ProcessId,
  broadcasts: readonly { id: BroadcastId; cursorId: number }[],
): Promise<Left[]> {
  return sql<Left[]>`
    UPDATE broadcast SET owner = NULL, cursor_id = greatest(done_id, back.cursor_id)
    FROM unnest(${broadcasts.map(({ id }) => id)}::bigint[], ${broadcasts.map(({ cursorId }) => cursorId)}::bigint[]) AS back (id, cursor_id)
    WHERE broadcast.id = back.id AND broadcast.owner = ${owner}
    RETURNING broadcast.id, state, sent, refused, unknown, skipped`;
}

/** The program itself pauses it, and says why. */
export async function pauseOwn(sql: Database, owner: ProcessId, id: BroadcastId, reason: string): Promise<void> {
  await sql`
    UPDATE broadcast SET state = 'paused', reason = ${reason} WHERE id = ${id} AND owner = ${owner} AND state = 'sending'`;
}
