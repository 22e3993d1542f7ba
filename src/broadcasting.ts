// Sends the broadcasts that this process owns: each evenly at its pace, all of them in turns of a few messages, their outcomes together.
// Everything it needs stands in rows: it looks for broadcasts that nobody sends, and what it has begun when it dies is unknown to the next.

import type { Database } from "#db/connect.ts";
import { whileAway } from "#db/retry.ts";
import { type Content, isSameForAll, sayTo } from "./broadcasts/content.ts";
import { openHands } from "./broadcasts/hands.ts";
import type { Outcome } from "./broadcasts/outcomes.ts";
import type { Recipient, Run } from "./broadcasts/run.ts";
import { openTurns } from "./broadcasts/turns.ts";
import type { Person } from "./funnel/variables.ts";
import type { Lease } from "./inbox/lease.ts";
import type { Clock } from "./kernel/clock.ts";
import type { SendBody } from "./kernel/effect.ts";
import { reasonOf } from "./kernel/errors.ts";
import { closeWithin } from "./kernel/life.ts";
import { limits } from "./kernel/limits.ts";
import { type Log, redactTokens } from "./kernel/log.ts";
import type { Bots } from "./telegram/bots.ts";
import { type BulkTried, openBulk } from "./telegram/bulk.ts";
import { migrateChat } from "./telegram/customers.ts";
import type { Media } from "./telegram/media.ts";
import { composeCalls } from "./telegram/message.ts";
import type { Pace } from "./telegram/pace.ts";
import { namesOf } from "./telegram/walk-from.ts";

export type Broadcasting = {
  /** Looks now for broadcasts that are to be sent, and whether those in hand still are; resolves when it has looked. Never throws. */
  look(): Promise<void>;
  /** Begins nothing more; what is under way ends and is written down, what is not begun is given back. */
  close(): Promise<void>;
};

/** A try that decides what becomes of the message. */
type Ended = Exclude<BulkTried, { state: "held" | "stopped" }>;
type Compose = (recipient: Recipient) => SendBody | undefined;

/** `byItself`: looks every second; else only when told to. */
export function openBroadcasting(options: {
  sql: Database;
  lease: Lease;
  clock: Clock;
  log: Log;
  bots: Bots;
  media: Media;
  pace: Pace;
  signal: AbortSignal;
  /** Whether somebody waits for an answer right now. */
  isAsked: () => boolean;
  byItself: boolean;
}): Broadcasting {
  const { sql, clock, log, pace, signal } = options;
  const bulk = openBulk(options);
  const hands = openHands({ ...options, onFed: () => turns.soon(), onOwn: pace.own });
  const turns = openTurns<Run>({ items: hands.runs, begin, isAsked: options.isAsked });
  const timer = options.byItself ? setInterval(() => void hands.look(), limits.broadcastLookMs) : undefined;
  const composers = new WeakMap<Run, Compose>();
  let underWay = 0;
  let allEnded: (() => void) | undefined;

  /** Whether a message of this broadcast has left. */
  function begin(run: Run, nowMs: number): boolean {
    if (underWay >= limits.bulkInFlight || !hands.isOurs(run)) return false;
    const recipient = run.next(nowMs, clock.now().getTime());
    if (!recipient) return false;
    const waitMs = pace.take(run.botId, recipient.chatId, true);
    if (waitMs > 0) {
      const botWaitMs = pace.bulkWait(run.botId);
      if (botWaitMs > 0) run.slow(nowMs + botWaitMs);
      else run.setAside(recipient, nowMs + waitMs);
      return false;
    }
    run.begin(recipient, nowMs);
    void sendTo(run, recipient);
    hands.feed(run);
    return true;
  }

  async function sendTo(run: Run, recipient: Recipient): Promise<void> {
    underWay += 1;
    settle(run, recipient, await trySend(run, recipient));
    hands.feed(run);
    underWay -= 1;
    if (underWay === 0) allEnded?.();
  }

  async function trySend(run: Run, recipient: Recipient): Promise<BulkTried> {
    try {
      const body = composerOf(run)(recipient);
      return body ? await bulk.trySend(run.botId, recipient.chatId, body) : { state: "refused", reason: "empty" };
    } catch (error) {
      warn("broadcast.failed", run, error, "a message failed in an unforeseen way");
      return { state: "failed", reason: "internal" };
    }
  }

  function settle(run: Run, recipient: Recipient, tried: BulkTried): void {
    const again = { ...recipient, tries: recipient.tries + 1 };
    const isLast = again.tries >= limits.bulkAttempts;
    if (tried.state === "failed" || tried.state === "unknown") run.rest(clock.now().getTime());
    if (tried.state === "held") run.putBack(recipient, tried.untilMs);
    else if (tried.state === "stopped") {
      run.putBack(recipient);
      void hands.pause(run, tried.reason);
    } else if (tried.state === "moved" && !isLast) {
      run.putBack({ ...again, chatId: tried.chatId });
      whileAway(() => migrateChat(sql, run.botId, recipient.chatId, tried.chatId), log, signal).catch((error) =>
        warn("broadcast.unmoved", run, error, "a chat's new id was not kept"),
      );
    } else if (tried.state === "failed" && !isLast) run.putBack(again);
    else {
      run.end(tried.state === "sent");
      const { customerId, chatId } = recipient;
      hands.keep(run, { broadcastId: run.id, botId: run.botId, customerId, chatId, ...endOf(tried) });
    }
  }

  function composerOf(run: Run): Compose {
    const known = composers.get(run) ?? openComposer(run.content);
    composers.set(run, known);
    return known;
  }

  const warn = (fact: string, run: Run, error: unknown, sentence: string): void =>
    log.warn({ fact, broadcastId: run.id, reason: redactTokens(reasonOf(error)) }, sentence);

  return {
    look: hands.look,
    async close() {
      clearInterval(timer);
      turns.stop();
      hands.stop();
      const ended = Promise.withResolvers<void>();
      allEnded = ended.resolve;
      if (underWay === 0) ended.resolve();
      await closeWithin("messages of broadcasts", limits.drainMs / 4, log, () => ended.promise);
      await hands.empty();
    },
  };
}

/** Composes once what says the same to everybody. */
function openComposer(content: Content): Compose {
  const compose = (person: Person) => sayTo(content, person).flatMap(composeCalls)[0];
  if (!isSameForAll(content))
    return ({ firstName, lastName }) => compose(namesOf({ firstName: firstName ?? "", lastName }));
  const same = compose({});
  return () => same;
}

function endOf(tried: Ended): Pick<Outcome, "state" | "reason" | "message"> {
  if (tried.state === "sent") return { state: "sent", reason: null, message: tried.message };
  if (tried.state === "moved") return { state: "refused", reason: "moved", message: null };
  if (tried.state === "failed") return { state: "refused", reason: `exhausted_${tried.reason}`, message: null };
  return { ...tried, message: null };
}
