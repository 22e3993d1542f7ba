// load → decide → save and keep effects, one statement for a batch; then the effects are given to those who perform them.

import type { Database } from "#db/connect.ts";
import { isTransient, whileAway } from "#db/retry.ts";
import { decideBatch, giveOut } from "./deciding.ts";
import { saveDecisions } from "./inbox/decisions.ts";
import type { Lease } from "./inbox/lease.ts";
import type { RowKey } from "./inbox/line.ts";
import { readRows, readUndone, setAside } from "./inbox/rows.ts";
import { type Batcher, batch } from "./kernel/batch.ts";
import type { Clock } from "./kernel/clock.ts";
import { reasonOf } from "./kernel/errors.ts";
import type { RowId } from "./kernel/ids.ts";
import { limits } from "./kernel/limits.ts";
import { type Log, redactTokens } from "./kernel/log.ts";
import { metrics } from "./kernel/metrics.ts";
import type { Performer } from "./perform.ts";
import type { Conversation, TelegramRow } from "./telegram/conversation.ts";
import type { TelegramUpdate } from "./telegram/update.ts";

export type Processor = {
  /** Processes rows that this process has just kept; resolves when they are done or set aside. */
  process(rows: TelegramRow[]): Promise<void>;
  /** The same for rows known by their keys only. */
  processKeys(keys: RowKey[]): Promise<void>;
  waiting(): number;
  idle(): Promise<void>;
};

/** `given`: rows whose effects this process has in its hands. `isRepeat`: an earlier attempt broke off. */
type Attempt = { given: Set<RowId>; isRepeat: boolean };

export function openProcessor(options: {
  sql: Database;
  lease: Lease;
  clock: Clock;
  log: Log;
  conversation: Conversation;
  performer: Performer;
  /** Says that rows ask something of payments. Must not throw. */
  enqueueRequests: (rows: RowKey[]) => void;
  signal: AbortSignal;
}): Processor {
  const { sql, lease, clock, log, conversation, performer, signal } = options;

  async function processBatch(rows: TelegramRow[]): Promise<undefined[]> {
    const given = new Set<RowId>();
    let tries = 0;
    await whileAway(() => tryBatch(rows, { given, isRepeat: tries++ > 0 }), log, signal);
    return rows.map(() => undefined);
  }

  /** A row that throws must not take the others with it: the batch is then tried row by row. */
  async function tryBatch(rows: TelegramRow[], attempt: Attempt): Promise<void> {
    try {
      await runBatch(rows, attempt);
    } catch (error) {
      if (isTransient(error)) throw error;
      const [only] = rows;
      if (rows.length === 1 && only) await giveBack(only, error);
      else for (const row of rows) await tryBatch([row], attempt);
    }
  }

  async function runBatch(rows: TelegramRow[], { given, isRepeat }: Attempt): Promise<void> {
    let left = rows;
    for (let round = 0; left.length > 0; round++) {
      if (round === limits.decideRounds) throw new Error("other processes kept changing the customer");
      const saved = await decideAndSave(left);
      for (const id of saved) given.add(id);
      left = left.filter((row) => !saved.has(row.id));
      if (left.length === 0) return;
      // Somebody else changed a customer meanwhile, or has done a row: what is still to be done is decided anew on what he left.
      const undone = await readUndone(sql, left);
      const doneBefore = left.filter((row) => !undone.has(row.id) && !given.has(row.id));
      // A connection that broke left open whether an earlier attempt was committed. If it was, the effects of these rows name this process
      // without its having them.
      if (isRepeat && doneBefore.length > 0) await performer.adoptRows(doneBefore);
      left = left.filter((row) => undone.has(row.id));
    }
  }

  /** One round: what was decided on the latest state is saved and given out; returns those rows. */
  async function decideAndSave(rows: TelegramRow[]): Promise<Set<RowId>> {
    const now = clock.now();
    const prepared = await conversation.prepare(rows);
    const decisions = decideBatch({ conversation, lease }, prepared, await conversation.load(prepared), now);
    const ids = await saveDecisions(sql, decisions.document, now);
    giveOut(options, decisions, ids);
    return ids;
  }

  async function giveBack(row: TelegramRow, error: unknown): Promise<void> {
    const failed = row.attempts + 1 >= limits.rowAttempts;
    const now = clock.now();
    const dueAt = failed ? null : new Date(now.getTime() + limits.sendBackoffMs * 2 ** row.attempts);
    const reason = redactTokens(reasonOf(error));
    log[failed ? "error" : "warn"](
      { fact: failed ? "row.failed" : "row.later", slot: row.slot, rowId: row.id, botId: row.botId, reason },
      "a row could not be processed",
    );
    if (failed) metrics.rowsProcessed.inc({ outcome: "failed" });
    await setAside(sql, row, reason, now, dueAt);
  }

  // One batch after the other: rows of one chat that reach this process are decided in the order in which they were kept.
  const batcher: Batcher<TelegramRow, undefined> = batch({
    maxItems: limits.processBatchRows,
    spacingMs: limits.processSpacingMs,
    run: processBatch,
  });
  const process = async (rows: TelegramRow[]): Promise<void> => void (await Promise.all(rows.map(batcher.add)));

  return {
    process,
    async processKeys(keys) {
      await process(await readRows<TelegramUpdate>(sql, keys));
    },
    waiting: batcher.waiting,
    idle: batcher.idle,
  };
}
