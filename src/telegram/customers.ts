// What we learn of a customer outside a conversation: that he blocked the bot, that his chat moved, what his profile says.

import type { Database } from "#db/connect.ts";
import { booleansOf } from "#db/values.ts";
import type { PlacedEffect } from "../inbox/line.ts";
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

type Profile = PlacedEffect & { kind: "profile" };

/** Keeps what the latest of these effects says about each person. */
export async function saveProfiles(sql: Database, effects: Profile[]): Promise<void> {
  const latest = [...new Map(effects.map((effect) => [`${effect.botId}:${effect.chatId}`, effect])).values()];
  // The same order in every process: two batches never wait for each other in a ring.
  latest.sort((a, b) => a.botId - b.botId || a.chatId - b.chatId);
  const bodies = latest.map((effect) => effect.body);
  await sql`
    UPDATE customer SET first_name = p.first_name, last_name = p.last_name, username = p.username, language_code = p.language_code,
      is_premium = p.is_premium
    FROM unnest(${latest.map((e) => e.botId)}::bigint[], ${latest.map((e) => e.chatId)}::bigint[],
      ${bodies.map((b) => b.firstName)}::text[], ${bodies.map((b) => b.lastName)}::text[], ${bodies.map((b) => b.username)}::text[],
      ${bodies.map((b) => b.languageCode)}::text[], ${booleansOf(bodies.map((b) => b.isPremium))}::text[]::boolean[])
      AS p (bot_id, chat_id, first_name, last_name, username, language_code, is_premium)
    WHERE customer.bot_id = p.bot_id AND customer.chat_id = p.chat_id`;
}
