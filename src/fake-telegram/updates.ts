// One bot's updates until somebody has taken them: numbered, filtered, mortal, kept while there is no webhook.

import { RejectedError } from "../kernel/errors.ts";
import type { ApiFailure } from "./api-failure.ts";
import { createRing } from "./ring.ts";
import type { World } from "./state.ts";
import { classifyUpdate, type UpdateBody } from "./update-kinds.ts";

/** An update on its way. `queue`: what must be taken in order. `delaySeconds`: the last step of the backoff. */
export type PendingUpdate = {
  id: number;
  body: UpdateBody;
  queue: number;
  expiresAtMs: number;
  attempts: number;
  failures: number;
  delaySeconds: number;
  firstSentAt?: number;
};

export type UpdateStatus = "pending" | "delivered" | "confirmed" | "expired" | "dropped" | "filtered";

/** `firstSentAt`, `deliveredAt`: milliseconds since the epoch, fractional, comparable with a call's `at`. */
export type DeliveredRow = {
  update_id: number;
  attempts: number;
  status: UpdateStatus;
  firstSentAt?: number;
  deliveredAt?: number;
};

export type Poll = { wake(): void; end(reason?: ApiFailure): void };

export type UpdateLog = {
  pending: Set<PendingUpdate>;
  /** Names of the types let in; undefined = Telegram's default. Types not let in never enter. */
  allowed: readonly string[] | undefined;
  poll: Poll | undefined;
  /** Answers the update's number, and the update itself unless it was filtered. `updateId` defaults to the next one. */
  add(body: UpdateBody, updateId?: number): { id: number; update: PendingUpdate | undefined };
  finish(update: PendingUpdate, status: UpdateStatus): void;
  /** Finishes whatever has outlived its time. */
  expire(): void;
  drop(): void;
  endPoll(reason?: ApiFailure): void;
  rows(): DeliveredRow[];
};

/** Telegram's own queue of a bot ends there as well. */
const PENDING_MAX = 100_000;
const ROWS_KEPT = 100_000;

/** Milliseconds since the epoch with their fraction, as benchmarks join them. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}

export function createUpdateLog(world: World): UpdateLog {
  const { timeline, random } = world.settings;
  const finished = createRing<DeliveredRow>(ROWS_KEPT);
  let nextId = 1 + Math.floor(random() * 1e8);

  const log: UpdateLog = {
    pending: new Set(),
    allowed: undefined,
    poll: undefined,
    add(body, updateId) {
      if (log.pending.size >= PENDING_MAX) throw new RejectedError(503, "This bot has too many pending updates.");
      const id = updateId ?? nextId;
      nextId = Math.max(nextId, id + 1);
      const { isAllowed, queue, expiresAtMs } = classifyUpdate(body, log.allowed, timeline.nowMs());
      if (!isAllowed) {
        finished.push({ update_id: id, attempts: 0, status: "filtered" });
        return { id, update: undefined };
      }
      const update = { id, body, queue, expiresAtMs, attempts: 0, failures: 0, delaySeconds: 1 };
      log.pending.add(update);
      world.pending.count += 1;
      return { id, update };
    },
    finish(update, status) {
      if (!log.pending.delete(update)) return;
      finished.push(rowOf(update, status));
      if (status === "delivered" || status === "confirmed") world.delivered.count += 1;
      world.pending.count -= 1;
      if (world.pending.count === 0) for (const wake of [...world.pending.waiters]) wake();
    },
    expire() {
      const nowMs = timeline.nowMs();
      for (const update of log.pending) if (update.expiresAtMs <= nowMs) log.finish(update, "expired");
    },
    drop() {
      for (const update of log.pending) log.finish(update, "dropped");
    },
    endPoll(reason) {
      log.poll?.end(reason);
    },
    rows: () => [...finished.since(0), ...[...log.pending].map((update) => rowOf(update, "pending"))],
  };
  return log;
}

function rowOf(update: PendingUpdate, status: UpdateStatus): DeliveredRow {
  const row: DeliveredRow = { update_id: update.id, attempts: update.attempts, status };
  if (update.firstSentAt !== undefined) row.firstSentAt = update.firstSentAt;
  if (status === "delivered" || status === "confirmed") row.deliveredAt = preciseNow();
  return row;
}
