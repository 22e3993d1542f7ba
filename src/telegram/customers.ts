// What we learn of a customer outside a conversation: that he blocked the bot, that his chat moved.

import type { Database } from "#db/connect.ts";
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
