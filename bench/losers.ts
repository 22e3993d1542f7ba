// What was tried on the hot path and lost, with what was measured when it did: so that nobody has to try it again unknowing.

/** `figures`: of the loser against what stayed. CPU is application + PostgreSQL per /start. */
export type Loser = { tried: string; stayed: string; figures: string };

export const losers: readonly Loser[] = [
  {
    tried: "always one batch at a time",
    stayed: "a second one beside it while 16 wait",
    figures: "2,000/s: p99 1,979 against 209 ms",
  },
  {
    tried: "always two batches at a time",
    stayed: "a second one while 16 wait",
    figures: "500/s: 1,110 + 955 against 965 + 741 µs",
  },
  {
    tried: "the second batch from 8 waiting on",
    stayed: "from 16 on",
    figures: "1,200/s: 497 + 418 against 452 + 385 µs, the same latency",
  },
  {
    tried: "the lists of a statement as PostgreSQL arrays",
    stayed: "four JSON lists",
    figures: "cheaper from 64 rows on, dearer for one to twenty",
  },
  {
    tried: "the whole batch as one jsonb document",
    stayed: "four JSON lists, each read once",
    figures: "64 rows: 9.3 against 8 ms a statement",
  },
  {
    tried: "outcomes of sends written 10 ms apart, batches 2 ms apart",
    stayed: "25 and 4 ms",
    figures: "500/s: PostgreSQL +25 %; what a kill -9 sends again is 15 ms less",
  },
  { tried: "batches 5 ms apart", stayed: "4 ms", figures: "p50 +1 ms at 500/s" },
  {
    tried: "a pool of 3 connections",
    stayed: "10",
    figures: "CPU −6 %, but slow statements then stand in everybody's way",
  },
  {
    tried: "grammY's client for every call",
    stayed: "the runtime's fetch for JSON, grammY for files",
    figures: "about 100 against 75 µs a call",
  },
  {
    tried: "8 jobs of the queue tasks at a time",
    stayed: "128",
    figures: "564 against 2,328 jobs per second of one row each",
  },
];
