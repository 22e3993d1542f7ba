// What a process that died left behind, written into the tables as it would stand there.

import type { Database } from "#db/connect.ts";
import type { RowKey } from "#src/inbox/line.ts";
import type { SendPolicy } from "#src/kernel/effect.ts";
import type { BotId, ProcessId } from "#src/kernel/ids.ts";
import type { TestBot, World } from "./world.ts";

/** A process whose last sign of life is a minute old. */
export async function deadProcess({ sql }: World): Promise<ProcessId> {
  const [row] = await sql<{ id: ProcessId }[]>`
    INSERT INTO process (beat_at) VALUES (clock_timestamp() - interval '1 minute') RETURNING id`;
  return row?.id as ProcessId;
}

/** Makes a process silent for the last minute, until its next sign of life. */
export async function makeSilent(sql: Database, id: ProcessId): Promise<void> {
  await sql`UPDATE process SET beat_at = clock_timestamp() - interval '1 minute' WHERE id = ${id}`;
}

let updateId = 500_000;

/** A kept private message that nobody has dealt with. `isDone`: that somebody has. */
export async function leaveRow(
  { sql, clock }: World,
  bot: TestBot,
  row: { chatId: number; owner: ProcessId | null; text?: string; isDone?: boolean },
): Promise<RowKey & { update: Record<string, unknown> }> {
  const { chatId, owner, text = "/start", isDone = false } = row;
  const from = { id: chatId, is_bot: false, first_name: "Alice" };
  const chat = { id: chatId, type: "private" };
  const update = { update_id: ++updateId, message: { message_id: updateId, date: 1_772_366_400, chat, from, text } };
  const [key] = await sql<RowKey[]>`
    INSERT INTO inbox (slot, bot_id, update_id, body, received_at, owner, done_at, outcome)
    VALUES ((SELECT max(slot) FROM slot), ${bot.botId}, ${updateId}, ${JSON.stringify(update)}, ${clock.now()}, ${owner},
      ${isDone ? clock.now() : null}, ${isDone ? "processed" : null})
    RETURNING slot, id`;
  return { ...(key as RowKey), update };
}

/** A decided message that was not sent, or whose outcome was not kept, of a row of its own. */
export async function leaveSend(
  world: World,
  bot: TestBot,
  effect: { chatId: number; owner: ProcessId | null; policy?: SendPolicy; text: string },
): Promise<RowKey> {
  const { chatId, owner, policy = "reply", text } = effect;
  const row = await leaveRow(world, bot, { chatId, owner: null, isDone: true });
  await world.sql`
    INSERT INTO effect (slot, row_id, n, kind, policy, bot_id, chat_id, body, owner, attempts, created_at)
    VALUES (${row.slot}, ${row.id}, 0, 'send', ${policy}, ${bot.botId as BotId}, ${chatId},
      ${JSON.stringify({ method: "sendMessage", payload: { text } })}::text::jsonb, ${owner}, 1, ${world.clock.now()})`;
  return { slot: row.slot, id: row.id };
}
