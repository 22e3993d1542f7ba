// The circuit breaker: an account whose gateway keeps failing is left alone for a while, so that nobody waits for it in vain.

import { createCache } from "../kernel/cache.ts";
import type { AccountId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";

export type Breaker = {
  /** Whether the account may be called: always, unless it has just failed too often. Asking changes nothing. */
  isOpenFor(id: AccountId): boolean;
  /** It is being called: after the pause one call tries whether it is back, and the others wait for what becomes of it. */
  begun(id: AccountId): void;
  succeeded(id: AccountId): void;
  failed(id: AccountId): void;
};

type Entry = { failures: number; closedUntilMs: number };

export function openBreaker(nowMs: () => number = () => performance.now()): Breaker {
  const entries = createCache<AccountId, Entry>(limits.accountsInMemory);
  return {
    isOpenFor(id) {
      const entry = entries.get(id);
      return !entry || entry.failures < limits.breakerFailures || nowMs() >= entry.closedUntilMs;
    },
    begun(id) {
      const entry = entries.get(id);
      if (entry && entry.failures >= limits.breakerFailures) entry.closedUntilMs = nowMs() + limits.breakerPauseMs;
    },
    succeeded: (id) => entries.delete(id),
    failed(id) {
      const failures = (entries.get(id)?.failures ?? 0) + 1;
      entries.set(id, { failures, closedUntilMs: nowMs() + limits.breakerPauseMs });
    },
  };
}
