// Effects in SQL: kept with the decision, claimed by whoever performs them, finished with their outcome.
//
//   pending ──► done      Telegram has it (message_id)
//      │  ▲───── later     it did not happen: due_at says when to try again
//      ├────► refused     it never will
//      └────► unknown     the answer is lost and the policy forbids a second try

import type { Database } from "#db/connect.ts";
import { timesOf } from "#db/values.ts";
import type { EffectKind } from "../kernel/effect.ts";
import type { BotId, ChatId, ProcessId, RowId, Slot } from "../kernel/ids.ts";
import { GRACE, type Lease } from "./lease.ts";
import type { KeptMessage, PlacedEffect, RowKey } from "./line.ts";
import { idsOf, slotsOf } from "./rows.ts";

/** An effect about to be kept. `owner` null = a queue or the sweep gives it out. */
export type NewEffect = PlacedEffect & { owner: ProcessId | null; dueAt: Date | null };

/** An effect as `saveDecisions` takes it. */
export function effectRecord(effect: NewEffect) {
  const { slot, id, n, kind, policy, botId, chatId, body, owner, attempts, dueAt, after } = effect;
  const place = { slot, row_id: id, n, bot_id: botId, chat_id: chatId };
  return {
    ...place,
    kind,
    policy,
    body,
    owner,
    attempts,
    due_at: dueAt,
    after_slot: after?.slot,
    after_row_id: after?.id,
  };
}

type ClaimedRow = {
  slot: Slot;
  row_id: RowId;
  n: number;
  kind: EffectKind;
  policy: PlacedEffect["policy"];
  bot_id: BotId;
  chat_id: ChatId;
  body: PlacedEffect["body"];
  attempts: number;
  begun_before: boolean;
};

/**
 * Takes the pending messages of `rows` for this process, in order: those that nobody owns or whose owner is dead, and whose chat has no
 * earlier row with unfinished messages. An owner that died may have begun the call: `begunBefore` says so. `ownToo`: also those that name
 * this process as their owner without its having them.
 */
export async function claimEffects(
  sql: Database,
  lease: Lease,
  rows: RowKey[],
  { ownToo = false } = {},
): Promise<PlacedEffect[]> {
  const owner = lease.id;
  const epoch = lease.epoch();
  const claimed = await sql<ClaimedRow[]>`
    WITH picked AS MATERIALIZED (
      SELECT e.* FROM unnest(${slotsOf(rows)}::int[], ${idsOf(rows)}::bigint[]) AS key (slot, id)
      CROSS JOIN LATERAL (
        SELECT slot, row_id, n, owner FROM effect
        WHERE effect.slot = key.slot AND effect.row_id = key.id AND kind = 'send' AND state = 'pending'
          AND (owner IS NULL OR (owner = ${owner} AND ${ownToo})
            OR (${lease.mayJudge()} AND owner <> ${owner} AND owner NOT IN (SELECT living(${GRACE}::interval))))
          AND (SELECT 1 FROM effect AS earlier WHERE earlier.slot = effect.after_slot AND earlier.row_id = effect.after_row_id
                 AND earlier.kind = 'send' AND earlier.state = 'pending' LIMIT 1) IS NULL
        ORDER BY n LIMIT 1000 FOR UPDATE SKIP LOCKED) AS e)
    -- Its due time stays until it is finished: should this process die, the sweep finds it by that.
    UPDATE effect SET owner = ${owner}, attempts = effect.attempts + 1
    FROM picked WHERE effect.slot = picked.slot AND effect.row_id = picked.row_id AND effect.n = picked.n
    RETURNING effect.slot, effect.row_id, effect.n, kind, policy, bot_id, chat_id, body, attempts, coalesce(picked.owner <> ${owner}, false) AS begun_before`;
  return claimed.map((row) => asPlaced(row, epoch)).sort((a, b) => a.id - b.id || a.n - b.n);
}

/** Whether an effect is still pending and ours: asked after a gap in the lease. */
export async function stillOwned(sql: Database, owner: ProcessId, effect: PlacedEffect): Promise<boolean> {
  const [row] = await sql`
    SELECT 1 FROM effect WHERE slot = ${effect.slot} AND row_id = ${effect.id} AND n = ${effect.n} AND state = 'pending' AND owner = ${owner}`;
  return row !== undefined;
}

/** Whether messages of a row are still to go out. */
export async function hasPendingSends(sql: Database, row: RowKey): Promise<boolean> {
  const [pending] = await sql`
    SELECT 1 FROM effect WHERE slot = ${row.slot} AND row_id = ${row.id} AND kind = 'send' AND state = 'pending' LIMIT 1`;
  return pending !== undefined;
}

/** How a try ended, as it is written down. */
export type Mark = {
  effect: PlacedEffect;
  state: "done" | "refused" | "unknown" | "pending";
  reason: string | null;
  dueAt: Date | null;
  attempts: number;
  chatId: ChatId;
  message: KeptMessage | null;
};

/**
 * Writes outcomes, and the sent messages, in one statement. A mark by a process that no longer owns the effect changes nothing: that
 * is the fence against a process that slept through its lease.
 */
export async function finishEffects(sql: Database, owner: ProcessId, marks: Mark[], now: Date): Promise<void> {
  const keys = marks.map((mark) => mark.effect);
  const message = marks.map((mark) => mark.message);
  await sql`
    WITH mark AS MATERIALIZED (
      SELECT * FROM unnest(
        ${slotsOf(keys)}::int[], ${idsOf(keys)}::bigint[], ${keys.map((key) => key.n)}::smallint[],
        ${marks.map((mark) => mark.state)}::text[], ${marks.map((mark) => mark.reason)}::text[],
        ${timesOf(marks.map((mark) => mark.dueAt))}::timestamptz[], ${marks.map((mark) => mark.attempts)}::smallint[],
        ${marks.map((mark) => mark.chatId)}::bigint[], ${message.map((m) => m?.messageId ?? null)}::bigint[],
        ${message.map((m) => m?.kind ?? null)}::text[], ${message.map((m) => m?.body ?? null)}::text[],
        ${message.map((m) => m?.fileId ?? null)}::text[], ${timesOf(message.map((m) => m?.at ?? null))}::timestamptz[])
        AS m (slot, row_id, n, state, reason, due_at, attempts, chat_id, message_id, kind, body, file_id, at)),
    marked AS (
      UPDATE effect SET state = mark.state, reason = mark.reason, due_at = mark.due_at, attempts = mark.attempts, chat_id = mark.chat_id,
        owner = NULL, message_id = mark.message_id, finished_at = CASE WHEN mark.state = 'pending' THEN NULL ELSE ${now}::timestamptz END
      FROM mark WHERE effect.slot = mark.slot AND effect.row_id = mark.row_id AND effect.n = mark.n
        AND effect.state = 'pending' AND effect.owner = ${owner}
      RETURNING effect.bot_id, mark.*)
    INSERT INTO message (bot_id, chat_id, message_id, outgoing, kind, body, file_id, at)
    SELECT bot_id, chat_id, message_id, true, kind, body, file_id, at FROM marked WHERE state = 'done' AND message_id IS NOT NULL
    ON CONFLICT DO NOTHING`;
}

function asPlaced(row: ClaimedRow, epoch: number): PlacedEffect {
  return {
    epoch,
    slot: row.slot,
    id: row.row_id,
    n: row.n,
    kind: row.kind,
    policy: row.policy,
    botId: row.bot_id,
    chatId: row.chat_id,
    body: row.body,
    attempts: row.attempts,
    begunBefore: row.begun_before,
    after: null,
  } as PlacedEffect;
}
