// Runs the sweep every second and gives out what it finds: to the queues, or, while Redis is away, to this process itself.

import type { App } from "./app.ts";
import { type Found, openSweep } from "./inbox/sweep.ts";
import { reasonOf } from "./kernel/errors.ts";
import { limits } from "./kernel/limits.ts";
import { metrics } from "./kernel/metrics.ts";
import { keepRhythm } from "./work.ts";

type Swept = Pick<App, "sql" | "clock" | "log" | "lease" | "queues" | "giver" | "processor" | "performer" | "payments">;

export type Sweeping = {
  /** Sweeps once, now, thoroughly. */
  once(): Promise<Found>;
  stop(): Promise<void>;
};

const RHYTHM_EVERY_SWEEPS = 30;
/** Jobs that Redis lost are missed within as many seconds; what a dead process left is found at once. */
const THOROUGH_EVERY_SWEEPS = 5;

/** `byItself`: every second, until stopped; else only when `once` is called. Default true. */
export function startSweeping(app: Swept, options: { byItself?: boolean } = {}): Sweeping {
  const { clock, log, lease } = app;
  const sweep = openSweep(app.sql);
  let running: Promise<unknown> | undefined;
  let sweeps = 0;

  async function look(thorough: boolean): Promise<Found> {
    const now = clock.now();
    const found = await sweep.look({ now, mayJudge: lease.mayJudge(), jobsSince: await oldestJob(app, now), thorough });
    await giveOut(app, found);
    await givePayments(app);
    if (sweeps++ % RHYTHM_EVERY_SWEEPS === 0)
      await keepRhythm(app.queues).catch(() => log.debug({ fact: "rhythm.missed" }, "Redis is away"));
    return found;
  }

  async function guarded(): Promise<void> {
    const beganMs = performance.now();
    let outcome = "done";
    try {
      await look(sweeps % THOROUGH_EVERY_SWEEPS === 0);
    } catch (error) {
      outcome = "failed";
      log.warn({ fact: "sweep.failed", reason: reasonOf(error) }, "the sweep failed; it comes again");
    } finally {
      metrics.sweeps.observe({ outcome }, (performance.now() - beganMs) / 1_000);
      running = undefined;
    }
  }

  const tick = (): void => {
    running ??= guarded();
  };
  const timer = options.byItself === false ? undefined : setInterval(tick, limits.sweepMs);

  return {
    once: () => look(true),
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

/** Rows older than the oldest waiting job have left the queue. With an empty queue, or none, that is every row. */
async function oldestJob({ queues }: Swept, now: Date): Promise<Date> {
  try {
    const oldest = await Promise.all([queues.tasks.oldestWaiting(), queues.gateway.oldestWaiting()]);
    return new Date(Math.min(now.getTime(), ...oldest.map((at) => at?.getTime() ?? now.getTime())));
  } catch {
    // Redis is away: what waits there is as good as lost, and is dealt with here.
    return now;
  }
}

/** Payment work whose time has come; without a queue this process does it by itself. */
async function givePayments({ payments, giver }: Swept): Promise<void> {
  const due = await payments.takeDue();
  const left = await giver.givePayments(due);
  await payments.work(left);
}

async function giveOut({ giver, processor, performer, log }: Swept, { rows, effects }: Found): Promise<void> {
  if (rows.length === 0 && effects.length === 0) return;
  log.info({ fact: "swept", rows: rows.length, effects: effects.length }, "given out again");
  metrics.swept.inc({ what: "rows" }, rows.length);
  metrics.swept.inc({ what: "effects" }, effects.length);
  if (rows.length > 0 && !(await giver.giveRows(rows))) await processor.processKeys(rows);
  if (effects.length > 0 && !(await giver.giveDueEffects(effects))) await performer.performRows(effects, "due");
}
