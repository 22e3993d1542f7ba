// Partitions of inbox and effect: opens the next one, drops the ones that are old and finished. The steps are functions of the database
// (migrations/0002_line.sql).
//
// An update is unique per (slot, bot, update_id), and an INSERT looks for it in the older slots, too (src/inbox/accept.ts). That
// look-up has no race because the newest slot changes only under LOCK TABLE: an INSERT that was under way commits before the change,
// and one that had to wait takes its snapshot after it.

import { limits } from "#src/kernel/limits.ts";
import type { Database } from "./connect.ts";

/** Opens the next slot when the newest is older than 48 h at `now`. Returns its number, or undefined when none was due. */
export async function openSlot(sql: Database, now: Date): Promise<number | undefined> {
  const fullBefore = new Date(now.getTime() - limits.slotMs);
  const [row] = await sql<{ opened: number | null }[]>`SELECT open_slot(${now}, ${fullBefore}) AS opened`;
  return row?.opened ?? undefined;
}

/**
 * Drops the slots before the last two whose rows and effects are all finished; their rows are at least 48 h old, because the slot
 * after them has been full for that long. Returns the numbers dropped.
 */
export async function dropOldSlots(sql: Database): Promise<number[]> {
  const slots = await sql<{ slot: number }[]>`SELECT slot FROM slot ORDER BY slot DESC OFFSET 2`;
  const dropped: number[] = [];
  for (const { slot } of slots) {
    const [row] = await sql<{ dropped: boolean }[]>`SELECT drop_slot(${slot}) AS dropped`;
    if (row?.dropped) dropped.push(slot);
  }
  return dropped;
}
