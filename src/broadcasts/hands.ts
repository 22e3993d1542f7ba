// The broadcasts that this process has in its hands: found, fed with customers, let go when they are over, paused or somebody else's.

import type { Database } from "#db/connect.ts";
import { whileAway } from "#db/retry.ts";
import type { Lease } from "../inbox/lease.ts";
import { batch } from "../kernel/batch.ts";
import type { Clock } from "../kernel/clock.ts";
import { reasonOf } from "../kernel/errors.ts";
import type { BotId, BroadcastId } from "../kernel/ids.ts";
import { type Log, redactTokens } from "../kernel/log.ts";
import { openBooks } from "./books.ts";
import type { Left, Outcome } from "./outcomes.ts";
import { giveBack, pauseOwn, readOwn, type Taken, takeBroadcasts } from "./owner.ts";
import { openRun, type Run } from "./run.ts";

export type Hands = {
  runs(): readonly Run[];
  /** Looks for broadcasts that nobody sends, and whether these may go on; resolves when it has looked. Never throws. */
  look(): Promise<void>;
  /** Whether the lease is in force in which this one was last known to be ours. */
  isOurs(run: Run): boolean;
  /** Something about it has changed: it may need customers, or be at its end. */
  feed(run: Run): void;
  /** What became of a customer's message. */
  keep(run: Run, outcome: Outcome): void;
  /** The bot cannot speak: somebody has to do something first. */
  pause(run: Run, reason: string): Promise<void>;
  /** From now on nothing is taken and nothing is let go. */
  stop(): void;
  /** Writes what is still to be written and sets all of them free; what is not begun is given back. */
  empty(): Promise<void>;
};

export function openHands(options: {
  sql: Database;
  lease: Lease;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
  /** Somebody may be due. */
  onFed: () => void;
  /** Whether all broadcasts of this bot are here. */
  onOwn: (botId: BotId, isOwn: boolean) => void;
}): Hands {
  const { sql, lease, clock, log, signal, onFed, onOwn } = options;
  const books = openBooks({ ...options, onLeft: leave });
  const held = new Map<BroadcastId, Run>();
  let runs: readonly Run[] = [];
  let isStopped = false;

  const warnOf =
    (fact: string, sentence: string, broadcastId?: BroadcastId) =>
    (error: unknown): undefined =>
      void log.warn({ fact, broadcastId, reason: redactTokens(reasonOf(error)) }, sentence);

  async function look(): Promise<void> {
    const epoch = lease.epoch();
    if (isStopped || !lease.holds()) return;
    const ids = [...held.keys()];
    const own = ids.length === 0 ? undefined : await readOwn(sql, lease.id, ids);
    for (const run of runs) {
      if (own?.has(run.id)) run.epoch = epoch;
      else if (ids.includes(run.id)) run.stop();
      feed(run);
    }
    for (const taken of await takeBroadcasts(sql, lease, ids, clock.now())) open(taken, epoch);
    onFed();
  }

  const looks = batch<undefined, undefined>({
    maxItems: Number.MAX_SAFE_INTEGER,
    async run(asks) {
      await look().catch(warnOf("broadcast.look_failed", "broadcasts could not be looked for"));
      return asks;
    },
  });

  function open(taken: Taken, epoch: number): void {
    const { id: broadcastId, botId, recipients, rate, isNew, lost } = taken;
    const about = { broadcastId, botId, recipients, rate };
    if (isNew) log.info({ fact: "broadcast.begun", ...about }, "a broadcast begins");
    else log.info({ fact: "broadcast.taken", ...about, lost }, "a broadcast goes on here");
    const run = openRun(taken, epoch, performance.now());
    held.set(broadcastId, run);
    runs = [...held.values()];
    onOwn(botId, true);
    feed(run);
  }

  function leave(left: Left): void {
    const run = held.get(left.id);
    if (!run || run.isStopped()) return;
    run.stop();
    if (left.state === "done") tellEnd(left);
  }

  function tellEnd({ id: broadcastId, state, ...counts }: Left): void {
    log.info({ fact: "broadcast.ended", broadcastId, state, ...counts }, "a broadcast ends here");
  }

  function feed(run: Run): void {
    if (isStopped || run.isBusy) return;
    if (run.isStopped()) {
      if (run.isQuiet()) void letGo(run);
    } else if (run.isHungry()) void read(run);
    else if (run.isEmpty() && run.isQuiet()) write(run, null);
  }

  async function read(run: Run): Promise<void> {
    run.isBusy = true;
    const failed = warnOf("broadcast.read_failed", "customers were not read; they are later", run.id);
    const chunk = await books.read(run).catch(failed);
    run.isBusy = false;
    if (!chunk) return;
    run.add(chunk.recipients, chunk.cursorId);
    feed(run);
    onFed();
  }

  async function letGo(run: Run): Promise<void> {
    run.isBusy = true;
    await giveBackAll([run]);
    held.delete(run.id);
    runs = [...held.values()];
    if (!runs.some(({ botId }) => botId === run.botId)) onOwn(run.botId, false);
  }

  async function giveBackAll(some: readonly Run[]): Promise<void> {
    // While a call is under way, only what is above it is free; else everybody who was begun has an outcome, and is passed over by that.
    const back = some.map(({ id, progress, underWay }) => ({
      id,
      cursorId: underWay() === 0 ? progress.doneId() : progress.begunId(),
    }));
    const failed = warnOf("broadcast.kept", "broadcasts were not given back");
    const left = await whileAway(() => giveBack(sql, lease.id, back), log, signal).catch(failed);
    for (const one of left ?? []) tellEnd(one);
  }

  function write(run: Run, outcome: Outcome | null): void {
    run.unwritten += 1;
    const failed = warnOf("broadcast.unmarked", "an outcome could not be kept", run.id);
    void books.write(run, outcome).then(
      () => {
        run.unwritten -= 1;
        feed(run);
      },
      (error) => {
        // Not fed at once: the next look does, and what failed may succeed then.
        run.unwritten -= 1;
        failed(error);
      },
    );
  }

  return {
    runs: () => runs,
    look: () => looks.add(undefined),
    isOurs: (run) => lease.holds() && run.epoch === lease.epoch(),
    feed,
    keep: write,
    async pause(run, reason) {
      if (run.isStopped()) return;
      run.stop();
      run.unwritten += 1;
      log.warn({ fact: "broadcast.paused", broadcastId: run.id, botId: run.botId, reason }, "a broadcast cannot go on");
      const failed = warnOf("broadcast.unpaused", "its pause was not kept", run.id);
      await whileAway(() => pauseOwn(sql, lease.id, run.id, reason), log, signal).catch(failed);
      run.unwritten -= 1;
      feed(run);
    },
    stop() {
      isStopped = true;
      for (const run of runs) run.stop();
    },
    async empty() {
      await looks.idle();
      await books.idle();
      if (runs.length > 0) await giveBackAll(runs);
    },
  };
}
