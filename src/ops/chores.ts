// What whoever watches does besides looking: counts what became of /start, tries whether PostgreSQL's disk has room, and forgets what is old.

import { setTimeout as wait } from "node:timers/promises";
import type { Database } from "#db/connect.ts";
import { reasonOf } from "../kernel/errors.ts";
import type { Log } from "../kernel/log.ts";
import { within } from "../kernel/within.ts";
import { forgetOld } from "./incident-book.ts";

export type Chores = {
  /** Does what is due at `now`. Never throws. */
  run(now: Date, log: Log): Promise<void>;
  /** Whether a block was refused for want of room when it was last tried. */
  diskIsFull(): boolean;
};

const COUNT_EVERY_MS = 10_000;
/** A /start is judged when it had so long for its answer. */
const ANSWER_MS = 60_000;
/** Rows counted at a time, some 20 ms of PostgreSQL, with pauses: nobody waits for this, and /start does for PostgreSQL. */
const MOST_ROWS = 2_000;
const COUNT_PAUSE_MS = 100;
/** In one go; after a long absence it catches up in several. */
const MOST_ROUNDS = 40;
const PROBE_EVERY_MS = 60_000;
const FORGET_EVERY_MS = 60 * 60_000;
const DISK_FULL = "53100";
/** Longer than PostgreSQL lets a statement run. */
const CHORE_MS = 12_000;

export function openChores(sql: Database): Chores {
  let isFull = false;

  async function probe(): Promise<void> {
    try {
      // Written into a new file each time: an old one would have the room that it has.
      await sql.unsafe("TRUNCATE disk_probe; INSERT INTO disk_probe VALUES (repeat('x', 4000))");
      isFull = false;
    } catch (error) {
      if ((error as { code?: unknown }).code !== DISK_FULL) throw error;
      isFull = true;
    }
  }

  async function count(now: Date): Promise<void> {
    const before = new Date(now.getTime() - ANSWER_MS);
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const [row] = await sql<{ moved: number }[]>`SELECT count_starts(${before}, ${MOST_ROWS}) AS moved`;
      if ((row?.moved ?? 0) < MOST_ROWS) return;
      await wait(COUNT_PAUSE_MS);
    }
  }

  const chores = [
    { everyMs: COUNT_EVERY_MS, work: count },
    { everyMs: PROBE_EVERY_MS, work: probe },
    { everyMs: FORGET_EVERY_MS, work: (now: Date) => forgetOld(sql, now) },
  ].map((chore) => ({ ...chore, dueMs: 0 }));

  return {
    diskIsFull: () => isFull,
    async run(now, log) {
      for (const chore of chores.filter(({ dueMs }) => dueMs <= now.getTime())) {
        chore.dueMs = now.getTime() + chore.everyMs;
        try {
          await within(CHORE_MS, Promise.resolve(chore.work(now)), () => new Error("no answer"));
        } catch (error) {
          log.debug({ fact: "chore.failed", reason: reasonOf(error) }, "it comes again");
        }
      }
    },
  };
}
