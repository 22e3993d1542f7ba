// Inbox rows in SQL: claim them inside the transaction that deals with them, finish them, set failing ones aside.
// Keys are joined one probe each (LATERAL … LIMIT 1): a plan made while the table was empty stays right when it is full.

import type { Database, Statement, Transaction } from "#db/connect.ts";
import type { BotId, RowId, Slot, UpdateId } from "../kernel/ids.ts";
import type { InboxRow, RowKey } from "./line.ts";

/** Locks those of `keys` that are still to be done, oldest first; rows that another process is dealing with are left out. */
export async function claimRows(tx: Transaction, keys: RowKey[]): Promise<Set<RowId>> {
  const rows = await tx<{ id: RowId }[]>`
    SELECT row.id FROM unnest(${slotsOf(keys)}::int[], ${idsOf(keys)}::bigint[]) AS key (slot, id)
    CROSS JOIN LATERAL (
      SELECT id FROM inbox WHERE inbox.slot = key.slot AND inbox.id = key.id AND done_at IS NULL LIMIT 1 FOR UPDATE SKIP LOCKED) AS row`;
  return new Set(rows.map((row) => row.id));
}

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

export function finishRows(tx: Transaction, rows: (RowKey & { outcome: string })[], now: Date): Statement[] {
  return [
    tx`
    UPDATE inbox SET done_at = ${now}, outcome = done.outcome, owner = NULL, due_at = NULL
    FROM unnest(${slotsOf(rows)}::int[], ${idsOf(rows)}::bigint[], ${rows.map((row) => row.outcome)}::text[]) AS done (slot, id, outcome)
    WHERE inbox.slot = done.slot AND inbox.id = done.id`,
  ];
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
