// What we learn of a customer outside a conversation: that he blocked the bot, that his chat moved, what his profile says.

import type { Database } from "#db/connect.ts";
import type { RowKey } from "../inbox/line.ts";
import type { BotId, ChatId } from "../kernel/ids.ts";

/** Telegram refused a message because the person does not want us; a later message of his, or my_chat_member, clears it. */
export async function markBlocked(sql: Database, botId: BotId, chatId: ChatId, at: Date): Promise<void> {
  await sql`UPDATE customer SET blocked_at = ${at} WHERE bot_id = ${botId} AND chat_id = ${chatId} AND blocked_at IS NULL`;
}

/** A group became a supergroup and has another id now; when both ids are known already, each stays what it is. */
export async function migrateChat(sql: Database, botId: BotId, from: ChatId, to: ChatId): Promise<void> {
  await sql`
    UPDATE customer SET chat_id = ${to} WHERE bot_id = ${botId} AND chat_id = ${from}
      AND NOT EXISTS (SELECT FROM customer AS moved WHERE moved.bot_id = ${botId} AND moved.chat_id = ${to})`;
}

/**
 * Performs the pending `profile` effects of these rows: keeps what the latest of them says about each person, and marks them done, in one
 * statement. It happens in PostgreSQL alone, so nobody has to own it; what another process is at is passed over. Returns how many.
 */
export async function saveProfiles(sql: Database, rows: RowKey[], now: Date): Promise<number> {
  const result = await sql`
    WITH picked AS MATERIALIZED (
      SELECT e.* FROM unnest(${rows.map((row) => row.slot)}::int[], ${rows.map((row) => row.id)}::bigint[]) AS key (slot, id)
      CROSS JOIN LATERAL (
        SELECT slot, row_id, n, bot_id, chat_id, body FROM effect
        WHERE effect.slot = key.slot AND effect.row_id = key.id AND kind = 'profile' AND state = 'pending'
        LIMIT 10 FOR UPDATE SKIP LOCKED) AS e),
    -- In this order people are locked everywhere: two batches never wait for each other in a ring.
    latest AS MATERIALIZED (
      SELECT DISTINCT ON (bot_id, chat_id) bot_id, chat_id, body FROM picked ORDER BY bot_id, chat_id, row_id DESC),
    saved AS (
      UPDATE customer SET first_name = body ->> 'firstName', last_name = body ->> 'lastName', username = body ->> 'username',
        language_code = body ->> 'languageCode', is_premium = (body ->> 'isPremium')::boolean
      FROM latest WHERE customer.bot_id = latest.bot_id AND customer.chat_id = latest.chat_id)
    UPDATE effect SET state = 'done', finished_at = ${now}, owner = NULL, due_at = NULL, attempts = attempts + 1
    FROM picked WHERE effect.slot = picked.slot AND effect.row_id = picked.row_id AND effect.n = picked.n`;
  return result.count;
}
