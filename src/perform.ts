// What performs the effects. A message goes out in its chat's lane, and every try ends in a mark: done, refused, unknown, or later.
// What people ask of payments is done by payments.

import { setTimeout as wait } from "node:timers/promises";
import type { Database } from "#db/connect.ts";
import { whileAway } from "#db/retry.ts";
import { claimEffects, finishEffects, hasPendingSends, type Mark, stillOwned } from "./inbox/effects.ts";
import type { Lease } from "./inbox/lease.ts";
import type { Courtesy, PlacedEffect, RowKey } from "./inbox/line.ts";
import { final, later, type Tried } from "./inbox/tried.ts";
import { batch } from "./kernel/batch.ts";
import type { Clock } from "./kernel/clock.ts";
import type { EffectKind } from "./kernel/effect.ts";
import { reasonOf } from "./kernel/errors.ts";
import type { BotId, ChatId } from "./kernel/ids.ts";
import { openLanes } from "./kernel/lanes.ts";
import { limits } from "./kernel/limits.ts";
import { type Log, redactTokens } from "./kernel/log.ts";
import { countWelcome } from "./kernel/metrics/line.ts";
import { metrics } from "./kernel/metrics.ts";
import type { Bots } from "./telegram/bots.ts";
import { markBlocked, migrateChat } from "./telegram/customers.ts";
import type { Media } from "./telegram/media.ts";
import type { Pace } from "./telegram/pace.ts";
import { openSender, type Sender } from "./telegram/sender.ts";

export type Performer = {
  /** Sends messages that this process owns, in order per chat. Every one of them ends in a mark. */
  perform(effects: PlacedEffect[]): void;
  /**
   * Performs what is pending of these rows. "fresh": all but their messages. "due": those, too, as far as they are free; resolves when
   * they are in their lanes.
   */
  performRows(rows: RowKey[], which: "fresh" | "due"): Promise<void>;
  /** The same for rows whose transaction was committed without our hearing of it: their effects name us, but we do not have them. */
  adoptRows(rows: RowKey[]): Promise<void>;
  giveCourtesy(botId: BotId, courtesy: Courtesy): void;
  waiting(): number;
  idle(): Promise<void>;
};

type Placed<Kind extends EffectKind> = PlacedEffect & { kind: Kind };
/** Every kind that is not sent: one that nothing performs does not compile. */
type NotSent = Exclude<EffectKind, "send">;

