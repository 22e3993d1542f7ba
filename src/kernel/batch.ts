// Natural batching: what arrives while a batch is on its way forms the next one. At rest a batch holds one item and waits for nothing.

import { setTimeout as wait } from "node:timers/promises";
import { RejectedError } from "./errors.ts";
import { limits } from "./limits.ts";

export type Batcher<Item, Result> = {
  /** Resolves with this item's result once its batch has run; rejects with 503 when too many wait. */
  add(item: Item): Promise<Result>;
  /** Items waiting, without those under way. */
  waiting(): number;
  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void>;
};

type Waiting<Item, Result> = { item: Item; resolve: (result: Result) => void; reject: (reason: unknown) => void };

/**
 * Runs `run(items)` on batches of at most `maxItems`, one batch after the other in order of arrival. `run` returns one result per
 * item, in order. Without `maxWaiting` nothing bounds the queue but its callers. `spacingMs`: batches that follow one another begin at
 * least so far apart, so that a busy time shares the cost of a batch among more items; after a pause nothing waits. Default 0.
 * `secondFrom`: while so many wait, a second batch runs beside the first: both cores work, and no small batch pays for it. Default: never.
 */
export function batch<Item, Result>(options: {
  maxItems: number;
  maxWaiting?: number;
  spacingMs?: number;
  secondFrom?: number;
  run: (items: Item[]) => Promise<Result[]>;
}): Batcher<Item, Result> {
  const { maxItems, maxWaiting = Number.POSITIVE_INFINITY, spacingMs = 0, run } = options;
  const { secondFrom = Number.POSITIVE_INFINITY } = options;
  let queue: Waiting<Item, Result>[] = [];
  let running: Promise<void> | undefined;
  let second: Promise<void> | undefined;
  let begunMs = Number.NEGATIVE_INFINITY;

  async function drain(): Promise<void> {
    // Items added in this turn of the event loop share the first batch: requests of one readable event belong together.
    await Promise.resolve();
    while (queue.length > 0) {
      const earlyMs = begunMs + spacingMs - performance.now();
      if (earlyMs > 0 && queue.length < maxItems) await wait(earlyMs);
      // Meanwhile the second batch may have taken them all.
      if (queue.length > 0) await runNext();
    }
    running = undefined;
  }

  async function assist(): Promise<void> {
    while (queue.length >= secondFrom) await runNext();
    second = undefined;
  }

  async function runNext(): Promise<void> {
    begunMs = performance.now();
    const taken = queue.slice(0, maxItems);
    queue = queue.slice(maxItems);
    try {
      const results = await run(taken.map((waiting) => waiting.item));
      for (const [index, waiting] of taken.entries()) waiting.resolve(results[index] as Result);
    } catch (error) {
      for (const waiting of taken) waiting.reject(error);
    }
  }

  return {
    add(item) {
      if (queue.length >= maxWaiting)
        return Promise.reject(new RejectedError(503, "Too much is waiting here; come back.", limits.retryAfterSeconds));
      return new Promise<Result>((resolve, reject) => {
        queue.push({ item, resolve, reject });
        running ??= drain();
        if (queue.length >= secondFrom) second ??= assist();
      });
    },
    waiting: () => queue.length,
    idle: async () => {
      while (running || second) await Promise.all([running, second]);
    },
  };
}
