// Keeps what arrived: one row per (bot, update), many rows per INSERT, and an answer only after the commit.

import type { Database } from "#db/connect.ts";
import { timesOf } from "#db/values.ts";
import { batch } from "../kernel/batch.ts";
import type { Clock } from "../kernel/clock.ts";
import { RejectedError, reasonOf } from "../kernel/errors.ts";
import type { ProcessId, RowId, Slot } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import type { Log } from "../kernel/log.ts";
import { metrics } from "../kernel/metrics.ts";
import { within } from "../kernel/within.ts";
import type { Arrival, InboxRow, RowKey } from "./line.ts";
import { mayHaveCommitted, openUncertain } from "./uncertain.ts";

export type Inbox<Update> = {
  /** Resolves once the update is committed (or was before). Rejects with 503 when it cannot be kept. */
  accept(arrival: Arrival<Update>): Promise<void>;
  waiting(): number;
  idle(): Promise<void>;
  /** Looks for a while whether these updates were kept without our hearing of it. */
  watch(arrivals: Arrival<Update>[]): void;
  close(): void;
};

/** Called with the rows of one commit: those to be dealt with at once, and those for the queue. Must not throw. */
export type OnKept<Update> = (atOnce: InboxRow<Update>[], later: RowKey[]) => void;

export function openInbox<Update>(options: {
  sql: Database;
  owner: ProcessId;
  clock: Clock;
  log: Log;
  /** Whether this process has room to deal with rows at once; without room they go through the queue. */
  hasRoom: () => boolean;
  onKept: OnKept<Update>;
  /** Takes the effects of rows that were done without our hearing of it. */
  adopt: (rows: RowKey[]) => Promise<void>;
}): Inbox<Update> {
  const { sql, owner, clock, log, hasRoom, onKept } = options;

  async function keep(arrived: Arrival<Update>[]): Promise<undefined[]> {
    // In one order everywhere: two processes that keep the same repeats never wait for each other in a ring.
    const arrivals = arrived.toSorted((a, b) => a.botId - b.botId || a.updateId - b.updateId);
    const room = hasRoom();
    const owners = arrivals.map((arrival) => (arrival.atOnce && !arrival.isIgnored && room ? owner : null));
    const kept = await insert(arrivals, owners);
    metrics.updatesKept.inc(kept.size);
    metrics.updatesRepeated.inc(arrivals.length - kept.size);
    const atOnce: InboxRow<Update>[] = [];
    const later: RowKey[] = [];
    for (const [index, arrival] of arrivals.entries()) {
      const key = kept.get(nameOf(arrival));
      if (!key) continue;
      // A repeat inside one batch meets its own row: it is given out once.
      kept.delete(nameOf(arrival));
      if (arrival.isIgnored) metrics.rowsProcessed.inc({ outcome: "ignored" });
      else if (owners[index] === null) later.push(key);
      else atOnce.push({ ...key, ...arrival, attempts: 0 });
    }
    onKept(atOnce, later);
    return arrivals.map(() => undefined);
  }

  async function insert(arrivals: Arrival<Update>[], owners: (ProcessId | null)[]): Promise<Map<string, RowKey>> {
    const inserting = insertRows(sql, arrivals, owners, clock.now());
    try {
      // The commit may still happen after we gave up on it: uncertain.ts sees to those rows, and the sender's repeat is no news then.
      const late = (): Error => new Error("PostgreSQL did not commit in time");
      const rows = await within(limits.acceptTimeoutMs, inserting, late);
      return new Map(rows.map((row) => [`${row.bot_id}:${row.update_id}`, { slot: row.slot, id: row.id }]));
    } catch (error) {
      const owned = arrivals.filter((_, index) => owners[index] !== null);
      // Only once the statement has ended one way or the other can its rows be looked for.
      inserting.then(
        () => uncertain.add(owned),
        (reason) => mayHaveCommitted(reason) && uncertain.add(owned),
      );
      log.error(
        { fact: "inbox.refused", updates: arrivals.length, reason: reasonOf(error) },
        "updates could not be kept",
      );
      throw new RejectedError(503, "The update could not be kept; send it again.", limits.retryAfterSeconds);
    }
  }

  const uncertain = openUncertain(options);
  const batcher = batch({
    maxItems: limits.acceptBatchRows,
    maxWaiting: limits.acceptWaiting,
    spacingMs: limits.acceptSpacingMs,
    run: keep,
  });
  return {
    accept: batcher.add,
    waiting: batcher.waiting,
    idle: batcher.idle,
    watch: uncertain.add,
    close: uncertain.close,
  };
}

const nameOf = (arrival: Arrival): string => `${arrival.botId}:${arrival.updateId}`;

type KeptRow = { slot: Slot; id: RowId; bot_id: number; update_id: number };

/**
 * The newest slot takes the row unless an older one holds it; db/slots.ts says why that look-up has no race. The look-up is a scalar
 * subquery on purpose: it is always one index probe, whatever the planner thinks of the table's size.
 */
function insertRows(sql: Database, arrivals: Arrival[], owners: (ProcessId | null)[], now: Date): Promise<KeptRow[]> {
  const outcomes = arrivals.map(({ isIgnored }) => (isIgnored ? "ignored" : null));
  return sql<KeptRow[]>`
    INSERT INTO inbox (slot, bot_id, update_id, body, received_at, owner, outcome, done_at)
    SELECT newest.slot, a.bot_id, a.update_id, a.body, a.received_at, a.owner, a.outcome,
      CASE WHEN a.outcome IS NOT NULL THEN ${now}::timestamptz END
    FROM unnest(${arrivals.map((a) => a.botId)}::bigint[], ${arrivals.map((a) => a.updateId)}::bigint[],
                ${arrivals.map((a) => a.body)}::text[], ${timesOf(arrivals.map((a) => a.receivedAt))}::timestamptz[],
                ${owners}::bigint[], ${outcomes}::text[]) AS a (bot_id, update_id, body, received_at, owner, outcome),
         (SELECT max(slot) AS slot FROM slot) AS newest
    WHERE (SELECT 1 FROM inbox AS older
           WHERE older.slot < newest.slot AND older.bot_id = a.bot_id AND older.update_id = a.update_id LIMIT 1) IS NULL
    ON CONFLICT (slot, bot_id, update_id) DO NOTHING
    RETURNING slot, id, bot_id, update_id`;
}