export function openPerformer(options: {
  sql: Database;
  lease: Lease;
  clock: Clock;
  log: Log;
  bots: Bots;
  /** Of everybody in this process who sends for the bots. */
  media: Media;
  pace: Pace;
  signal: AbortSignal;
  /** Does what these rows ask of payments; says how many requests were done. */
  doRequests: (rows: RowKey[]) => Promise<number>;
  /** Writes down what became of the deliveries whose messages are in these rows. */
  endDeliveries: (rows: RowKey[]) => Promise<unknown>;
}): Performer {
  const { sql, lease, clock, log, signal } = options;
  const sender: Sender = openSender(options);
  const finisher = batch<Mark, undefined>({
    maxItems: limits.markBatchRows,
    spacingMs: limits.markSpacingMs,
    run: async (marks) => {
      await writeMarks(marks);
      for (const { effect, state } of marks)
        metrics.effects.inc({ kind: effect.kind, outcome: state === "pending" ? "later" : state });
      return marks.map(() => undefined);
    },
  });

  /** A mark that cannot be written must not undo the others: they are then written one by one, that one without what is peculiar to it. */
  async function writeMarks(marks: Mark[]): Promise<void> {
    try {
      await whileAway(() => finishEffects(sql, lease.id, marks, clock.now()), log, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      log.error(
        { fact: "effect.mark_failed", marks: marks.length, reason: redactTokens(reasonOf(error)) },
        "outcomes could not be written",
      );
      const [only] = marks;
      if (marks.length > 1) for (const mark of marks) await writeMarks([mark]);
      else if (only?.message) await writeMarks([{ ...only, message: null }]);
      else throw error;
    }
  }

  /** The sends in our hands, by how often: whatever path leads here, one that is on its way is not begun a second time. */
  const held = new Map<string, number>();
  /** Those that were in our hands already as they came: they go out only if they are still to be sent when it is their turn. */
  const doubtful = new WeakSet<PlacedEffect>();

  function hold(effect: PlacedEffect): void {
    const times = held.get(nameOf(effect)) ?? 0;
    if (times > 0) doubtful.add(effect);
    held.set(nameOf(effect), times + 1);
  }

  function letGo(effect: PlacedEffect): void {
    const times = held.get(nameOf(effect)) ?? 0;
    if (times > 1) held.set(nameOf(effect), times - 1);
    else held.delete(nameOf(effect));
  }

  const lanes = openLanes<Placed<"send">>(async (effect, behind) => {
    let together = 0;
    try {
      together = await trySend(effect, behind);
    } catch (error) {
      await postpone(effect, error);
    }
    for (const ended of [effect, ...behind.slice(0, together)]) letGo(ended);
    return together;
  });

  /** What nobody foresaw: the effect goes back to its row for a while. If even that fails, it waits there for the end of this process. */
  async function postpone(effect: PlacedEffect, error: unknown): Promise<void> {
    const about = { slot: effect.slot, rowId: effect.id, n: effect.n, reason: redactTokens(reasonOf(error)) };
    log.error({ fact: "effect.postponed", ...about }, "an effect failed in an unforeseen way; it is tried again");
    const dueAt = new Date(clock.now().getTime() + limits.sendBackoffMaxMs);
    await finisher
      .add(markOf(effect, later("internal", dueAt)))
      .catch(() => log.error({ fact: "effect.unmarked", ...about }, "its outcome could not be kept"));
  }

  async function trySend(effect: Placed<"send">, behind: readonly Placed<"send">[]): Promise<number> {
    // At the end of the process what has not begun stays in its row, for the next one.
    if (signal.aborted) return behind.length;
    const tried = (await isOurs(effect)) && (await turnOf(effect));
    if (!tried) return 0;
    if (effect.body.welcomes) countWelcome(tried, effect.arrivedMs);
    const together = tried.behind ? [effect, ...behind] : [effect];
    await Promise.all(together.map((one) => finisher.add(markOf(one, tried))));
    // Its mark is written: whatever becomes of the consequences, it must not be marked again.
    await applyConsequences(effect, tried, behind).catch((error) =>
      log.error({ fact: "effect.consequence", reason: reasonOf(error) }, "what a refusal means was not kept"),
    );
    return together.length - 1;
  }

  /** After a gap in the lease somebody else may have taken it over; one in doubt may have ended since it came. */
  async function isOurs(effect: PlacedEffect): Promise<boolean> {
    if (lease.holds() && effect.epoch === lease.epoch() && !doubtful.has(effect)) return true;
    await lease.regain();
    effect.epoch = lease.epoch();
    return whileAway(() => stillOwned(sql, lease.id, effect), log, signal);
  }

  /** Undefined: it is no longer ours to send. */
  async function turnOf(effect: Placed<"send">): Promise<Tried | undefined> {
    if (effect.begunBefore && effect.policy === "marketing") return final("unknown", "owner_died");
    const { after } = effect;
    if (after && !(await comesAfter(after)))
      return { ...later("earlier_message", clock.now()), countsAsTry: false, behind: true };
    return sender.trySend(effect, () => isOurs(effect));
  }

  /** Waits a little for the chat's earlier messages, which another process may be sending; false when they take longer. */
  async function comesAfter(earlier: RowKey): Promise<boolean> {
    for (let waitedMs = 0; ; waitedMs += limits.turnCheckMs) {
      if (!(await whileAway(() => hasPendingSends(sql, earlier), log, signal))) return true;
      if (waitedMs >= limits.shortWaitMs / 4 || signal.aborted) return false;
      await wait(limits.turnCheckMs);
    }
  }

  async function applyConsequences(effect: PlacedEffect, tried: Tried, behind: readonly PlacedEffect[]): Promise<void> {
    const { botId, chatId } = effect;
    const { reason } = tried;
    const save = (work: () => Promise<unknown>) => whileAway(work, log, signal);
    // The last message of a delivery tells how all of it ended.
    const isLast = !behind.some(
      ({ slot, id, policy }) => slot === effect.slot && id === effect.id && policy === "delivery",
    );
    if (effect.policy === "delivery" && tried.state !== "pending" && isLast)
      await save(() => options.endDeliveries([{ slot: effect.slot, id: effect.id }]));
    if (reason === "blocked" || reason === "deactivated")
      await save(() => markBlocked(sql, botId, chatId, clock.now()));
    const movedTo = tried.chatId;
    if (movedTo !== undefined) await save(() => migrateChat(sql, botId, chatId, movedTo));
  }

  function sendInLanes(effects: PlacedEffect[]): void {
    const sends = effects.filter((effect) => effect.kind === "send");
    for (const effect of sends) hold(effect);
    for (const [key, lane] of Map.groupBy(sends, laneOf)) lanes.add(key, lane);
  }

  /** LIST of the effects that are no messages: what does all pending ones of some rows, and says how many they were. */
  const performers: { [Kind in NotSent]: (rows: RowKey[]) => Promise<number> } = { payment: options.doRequests };

  async function performOthers(rows: RowKey[]): Promise<void> {
    for (const [kind, perform] of Object.entries(performers)) {
      const done = await whileAway(() => perform(rows), log, signal);
      metrics.effects.inc({ kind, outcome: "done" }, done);
    }
  }

  return {
    perform: sendInLanes,
    async performRows(rows, which) {
      await performOthers(rows);
      // A row that was just kept has its messages in some process' hands. And without room for more, nothing is taken: the rows stay free,
      // and the sweep gives them out again.
      if (which === "fresh" || lanes.size() > limits.sendsWaiting) return;
      sendInLanes(await claimEffects(sql, lease, rows));
    },
    async adoptRows(rows) {
      sendInLanes(await claimEffects(sql, lease, rows, { ownToo: true }));
    },
    giveCourtesy: sender.giveCourtesy,
    waiting: () => lanes.size() + finisher.waiting(),
    async idle() {
      await lanes.idle();
      await finisher.idle();
    },
  };
}

const nameOf = ({ slot, id, n }: PlacedEffect): string => `${slot}:${id}:${n}`;
const laneOf = ({ botId, chatId }: { botId: BotId; chatId: ChatId }): string => `${botId}:${chatId}`;

function markOf(effect: PlacedEffect, tried: Tried): Mark {
  const { state, reason, dueAt, message, countsAsTry = true, chatId = effect.chatId } = tried;
  return {
    effect,
    state,
    reason,
    dueAt,
    message,
    chatId,
    attempts: countsAsTry ? effect.attempts : Math.max(0, effect.attempts - 1),
  };
}
