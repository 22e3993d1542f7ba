// The lease of a living process: a row renewed every half second. What a process holds is taken over once its lease has run out; a process
// that could not renew its own in time stops sending by itself before that, so a frozen one does no harm when it wakes.

import type { Database } from "#db/connect.ts";
import { reasonOf } from "../kernel/errors.ts";
import type { ProcessId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import type { Log } from "../kernel/log.ts";
import { metrics } from "../kernel/metrics.ts";

export type Lease = {
  id: ProcessId;
  /** Whether this process may act on what it owns: its last renewal is younger than the lease. */
  holds(): boolean;
  /** Grows with every gap in the lease: what was taken in an earlier epoch may belong to somebody else by now. */
  epoch(): number;
  /** Resolves when it is in force again; rejects when the process ends first. */
  regain(): Promise<void>;
  /** Whether it has been renewed without a gap for a while: only then may it judge that others are dead. */
  mayJudge(): boolean;
  close(): Promise<void>;
};

/** Takes a lease and renews it until closed. `nowMs` is a monotonic clock; `keyIds`: of the keys with which the process opens what is sealed. */
export async function openLease(
  sql: Database,
  log: Log,
  nowMs: () => number = () => performance.now(),
  keyIds: readonly string[] = [],
): Promise<Lease> {
  const keys = [...keyIds];
  const [row] = await sql<{ id: number }[]>`INSERT INTO process (key_ids) VALUES (${keys}::text[]) RETURNING id`;
  const id = row?.id as ProcessId;
  let renewedMs = nowMs();
  let unbrokenSinceMs = renewedMs;
  let renewal: Promise<void> | undefined;
  let waiting: PromiseWithResolvers<void> | undefined;
  let epoch = 0;
  let isClosed = false;

  const holds = (): boolean => !isClosed && nowMs() - renewedMs < limits.leaseMs;

  async function renew(): Promise<void> {
    // The lease runs from before the query: however long it takes, we never believe in more time than PostgreSQL gave.
    const beganMs = nowMs();
    try {
      const done = await sql`UPDATE process SET beat_at = clock_timestamp() WHERE id = ${id}`;
      if (done.count === 0)
        await sql`INSERT INTO process (id, key_ids) VALUES (${id}, ${keys}::text[]) ON CONFLICT DO NOTHING`;
      // Seen from now, not from when the renewal began: others judged us by what stood in the database in between.
      if (nowMs() - renewedMs >= limits.leaseMs) {
        unbrokenSinceMs = beganMs;
        epoch += 1;
        metrics.leaseGaps.inc();
      }
      renewedMs = beganMs;
      // A renewal that took longer than the lease renews nothing: the next one may.
      if (!holds()) return;
      waiting?.resolve();
      waiting = undefined;
    } catch (error) {
      log.warn({ fact: "lease.missed", reason: reasonOf(error) }, "could not renew the lease");
    } finally {
      renewal = undefined;
    }
  }

  const timer = setInterval(() => {
    renewal ??= renew();
  }, limits.heartbeatMs);

  return {
    id,
    holds,
    epoch: () => epoch,
    regain() {
      if (holds()) return Promise.resolve();
      waiting ??= Promise.withResolvers<void>();
      return waiting.promise;
    },
    mayJudge: () => holds() && nowMs() - unbrokenSinceMs > limits.judgeAfterMs,
    async close() {
      isClosed = true;
      clearInterval(timer);
      await renewal;
      waiting?.reject(new Error("the process ends"));
      // What is left behind is free at once, without waiting for the lease to run out.
      await sql`DELETE FROM process WHERE id = ${id}`;
    },
  };
}

/** How old a renewal may be before others call its process dead: longer than the process itself believes in it. */
export const GRACE = `${limits.leaseMs + limits.heartbeatMs} milliseconds`;
