// clock: what is done because of the time.

import { Nothing } from "./keys.ts";
import { defineQueue } from "./queue.ts";

export const clock = defineQueue({
  name: "clock",
  means:
    "Low. Opens and drops partitions, forgets dead processes, checks deliveries and the books. Each job may run late, twice or in two places without harm.",
  concurrency: 1,
  jobs: { "slots.turn": Nothing, "processes.forget": Nothing, "deliveries.check": Nothing, "books.reconcile": Nothing },
});

/** How often each job of the clock runs, in milliseconds. */
export const rhythm = {
  "slots.turn": 10 * 60_000,
  "processes.forget": 60 * 60_000,
  "deliveries.check": 30_000,
  "books.reconcile": 60 * 60_000,
} as const satisfies Record<keyof typeof clock.jobs, number>;
