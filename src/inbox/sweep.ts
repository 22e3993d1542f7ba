// The sweep: every second one process looks for what was left behind and gives it out again.
//
// Left behind is a row or effect that is not finished and whose owner is dead; one without an owner that no queue knows any more (Redis
// was emptied); and one whose due time has come. Whatever is given out gets a due time of its own, so that it is left alone for a while
// and then found again. The unfinished are found by reading on from a mark below which everything is finished or has a due time:
// no index is needed on the state, so finishing a row stays an update in place (HOT).

import type { Database, Transaction } from "#db/connect.ts";
import type { RowId, Slot } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import { LIVING } from "./lease.ts";
import type { RowKey } from "./line.ts";

const LOCK = 7_246_002;

export type Found = { rows: RowKey[]; effects: RowKey[] };

export type Sweep = {
  /**
   * Looks once. `now`: the clock; `mayJudge`: whether other processes may be called dead; `jobsSince`: jobs older than this have left
   * the queue, so an older row without an owner has no job any more. Empty when another process is sweeping.
   */
  look(options: { now: Date; mayJudge: boolean; jobsSince: Date }): Promise<Found>;
};

type Table = { name: "inbox" | "effect"; id: string; unfinished: string; since: string; mark: string; free: string };

const INBOX: Table = {
  name: "inbox",
  id: "id",
  unfinished: "done_at IS NULL",
  since: "received_at",
  mark: "swept_row_id",
  free: "TRUE",
};
const EFFECT: Table = {
  name: "effect",
  id: "row_id",
  unfinished: "state = 'pending'",
  since: "created_at",
  mark: "swept_effect_row_id",
  // A message whose chat has an earlier unfinished one is not due yet, whatever its time says.
  free: `(SELECT 1 FROM effect AS earlier WHERE earlier.slot = t.after_slot AND earlier.row_id = t.after_row_id
            AND earlier.kind = 'send' AND earlier.state = 'pending' LIMIT 1) IS NULL`,
};

export function openSweep(sql: Database, nowMs: () => number = () => performance.now()): Sweep {
  // Highest numbers seen, with the time: once the margin has passed, no commit with a lower number can still appear.
  const seen: { atMs: number; slot: Slot; id: RowId }[] = [];
  return {
    look: (options) =>
      sql.begin(async (tx) => {
        const [lock] = await tx<{ got: boolean }[]>`SELECT pg_try_advisory_xact_lock(${LOCK}) AS got`;
        if (!lock?.got) return { rows: [], effects: [] };
        const slots = await tx<
          { slot: Slot; swept_row_id: RowId; swept_effect_row_id: RowId; highest: RowId | null }[]
        >`
          SELECT slot.*, (SELECT max(id) FROM inbox WHERE inbox.slot = slot.slot) AS highest FROM slot ORDER BY slot`;
        const found: Found = { rows: [], effects: [] };
        for (const { slot, swept_row_id, swept_effect_row_id, highest } of slots) {
          const settled = settledId(slot, highest);
          found.rows.push(...(await sweepTail(tx, INBOX, slot, swept_row_id, settled, options)));
          found.effects.push(...(await sweepTail(tx, EFFECT, slot, swept_effect_row_id, settled, options)));
        }
        found.rows.push(...(await sweepDue(tx, INBOX, options.now)));
        found.effects.push(...(await sweepDue(tx, EFFECT, options.now)));
        return found;
      }),
  };

  function settledId(slot: Slot, highest: RowId | null): RowId | undefined {
    const now = nowMs();
    if (highest !== null) seen.push({ atMs: now, slot, id: highest });
    while (seen[0] && now - seen[0].atMs > 2 * limits.sweepMarginMs) seen.shift();
    return seen.findLast((one) => one.slot === slot && now - one.atMs > limits.sweepMarginMs)?.id;
  }
}

/** What is unfinished without a due time, from the mark on; then the mark moves up to the first of them, or to what is settled. */
async function sweepTail(
  tx: Transaction,
  table: Table,
  slot: Slot,
  mark: RowId,
  settled: RowId | undefined,
  options: { now: Date; mayJudge: boolean; jobsSince: Date },
): Promise<RowKey[]> {
  const freeBefore = new Date(Math.min(options.now.getTime() - limits.sweepGraceMs, options.jobsSince.getTime()));
  const tail = await tx.unsafe<{ id: RowId; left: boolean }[]>(
    `SELECT t.${table.id} AS id, (CASE WHEN owner IS NULL THEN ${table.since} < $3 ELSE $4 AND owner NOT IN (${LIVING}) END) AS left
     FROM ${table.name} AS t WHERE slot = $1 AND ${table.id} > $2 AND ${table.unfinished} AND due_at IS NULL
     ORDER BY ${table.id} LIMIT ${limits.sweepRows}`,
    [slot, mark, freeBefore.toISOString(), options.mayJudge],
  );
  const lowest = tail[0]?.id;
  const reached = Math.min(settled ?? mark, lowest === undefined ? Number.POSITIVE_INFINITY : lowest - 1);
  if (reached > mark) await tx.unsafe(`UPDATE slot SET ${table.mark} = $1 WHERE slot = $2`, [reached, slot]);
  const ids = [...new Set(tail.filter((row) => row.left).map((row) => row.id))];
  if (ids.length > 0) {
    // The owner stays written on an effect: whoever claims it must know that a dead process may have begun it.
    const disown = table === INBOX ? ", owner = NULL" : "";
    await tx.unsafe(
      `UPDATE ${table.name} SET due_at = $3${disown} WHERE slot = $1 AND ${table.id} = ANY($2::bigint[]) AND ${table.unfinished}
         AND due_at IS NULL AND (owner IS NULL OR owner NOT IN (${LIVING}))`,
      [slot, ids, againAt(options.now)],
    );
  }
  return ids.map((id) => ({ slot, id }));
}

/** What is due. */
async function sweepDue(tx: Transaction, table: Table, now: Date): Promise<RowKey[]> {
  const due = await tx.unsafe<{ slot: Slot; id: RowId }[]>(
    `WITH due AS (
       SELECT t.slot, t.${table.id} AS id, t.ctid, t.tableoid FROM ${table.name} AS t
       WHERE due_at <= $1 AND ${table.unfinished} AND ${table.free}
       ORDER BY due_at LIMIT ${limits.sweepRows} FOR UPDATE SKIP LOCKED)
     UPDATE ${table.name} AS t SET due_at = $2 FROM due WHERE t.slot = due.slot AND t.ctid = due.ctid AND t.tableoid = due.tableoid
     RETURNING t.slot, t.${table.id} AS id`,
    [now.toISOString(), againAt(now)],
  );
  return [...new Map(due.map((row) => [row.id, row])).values()].sort((a, b) => a.id - b.id);
}

const againAt = (now: Date): string => new Date(now.getTime() + limits.sweepAgainMs).toISOString();
