// Outcomes of broadcasts in SQL: of all broadcasts of a process together, many in one statement.

import type { Database } from "#db/connect.ts";
import { timesOf } from "#db/values.ts";
import type { KeptMessage } from "../inbox/line.ts";
import type { BotId, BroadcastId, ChatId, CustomerId, ProcessId } from "../kernel/ids.ts";

/** What became of one customer's message. */
export type Outcome = {
  broadcastId: BroadcastId;
  botId: BotId;
  customerId: CustomerId;
  chatId: ChatId;
  state: "sent" | "refused" | "unknown";
  reason: string | null;
  message: KeptMessage | null;
};

/** How far a broadcast is: everybody up to `doneId` has an outcome, these included. */
export type Reached = { id: BroadcastId; doneId: number };

/** A broadcast that its owner need not go on with: it is over, paused, or somebody else's. */
export type Left = {
  id: BroadcastId;
  state: "sending" | "paused" | "done" | "cancelled";
  sent: number;
  refused: number;
  unknown: number;
  skipped: number;
};

/**
 * Writes outcomes with their messages, counts them, moves the broadcasts on, ends those that have come to their last customer, and marks who
 * has blocked the bot: in one commit. A customer who has an outcome keeps it, and is not counted again. Returns the broadcasts with which
 * `owner` need not go on.
 */
export async function writeOutcomes(
  sql: Database,
  owner: ProcessId,
  { outcomes, reached }: { outcomes: readonly Outcome[]; reached: readonly Reached[] },
  now: Date,
): Promise<Left[]> {
  const message = outcomes.map((one) => one.message);
  // In the order in which the next customers lock them.
  const sorted = reached.toSorted((a, b) => a.id - b.id);
  return sql<Left[]>`
    WITH mark AS MATERIALIZED (
      SELECT * FROM unnest(
        ${outcomes.map((one) => one.broadcastId)}::bigint[], ${outcomes.map((one) => one.customerId)}::bigint[],
        ${outcomes.map((one) => one.botId)}::bigint[], ${outcomes.map((one) => one.chatId)}::bigint[],
        ${outcomes.map((one) => one.state)}::text[], ${outcomes.map((one) => one.reason)}::text[],
        ${message.map((m) => m?.messageId ?? null)}::bigint[], ${message.map((m) => m?.kind ?? null)}::text[],
        ${message.map((m) => m?.body ?? null)}::text[], ${message.map((m) => m?.fileId ?? null)}::text[],
        ${timesOf(message.map((m) => m?.at ?? null))}::timestamptz[])
        AS m (broadcast_id, customer_id, bot_id, chat_id, state, reason, message_id, kind, body, file_id, at)),
    reached AS MATERIALIZED (
      SELECT r.id, r.done_id, b.is_own, b.is_own AND b.state <> 'cancelled' AND r.done_id >= b.last_customer_id AS is_over
      FROM unnest(${sorted.map(({ id }) => id)}::bigint[], ${sorted.map(({ doneId }) => doneId)}::bigint[]) AS r (id, done_id)
      CROSS JOIN LATERAL (
        SELECT state, last_customer_id, owner IS NOT DISTINCT FROM ${owner} AS is_own FROM broadcast
        WHERE broadcast.id = r.id LIMIT 1 FOR UPDATE) AS b),
    kept AS (
      INSERT INTO broadcast_outcome (broadcast_id, customer_id, state, reason, message_id, at)
      SELECT broadcast_id, customer_id, state, reason, message_id, ${now} FROM mark
      ON CONFLICT DO NOTHING RETURNING broadcast_id, state),
    -- Put together by grouping: joining the two would compare each broadcast with each.
    counted AS MATERIALIZED (
      SELECT id, sum(sent) AS sent, sum(refused) AS refused, sum(unknown) AS unknown, max(done_id) AS done_id,
        bool_or(is_own) AS is_own, bool_or(is_over) AS is_over
      FROM (
        SELECT broadcast_id AS id, (state = 'sent')::int AS sent, (state = 'refused')::int AS refused, (state = 'unknown')::int AS unknown,
          NULL::bigint AS done_id, NULL::boolean AS is_own, NULL::boolean AS is_over
        FROM kept
        UNION ALL SELECT id, 0, 0, 0, done_id, is_own, is_over FROM reached) AS part
      GROUP BY id),
    said AS (
      INSERT INTO message (bot_id, chat_id, message_id, outgoing, kind, body, file_id, at)
      SELECT bot_id, chat_id, message_id, true, kind, body, file_id, at FROM mark WHERE message_id IS NOT NULL
      ON CONFLICT DO NOTHING),
    -- Whoever is being written right now has just written to us.
    blocked AS (
      UPDATE customer SET blocked_at = ${now} WHERE id = ANY (ARRAY(
        SELECT c.id FROM mark CROSS JOIN LATERAL (
          SELECT id FROM customer WHERE customer.id = mark.customer_id AND blocked_at IS NULL LIMIT 1 FOR UPDATE SKIP LOCKED) AS c
        WHERE mark.reason IN ('blocked', 'deactivated')))),
    moved AS (
      UPDATE broadcast AS b SET
        sent = b.sent + c.sent, refused = b.refused + c.refused, unknown = b.unknown + c.unknown,
        done_id = CASE WHEN c.is_own THEN greatest(b.done_id, c.done_id) ELSE b.done_id END,
        state = CASE WHEN c.is_over THEN 'done' ELSE b.state END,
        finished_at = CASE WHEN c.is_over THEN ${now}::timestamptz ELSE b.finished_at END,
        owner = CASE WHEN c.is_over THEN NULL ELSE b.owner END
      FROM counted AS c WHERE b.id = c.id
      RETURNING b.id, b.state, b.sent, b.refused, b.unknown, b.skipped, c.is_own)
    SELECT id, state, sent, refused, unknown, skipped FROM moved WHERE state <> 'sending' OR NOT is_own`;
}
