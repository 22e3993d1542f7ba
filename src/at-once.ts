// The short way for /start and buttons: decided before it is kept, and kept, decided and saved in one commit. Whatever goes wrong here, the
// update takes the long way (accept → process) instead; nothing is answered 200 that is not committed.
//
// Most who send /start are new, so whoever this process has not met is taken for new, and nothing is read: one statement does it all. It
// refuses those who exist; they are read, and decided anew, as are all others.

import type { Database } from "#db/connect.ts";
import { type Decisions, decideBatch, giveOut } from "./deciding.ts";
import type { Inbox } from "./inbox/accept.ts";
import { type KeptArrival, saveArrivals } from "./inbox/decisions.ts";
import type { Lease } from "./inbox/lease.ts";
import type { Arrival, RowKey } from "./inbox/line.ts";
import { mayHaveCommitted } from "./inbox/uncertain.ts";
import { type Batcher, batch } from "./kernel/batch.ts";
import { createCache } from "./kernel/cache.ts";
import type { Clock } from "./kernel/clock.ts";
import { RejectedError, reasonOf } from "./kernel/errors.ts";
import type { RowId, Slot } from "./kernel/ids.ts";
import { limits } from "./kernel/limits.ts";
import { type Log, redactTokens } from "./kernel/log.ts";
import { metrics } from "./kernel/metrics.ts";
import { within } from "./kernel/within.ts";
import type { Performer } from "./perform.ts";
import type { Conversation, People, Prepared, TelegramRow } from "./telegram/conversation.ts";
import { isStart, type TelegramUpdate } from "./telegram/update.ts";

type TelegramArrival = Arrival<TelegramUpdate>;

/** refused: its person is not as he was thought to be. failed: nothing of its batch is kept. */
type Outcome = "kept" | "refused" | "failed";

export type AtOnce = Pick<Inbox<TelegramUpdate>, "accept" | "waiting" | "idle">;

export function openAtOnce(options: {
  sql: Database;
  lease: Lease;
  clock: Clock;
  log: Log;
  inbox: Inbox<TelegramUpdate>;
  conversation: Conversation;
  performer: Performer;
  enqueueRequests: (rows: RowKey[]) => void;
}): AtOnce {
  const { sql, log, clock, inbox, conversation } = options;
  /** Chats that this process has dealt with: a hint, no more. */
  const met = createCache<string, true>(limits.chatsMet);

  type Load = (prepared: Prepared[]) => Promise<People> | People;

  const openLine = (load: Load): Batcher<TelegramArrival, Outcome> =>
    batch({
      maxItems: limits.acceptBatchRows,
      maxWaiting: limits.acceptWaiting,
      spacingMs: limits.atOnceSpacingMs,
      secondFrom: limits.atOnceSecondFrom,
      run: (arrivals) => keepAndDecide(arrivals, load),
    });

  async function keepAndDecide(arrivals: TelegramArrival[], load: Load): Promise<Outcome[]> {
    try {
      const kept = await keepAll(arrivals, load);
      for (const arrival of arrivals) met.set(chatOf(arrival), true);
      return arrivals.map((arrival) => (kept.has(arrival) ? "kept" : "refused"));
    } catch (error) {
      // Expected when one of them was kept before. When the connection broke, it may be kept now, and its effects name us.
      if (mayHaveCommitted(error)) inbox.watch(arrivals);
      log.debug(
        { fact: "at_once.refused", updates: arrivals.length, reason: redactTokens(reasonOf(error)) },
        "taking the long way",
      );
      return arrivals.map(() => "failed");
    }
  }

  async function keepAll(arrivals: TelegramArrival[], load: Load): Promise<Set<TelegramArrival>> {
    const now = clock.now();
    // Until they are saved rows have their places for numbers.
    const rows = arrivals.map(
      (arrival, n): TelegramRow => ({ ...arrival, slot: 0 as Slot, id: n as RowId, attempts: 0 }),
    );
    const prepared = await conversation.prepare(rows);
    const decisions = decideBatch(options, prepared, await load(prepared), now);
    const kept = await saveArrivals(sql, withContent(decisions.document, arrivals), now);
    metrics.updatesKept.inc(kept.length);
    const saved = savedOf(decisions, kept);
    giveOut(options, saved, new Set(kept.map(({ id }) => id)));
    const updates = new Set(saved.decided.map(({ row }) => row.update));
    return new Set(arrivals.filter(({ update }) => updates.has(update)));
  }

  const newcomers = openLine(conversation.assumeNew);
  const others = openLine(conversation.load);
  const lines = [newcomers, others];

  /** Chats of which something is under way here. */
  const underWay = new Map<string, Promise<unknown>>();

  /** One of a chat at a time: the next one takes the long way behind it, and so neither overtakes it nor has to know its numbers. */
  async function keep(arrival: TelegramArrival): Promise<Outcome> {
    const chat = chatOf(arrival);
    const ahead = underWay.get(chat);
    if (ahead) return ahead.then(failed, failed);
    const keeping = keepFirst(arrival).finally(() => underWay.delete(chat));
    underWay.set(chat, keeping);
    return keeping;
  }

  async function keepFirst(arrival: TelegramArrival): Promise<Outcome> {
    const isNew = isStart(arrival.update) && !met.get(chatOf(arrival));
    const outcome = isNew ? await newcomers.add(arrival) : "refused";
    return outcome === "refused" ? others.add(arrival) : outcome;
  }

  return {
    async accept(arrival) {
      // The commit may still come after we gave up on it: then all is given out as ever, and the sender's repeat is no news.
      const outcome = await within(limits.acceptTimeoutMs, keep(arrival), tooLate);
      if (outcome !== "kept") await inbox.accept(arrival);
    },
    waiting: () => lines.reduce((sum, line) => sum + line.waiting(), 0),
    async idle() {
      for (const line of lines) await line.idle();
    },
  };
}

const failed = (): Outcome => "failed";

function chatOf({
  botId,
  update: { message, callback_query: tap, pre_checkout_query: checkout },
}: TelegramArrival): string {
  return `${botId}:${message?.chat.id ?? (tap ?? checkout)?.from.id}`;
}

/** Those that were saved, with the numbers they were saved under. */
function savedOf({ decided, effects, document }: Decisions, saved: KeptArrival[]): Decisions {
  const numbers = new Map(saved.map(({ bot_id, update_id, slot, id }) => [`${bot_id}:${update_id}`, { slot, id }]));
  const keys = decided.map(({ row }) => numbers.get(`${row.botId}:${row.updateId}`));
  return {
    document,
    decided: decided.flatMap((one, place) => (keys[place] ? [{ ...one, row: { ...one.row, ...keys[place] } }] : [])),
    effects: effects.flatMap((effect) => (keys[effect.id] ? [{ ...effect, ...keys[effect.id] }] : [])),
  };
}

/** The document's rows are in the order of the arrivals. */
function withContent(document: ReturnType<typeof decideBatch>["document"], arrivals: TelegramArrival[]) {
  const rows = document.rows.map((row, index) => {
    const arrival = arrivals[index] as TelegramArrival;
    const { botId: bot_id, updateId: update_id, body, receivedAt: received_at } = arrival;
    return { ...row, bot_id, update_id, body, received_at };
  });
  return { ...document, rows };
}

const tooLate = (): Error =>
  new RejectedError(503, "The update could not be kept; send it again.", limits.retryAfterSeconds);
