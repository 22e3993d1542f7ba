// Partitions of inbox and effect: opens the next one, drops the ones that are old and finished.
//
// An update is unique per (slot, bot, update_id), and an INSERT looks for it in the older slots, too (src/inbox/accept.ts). That
// look-up has no race because the newest slot changes only under LOCK TABLE: an INSERT that was under way commits before the change,
// and one that had to wait takes its snapshot after it.

import { limits } from "#src/kernel/limits.ts";
import type { Database } from "./connect.ts";

/** Whoever waits for the table's lock holds up all who come after him: better to give up, and try at the clock's next tick. */
const BRIEFLY = "SET LOCAL lock_timeout = '1s'";

/** Opens the next slot when the newest is older than 48 h at `now`. Returns its number, or undefined when none was due. */
export async function openSlot(sql: Database, now: Date): Promise<number | undefined> {
  const due = new Date(now.getTime() - limits.slotMs);
  return sql.begin(async (tx) => {
    await tx.unsafe(BRIEFLY);
    const [newest] = await tx<{ slot: number }[]>`
      SELECT slot FROM slot WHERE opened_at <= ${due} AND slot = (SELECT max(slot) FROM slot) FOR UPDATE SKIP LOCKED`;
    if (!newest) return undefined;
    const slot = newest.slot + 1;
    await tx.unsafe("LOCK TABLE inbox IN SHARE ROW EXCLUSIVE MODE");
    await tx.unsafe(`CREATE TABLE inbox_${slot} PARTITION OF inbox FOR VALUES IN (${slot}) WITH (fillfactor = 70)`);
    await tx.unsafe(`CREATE TABLE effect_${slot} PARTITION OF effect FOR VALUES IN (${slot}) WITH (fillfactor = 70)`);
    await tx`INSERT INTO slot (slot, opened_at) VALUES (${slot}, ${now})`;
    return slot;
  });
}

/**
 * Drops the slots before the last two whose rows and effects are all finished; their rows are at least 48 h old, because the slot
 * after them has been full for that long. Returns the numbers dropped.
 */
export async function dropOldSlots(sql: Database): Promise<number[]> {
  const slots = await sql<{ slot: number }[]>`SELECT slot FROM slot ORDER BY slot DESC OFFSET 2`;
  const dropped: number[] = [];
  for (const { slot } of slots) if (await dropSlot(sql, slot)) dropped.push(slot);
  return dropped;
}

function dropSlot(sql: Database, slot: number): Promise<boolean> {
  return sql.begin(async (tx) => {
    await tx.unsafe(BRIEFLY);
    // Up to the sweep's mark everything is finished or has a due time, and both of those are found by index.
    const [open] = await tx<{ unfinished: boolean }[]>`
      SELECT EXISTS (SELECT FROM inbox WHERE inbox.slot = slot.slot AND id > swept_row_id AND done_at IS NULL)
          OR EXISTS (SELECT FROM inbox WHERE inbox.slot = slot.slot AND due_at IS NOT NULL)
          OR EXISTS (SELECT FROM effect WHERE effect.slot = slot.slot AND row_id > swept_effect_row_id AND state = 'pending')
          OR EXISTS (SELECT FROM effect WHERE effect.slot = slot.slot AND due_at IS NOT NULL) AS unfinished
      FROM slot WHERE slot = ${slot}`;
    if (open?.unfinished) return false;
    await tx.unsafe(`DROP TABLE IF EXISTS inbox_${slot}, effect_${slot}`);
    await tx`DELETE FROM slot WHERE slot = ${slot}`;
    return true;
  });
}
