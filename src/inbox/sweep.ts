// The sweep: finds what was left behind and puts it off for a while; whoever called gives it out. What counts as left behind stands with
// the function `sweep` in db/migrations/0002_line.sql.

import type { Database } from "#db/connect.ts";
import type { RowId, Slot } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import { GRACE } from "./lease.ts";
import type { RowKey } from "./line.ts";

export type Found = { rows: RowKey[]; effects: RowKey[] };

export type Sweep = {
  /**
   * Looks once. `now`: the clock; `mayJudge`: whether other processes may be called dead; `jobsSince`: jobs older than this have left
   * the queue, so an older row without an owner has no job any more; `thorough`: look for those, too. Empty when another process is sweeping.
   */
  look(options: { now: Date; mayJudge: boolean; jobsSince: Date; thorough: boolean }): Promise<Found>;
};

export function openSweep(sql: Database, nowMs: () => number = () => performance.now()): Sweep {
  // Highest numbers seen, with the time: once the margin has passed, no commit with a lower number can still appear.
  let seen: { atMs: number; slot: Slot; id: RowId }[] = [];

  async function settled(): Promise<Record<string, RowId>> {
    const highest = await sql<{ slot: Slot; id: RowId }[]>`
      SELECT slot, id FROM slot CROSS JOIN LATERAL (SELECT max(id) AS id FROM inbox WHERE inbox.slot = slot.slot) AS last WHERE id IS NOT NULL`;
    const now = nowMs();
    seen = [...seen, ...highest.map((one) => ({ ...one, atMs: now }))].filter(
      ({ atMs }) => now - atMs < 2 * limits.sweepMarginMs,
    );
    return Object.fromEntries(
      seen.filter(({ atMs }) => now - atMs > limits.sweepMarginMs).map(({ slot, id }) => [slot, id]),
    );
  }

  return {
    async look({ now, mayJudge, jobsSince, thorough }) {
      const freeBefore = new Date(Math.min(now.getTime() - limits.sweepGraceMs, jobsSince.getTime()));
      const againAt = new Date(now.getTime() + limits.sweepAgainMs);
      const found = await sql<{ what: "row" | "effect"; slot: Slot; id: RowId }[]>`
        SELECT * FROM sweep(${now}, ${freeBefore}, ${againAt}, ${mayJudge}, ${thorough}, ${GRACE}::interval, ${sql.json(await settled())},
          ${limits.sweepRows})`;
      return { rows: keysOf(found, "row"), effects: keysOf(found, "effect") };
    },
  };
}

function keysOf(found: (RowKey & { what: string })[], what: string): RowKey[] {
  const keys = new Map(found.filter((one) => one.what === what).map(({ slot, id }) => [id, { slot, id }]));
  return [...keys.values()].sort((a, b) => a.id - b.id);
}
