// Turns of the event loop in which messages leave, one timer for all of them. Those that leave together cost half of what each costs alone
// (the kernel wakes everybody on the way once), and what a person waits for comes first.

import { limits } from "../kernel/limits.ts";

export type Turns = {
  /** There may be something to begin now. */
  soon(): void;
  stop(): void;
};

/**
 * In every turn `begin` is asked of the items one after the other, from where the last turn ended, until enough have begun something or all
 * were asked. `dueMs`: when an item may have something to begin, by performance.now(); infinite = not before `soon` is called. `isAsked`:
 * somebody waits for an answer; a turn that is due waits a little for that.
 */
export function openTurns<Item extends { dueMs(): number }>(options: {
  items: () => readonly Item[];
  begin: (item: Item, nowMs: number) => boolean;
  isAsked: () => boolean;
}): Turns {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let turnAtMs = Number.POSITIVE_INFINITY;
  let dueSinceMs: number | undefined;
  let first = 0;
  let isStopped = false;

  function turnIn(ms: number, nowMs: number): void {
    if (isStopped || nowMs + ms >= turnAtMs) return;
    clearTimeout(timer);
    turnAtMs = nowMs + ms;
    timer = setTimeout(turn, ms);
  }

  function turn(): void {
    turnAtMs = Number.POSITIVE_INFINITY;
    const nowMs = performance.now();
    dueSinceMs ??= nowMs;
    if (options.isAsked() && nowMs - dueSinceMs < limits.bulkYieldMs) turnIn(1, nowMs);
    else {
      dueSinceMs = undefined;
      const nextMs = beginDue(nowMs);
      if (nextMs !== undefined) turnIn(Math.max(limits.bulkTurnMs, Math.ceil(nextMs - nowMs)), nowMs);
    }
  }

  /** When the next one is due; undefined when there are no items. */
  function beginDue(nowMs: number): number | undefined {
    const items = options.items();
    let begun = 0;
    let nextMs = nowMs + limits.bulkRestMs;
    for (let asked = 0; asked < items.length; asked++) {
      if (begun === limits.bulkAtOnce) return nowMs;
      first = (first + 1) % items.length;
      const item = items[first] as Item;
      if (options.begin(item, nowMs)) begun += 1;
      const dueMs = item.dueMs();
      if (dueMs > nowMs) nextMs = Math.min(nextMs, dueMs);
    }
    return items.length === 0 ? undefined : nextMs;
  }

  return {
    soon: () => turnIn(0, performance.now()),
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
