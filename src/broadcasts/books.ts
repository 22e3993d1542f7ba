// What the owner of broadcasts asks of the database and writes there, for all of them together: a few statements a second, however many
// messages there are.

import type { Database } from "#db/connect.ts";
import { whileAway } from "#db/retry.ts";
import type { Lease } from "../inbox/lease.ts";
import { batch } from "../kernel/batch.ts";
import type { Clock } from "../kernel/clock.ts";
import { reasonOf } from "../kernel/errors.ts";
import { limits } from "../kernel/limits.ts";
import { type Log, redactTokens } from "../kernel/log.ts";
import { metrics } from "../kernel/metrics.ts";
import { type Left, type Outcome, writeOutcomes } from "./outcomes.ts";
import { type Chunk, takeRecipients } from "./owner.ts";
import type { Run } from "./run.ts";

/** An outcome of a broadcast, or only how far it has come. */
type Mark = { run: Run; outcome: Outcome | null };

export type Books = {
  /** The next customers, about a second's worth; undefined when the broadcast is not this process' to send. */
  read(run: Run): Promise<Chunk | undefined>;
  /** Resolves when it is written. Without an outcome: only how far the broadcast has come. */
  write(run: Run, outcome: Outcome | null): Promise<void>;
  /** Resolves when nothing is left to be written. */
  idle(): Promise<void>;
};

/** `onLeft` hears of broadcasts with which this process need not go on. */
export function openBooks(options: {
  sql: Database;
  lease: Pick<Lease, "id">;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
  onLeft: (left: Left) => void;
}): Books {
  const { sql, lease, clock, log, signal, onLeft } = options;

  const reader = batch<Run, Chunk | undefined>({
    maxItems: limits.broadcastMarkRows,
    spacingMs: limits.broadcastMarkSpacingMs,
    async run(runs) {
      const asked = runs.map((run) => ({ id: run.id, cursorId: run.progress.cursorId(), most: Math.ceil(run.rate) }));
      const chunks = await whileAway(() => takeRecipients(sql, lease.id, asked, clock.now()), log, signal);
      for (const { skipped } of chunks.values()) metrics.broadcastMessages.inc({ outcome: "skipped" }, skipped);
      return runs.map(({ id }) => chunks.get(id));
    },
  });

  const writer = batch<Mark, undefined>({
    maxItems: limits.broadcastMarkRows,
    spacingMs: limits.broadcastMarkSpacingMs,
    async run(marks) {
      for (const { run, outcome } of marks) if (outcome) run.progress.end(outcome.customerId);
      await writeMarks(marks);
      return marks.map(() => undefined);
    },
  });

  /** One that cannot be written must not hold up the others: they are then written one by one, that one without its message. */
  async function writeMarks(marks: readonly Mark[]): Promise<void> {
    const outcomes = marks.flatMap(({ outcome }) => outcome ?? []);
    const reached = [...new Set(marks.map(({ run }) => run))].map(({ id, progress }) => ({
      id,
      doneId: progress.doneId(),
    }));
    try {
      const left = await whileAway(() => writeOutcomes(sql, lease.id, { outcomes, reached }, clock.now()), log, signal);
      for (const { state } of outcomes) metrics.broadcastMessages.inc({ outcome: state });
      for (const one of left) onLeft(one);
    } catch (error) {
      if (signal.aborted) throw error;
      log.error(
        { fact: "broadcast.mark_failed", marks: marks.length, reason: redactTokens(reasonOf(error)) },
        "outcomes of broadcasts could not be written",
      );
      const [only] = marks;
      if (marks.length > 1) for (const mark of marks) await writeMarks([mark]);
      else if (only?.outcome?.message) await writeMarks([{ ...only, outcome: { ...only.outcome, message: null } }]);
      else throw error;
    }
  }

  return {
    read: reader.add,
    write: (run, outcome) => writer.add({ run, outcome }),
    async idle() {
      await writer.idle();
    },
  };
}
