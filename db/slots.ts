// Partitions of inbox and effect: opens the next one, drops the ones that are old and finished.
//
// An update is unique per (slot, bot, update_id), and an INSERT looks for it in the older slots, too (src/inbox/accept.ts). That
// look-up has no race because the newest slot changes only under LOCK TABLE: an INSERT that was under way commits before the change,
// and one that had to wait takes its snapshot after it.

import { limits } from "#src/kernel/limits.ts";
import type { Database, Transaction } from "./connect.ts";

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
    await lockLine(tx);
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

async function dropSlot(sql: Database, slot: number): Promise<boolean> {
  // Looked at without a lock that stays: what is finished stays finished, and nothing new comes into an old slot.
  const [open] = await sql<{ unfinished: boolean }[]>`
    SELECT EXISTS (SELECT FROM inbox WHERE slot = ${slot} AND done_at IS NULL)
        OR EXISTS (SELECT FROM effect WHERE slot = ${slot} AND state = 'pending') AS unfinished`;
  if (open?.unfinished) return false;
  return sql.begin(async (tx) => {
    await lockLine(tx);
    await tx.unsafe(`DROP TABLE IF EXISTS inbox_${slot}, effect_${slot}`);
    await tx`DELETE FROM slot WHERE slot = ${slot}`;
    return true;
  });
}

/**
 * The lock that making and dropping a partition needs, taken at once: who holds a weaker one and asks for it later meets, in a ring, a
 * transaction that has locked rows of the inbox and is about to finish them. In the order in which the line touches the tables.
 */
async function lockLine(tx: Transaction): Promise<void> {
  await tx.unsafe("LOCK TABLE inbox, effect IN ACCESS EXCLUSIVE MODE");
}
