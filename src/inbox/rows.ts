// Inbox rows in SQL: read them, see which are still to be done, set failing ones aside. (They are done by `saveDecisions`.)
// Keys are joined one probe each (LATERAL … LIMIT 1): a plan made while the table was empty stays right when it is full.

import type { Database } from "#db/connect.ts";
import type { BotId, RowId, Slot, UpdateId } from "../kernel/ids.ts";
import type { InboxRow, RowKey } from "./line.ts";

/** Reads rows that arrived in another process or an earlier life, in order of arrival; their bodies are Updates that were checked. */
export async function readRows<Update>(sql: Database, keys: RowKey[]): Promise<InboxRow<Update>[]> {
  const rows = await sql<
    { slot: Slot; id: RowId; bot_id: BotId; update_id: UpdateId; body: string; received_at: Date; attempts: number }[]
  >`
    SELECT row.* FROM unnest(${slotsOf(keys)}::int[], ${idsOf(keys)}::bigint[]) AS key (slot, id)
    CROSS JOIN LATERAL (
      SELECT slot, id, bot_id, update_id, body, received_at, attempts FROM inbox
      WHERE inbox.slot = key.slot AND inbox.id = key.id AND done_at IS NULL LIMIT 1) AS row
    ORDER BY row.id`;
  return rows.map((row) => ({
    slot: row.slot,
    id: row.id,
    botId: row.bot_id,
    updateId: row.update_id,
    update: JSON.parse(row.body) as Update,
    receivedAt: row.received_at,
    attempts: row.attempts,
  }));
}

/** Which of these rows are still to be done. */
export async function readUndone(sql: Database, keys: RowKey[]): Promise<Set<RowId>> {
  const rows = await sql<{ id: RowId }[]>`
    SELECT row.id FROM unnest(${slotsOf(keys)}::int[], ${idsOf(keys)}::bigint[]) AS key (slot, id)
    CROSS JOIN LATERAL (
      SELECT id FROM inbox WHERE inbox.slot = key.slot AND inbox.id = key.id AND done_at IS NULL LIMIT 1) AS row`;
  return new Set(rows.map((row) => row.id));
}

/** A row whose processing threw: tried again at `dueAt`, or failed for good when that is null. */
export async function setAside(
  sql: Database,
  key: RowKey,
  reason: string,
  now: Date,
  dueAt: Date | null,
): Promise<void> {
  await sql`
    UPDATE inbox SET attempts = attempts + 1, owner = NULL, error = ${reason.slice(0, 500)}, due_at = ${dueAt},
      done_at = ${dueAt === null ? now : null}, outcome = ${dueAt === null ? "failed" : null}
    WHERE slot = ${key.slot} AND id = ${key.id} AND done_at IS NULL`;
}

export const slotsOf = (keys: RowKey[]): Slot[] => keys.map((key) => key.slot);
export const idsOf = (keys: RowKey[]): RowId[] => keys.map((key) => key.id);
