// Updates in line: one queue per chat (or user), of which only the head may be under way.

import type { PendingUpdate } from "./updates.ts";

export type UpdateQueues = {
  add(update: PendingUpdate): void;
  /** A head that may be sent now; its queue rests until `release` or `leave`. */
  takeHead(): PendingUpdate | undefined;
  /** The head stays and may be sent again. */
  release(update: PendingUpdate): void;
  /** The head leaves; the next one may be sent. */
  leave(update: PendingUpdate): void;
};

export function createUpdateQueues(): UpdateQueues {
  const queues = new Map<number, PendingUpdate[]>();
  /** Queues whose head is neither under way nor waiting for a retry, in the order they became so. */
  const ready = new Set<number>();
  return {
    add(update) {
      const queue = queues.get(update.queue);
      if (queue) {
        queue.push(update);
        return;
      }
      queues.set(update.queue, [update]);
      ready.add(update.queue);
    },
    takeHead() {
      for (const key of ready) {
        ready.delete(key);
        return queues.get(key)?.[0];
      }
      return undefined;
    },
    release: (update) => void ready.add(update.queue),
    leave(update) {
      const queue = queues.get(update.queue) ?? [];
      queue.shift();
      if (queue.length === 0) queues.delete(update.queue);
      else ready.add(update.queue);
    },
  };
}
