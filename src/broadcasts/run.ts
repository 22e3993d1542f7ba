// A broadcast in the hands of the process that sends it: whose turn it is and when, who has to be tried again, and how far it has come.
// Knows no clock but the times that it is given: `nowMs` is monotonic, `wallMs` the program's clock, in which Telegram's pauses are kept.

import type { BotId, BroadcastId, ChatId, CustomerId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import type { Content } from "./content.ts";
import { openProgress, type Progress } from "./progress.ts";

export type Recipient = {
  customerId: CustomerId;
  chatId: ChatId;
  firstName: string | null;
  lastName: string | null;
  /** Calls so far of which it is known that nothing came of them. */
  tries: number;
};

export type RunStart = {
  id: BroadcastId;
  botId: BotId;
  content: Content;
  /** Messages per second. */
  rate: number;
  cursorId: number;
  lastCustomerId: number;
};

export type Run = Readonly<RunStart> & {
  progress: Progress;
  /** The epoch of the owner's lease in which it was last known to be his. */
  epoch: number;
  /** More customers of it are being read, or it is being set free. */
  isBusy: boolean;
  /** Outcomes that are on their way to the database. */
  unwritten: number;
  add(recipients: readonly Recipient[], cursorId: number): void;
  /** Whether it is time to read more customers. */
  isHungry(): boolean;
  /** All of its customers have been read, and nobody waits for his message. */
  isEmpty(): boolean;
  /** Whose message is due now. */
  next(nowMs: number, wallMs: number): Recipient | undefined;
  /** When `next` may have somebody; infinite = not before something else happens. */
  dueMs(): number;
  begin(recipient: Recipient, nowMs: number): void;
  underWay(): number;
  /** It came to an end. `isProven`: Telegram took it, so the others may go side by side. */
  end(isProven: boolean): void;
  /** It did not happen: he is the next one, and nobody's turn comes before `untilMs` of the program's clock (default: now). */
  putBack(recipient: Recipient, untilMs?: number): void;
  /** Telegram, or the way to it, failed: a pause that grows each time, and then one at a time until one arrives. */
  rest(wallMs: number): void;
  /** The bot's pace lets nothing through until then. */
  slow(untilMs: number): void;
  /** This chat's pace lets nothing through until then: the others do not wait for it. */
  setAside(recipient: Recipient, untilMs: number): void;
  /** From now on nothing is begun. */
  stop(): void;
  isStopped(): boolean;
  /** Nothing of it is under way, in any way. */
  isQuiet(): boolean;
};

/** Phases of broadcasts that begin together lie as far apart as they can: the golden ratio. */
const GOLDEN = 0.618_033_988_75;

export function openRun(start: RunStart, epoch: number, nowMs: number): Run {
  const intervalMs = 1_000 / start.rate;
  const waiting: Recipient[] = [];
  let aside: { recipient: Recipient; fromMs: number }[] = [];
  let dueMs = nowMs + intervalMs * ((start.id * GOLDEN) % 1);
  let slowedMs = 0;
  let heldUntilMs = 0;
  let failures = 0;
  let underWay = 0;
  let isStopped = false;
  // The first one brings the name of the medium; without it each would carry the medium itself.
  let isProven = start.content.media === undefined;

  const room = (): number => (isProven ? limits.bulkInFlightPerBroadcast : 1);
  const dropAside = (one: Recipient): void => {
    aside = aside.filter(({ recipient }) => recipient !== one);
  };

  const run: Run = {
    ...start,
    progress: openProgress(start.cursorId),
    ...{ epoch, isBusy: false, unwritten: 0 },
    add(recipients, cursorId) {
      waiting.push(...recipients);
      run.progress.take(
        recipients.map(({ customerId }) => customerId),
        cursorId,
      );
    },
    isHungry: () => waiting.length <= start.rate / 3 && run.progress.cursorId() < start.lastCustomerId,
    isEmpty: () => waiting.length + aside.length === 0 && run.progress.cursorId() >= start.lastCustomerId,
    next(now, wallMs) {
      if (isStopped || underWay >= room() || now < dueMs || now < slowedMs || wallMs < heldUntilMs) return undefined;
      return aside.find(({ fromMs }) => fromMs <= now)?.recipient ?? waiting[0];
    },
    dueMs() {
      if (isStopped || underWay >= room()) return Number.POSITIVE_INFINITY;
      if (waiting.length + aside.length === 0) return Number.POSITIVE_INFINITY;
      return Math.max(dueMs, slowedMs);
    },
    begin(recipient, now) {
      if (waiting[0] === recipient) waiting.shift();
      else dropAside(recipient);
      dueMs = now - dueMs > limits.bulkBehindMs ? now + intervalMs : dueMs + intervalMs;
      underWay += 1;
      run.progress.begin(recipient.customerId);
    },
    underWay: () => underWay,
    end(proven) {
      underWay -= 1;
      if (!proven) return;
      isProven = true;
      failures = 0;
    },
    putBack(recipient, untilMs = 0) {
      underWay -= 1;
      heldUntilMs = Math.max(heldUntilMs, untilMs);
      aside.push({ recipient, fromMs: 0 });
      aside.sort((a, b) => a.recipient.customerId - b.recipient.customerId);
    },
    rest(wallMs) {
      isProven = false;
      // What fails together is one failure.
      if (wallMs < heldUntilMs) return;
      failures += 1;
      heldUntilMs = wallMs + Math.min(limits.sendBackoffMs * 2 ** (failures - 1), limits.sendBackoffMaxMs);
    },
    slow(untilMs) {
      slowedMs = untilMs;
    },
    setAside(recipient, fromMs) {
      if (waiting[0] === recipient) waiting.shift();
      else dropAside(recipient);
      aside.push({ recipient, fromMs });
    },
    stop() {
      isStopped = true;
    },
    isStopped: () => isStopped,
    isQuiet: () => underWay === 0 && run.unwritten === 0 && !run.isBusy,
  };
  return run;
}
