// Delivers notices until the receiver answers exactly 200, so many at once, and with the faults that a merchant asked for.

import { type Charge, earlierView, viewOf } from "./charge.ts";
import type { NoticesInput } from "./control-shapes.ts";
import { createIdling } from "./idling.ts";
import { newNoticeId, noticeBody, type SentNotice, secondsOf, signedHeaders } from "./notice.ts";
import { type Attempt, postNotice } from "./post-notice.ts";
import { createQueue } from "./queue.ts";
import type { Timers } from "./timers.ts";

/** waiting: under way. lost: never sent, on order. given_up: tried as often as allowed. dropped: too many were waiting. */
export type NoticeState = "waiting" | "delivered" | "given_up" | "lost" | "dropped";

export type NoticeRecord = {
  id: string;
  type: string;
  token: string;
  charge_id: string;
  reference: string;
  url: string;
  state: NoticeState;
  created_at: string;
  attempts: Attempt[];
};

export type NoticeCounts = {
  created: number;
  attempts: number;
  delivered: number;
  given_up: number;
  lost: number;
  dropped: number;
  waiting: number;
  in_flight: number;
};

/** Milliseconds; see SettingsInput. */
export type DeliverySettings = { retry_ms: number; tries: number; timeout_ms: number; in_flight: number };

export type Notices = {
  /** Tells the charge's notice address, if it has one, what became of it. */
  announce(charge: Charge, type: string): void;
  /** Sends once and records nothing: a forged notice. */
  sendOnce(url: string, notice: SentNotice): Promise<Attempt>;
  find(query: NoticesInput): NoticeRecord[];
  counts(): NoticeCounts;
  /** Resolves with true once nothing is under way, with false after `timeoutMs`. */
  idle(timeoutMs: number): Promise<boolean>;
  clear(): void;
};

type Delivery = {
  record: NoticeRecord;
  body: string;
  secret: string;
  nowMs: () => number;
  tries: number;
  after: (() => void) | undefined;
};

const FIND_LIMIT = 1_000;

/** `bound`: how many notices are remembered, and how many may be waiting. `settings` may change at any time. */
export function createNotices(settings: DeliverySettings, bound: number, timers: Timers): Notices {
  const remembered = createQueue<NoticeRecord>();
  const waiting = createQueue<Delivery>();
  const idling = createIdling();
  const totals = { created: 0, attempts: 0, delivered: 0, given_up: 0, lost: 0, dropped: 0 };
  let inFlight = 0;
  let generation = 0;

  function remember(charge: Charge, url: string, id: string, type: string): NoticeRecord {
    const { reference, merchant, id: chargeId } = charge;
    const about = { id, type, token: merchant.token, charge_id: chargeId, reference, url };
    const record: NoticeRecord = {
      ...about,
      state: "waiting",
      created_at: new Date(charge.merchant.nowMs()).toISOString(),
      attempts: [],
    };
    remembered.push(record);
    if (remembered.size > bound) remembered.shift();
    totals.created += 1;
    return record;
  }

  function begin(delivery: Delivery, waitMs: number): void {
    if (idling.pending() >= bound) {
      settle(delivery.record, "dropped");
      return;
    }
    idling.begin();
    if (waitMs > 0) timers.after(waitMs, () => enqueue(delivery));
    else enqueue(delivery);
  }

  function enqueue(delivery: Delivery): void {
    waiting.push(delivery);
    pump();
  }

  function pump(): void {
    while (inFlight < settings.in_flight) {
      const delivery = waiting.shift();
      if (!delivery) return;
      inFlight += 1;
      void attempt(delivery);
    }
  }

  async function attempt(delivery: Delivery): Promise<void> {
    const { record, body, secret } = delivery;
    const begunIn = generation;
    const headers = signedHeaders(body, secret, secondsOf(delivery.nowMs()));
    const outcome = await postNotice(record.url, { body, headers }, settings.timeout_ms);
    inFlight -= 1;
    if (begunIn === generation) conclude(delivery, outcome);
    pump();
  }

  function conclude(delivery: Delivery, outcome: Attempt): void {
    delivery.record.attempts.push(outcome);
    totals.attempts += 1;
    delivery.tries += 1;
    if (outcome.status !== 200 && delivery.tries < settings.tries) {
      const pauseMs = settings.retry_ms * 2 ** Math.min(delivery.tries - 1, 6);
      timers.after(pauseMs, () => enqueue(delivery));
      return;
    }
    settle(delivery.record, outcome.status === 200 ? "delivered" : "given_up");
    delivery.after?.();
    idling.end();
  }

  /** What was delivered once stays delivered, whatever becomes of its double. */
  function settle(record: NoticeRecord, state: Exclude<NoticeState, "waiting">): void {
    if (record.state !== "waiting") return;
    record.state = state;
    totals[state] += 1;
  }

  function sendEarlier(charge: Charge, url: string): () => void {
    const { type, view } = earlierView(charge);
    const id = newNoticeId();
    const body = noticeBody(id, type, view);
    const { noticeSecret: secret, nowMs } = charge.merchant;
    return () => begin({ record: remember(charge, url, id, type), body, secret, nowMs, tries: 0, after: undefined }, 0);
  }

  return {
    announce(charge, type) {
      const url = charge.noticeUrl;
      if (url === null) return;
      const plan = planOf(charge);
      const id = newNoticeId();
      const record = remember(charge, url, id, type);
      if (plan.isLost) {
        settle(record, "lost");
        return;
      }
      const body = noticeBody(id, type, viewOf(charge));
      const after = plan.isOutOfOrder ? sendEarlier(charge, url) : undefined;
      const { noticeSecret: secret, nowMs } = charge.merchant;
      begin({ record, body, secret, nowMs, tries: 0, after }, plan.waitMs);
      if (plan.isDouble) begin({ record, body, secret, nowMs, tries: 0, after: undefined }, plan.waitMs);
    },
    sendOnce: (url, notice) => postNotice(url, notice, settings.timeout_ms),
    find: (query) => findRecords(remembered, query),
    counts: () => ({ ...totals, waiting: idling.pending(), in_flight: inFlight }),
    idle: (timeoutMs) => idling.wait(timeoutMs),
    clear() {
      generation += 1;
      waiting.keep(() => false);
      remembered.keep(() => false);
      Object.assign(totals, { created: 0, attempts: 0, delivered: 0, given_up: 0, lost: 0, dropped: 0 });
      idling.clear();
    },
  };
}

type Plan = { isLost: boolean; isDouble: boolean; isOutOfOrder: boolean; waitMs: number };

/** Draws the same count of numbers for every notice, so that one ratio does not change what another one strikes. */
function planOf({ merchant: { noticeFaults, random } }: Charge): Plan {
  const { lose = 0, double = 0, delay = 0, out_of_order: outOfOrder = 0 } = noticeFaults;
  const { delay_min_ms: minMs = 0, delay_max_ms: maxMs = minMs } = noticeFaults;
  const [isLost, isDouble, isOutOfOrder] = [random() < lose, random() < double, random() < outOfOrder];
  const [isLate, part] = [random() < delay, random()];
  return { isLost, isDouble, isOutOfOrder, waitMs: isLate ? minMs + part * Math.max(0, maxMs - minMs) : 0 };
}

function findRecords(all: { at(place: number): NoticeRecord | undefined; size: number }, query: NoticesInput) {
  const { token, reference, charge_id: chargeId, state, limit = FIND_LIMIT } = query;
  const found: NoticeRecord[] = [];
  for (let place = all.size - 1; place >= 0 && found.length < limit; place--) {
    const record = all.at(place);
    if (!record || (token ?? record.token) !== record.token || (state ?? record.state) !== record.state) continue;
    if ((reference ?? record.reference) !== record.reference) continue;
    if ((chargeId ?? record.charge_id) === record.charge_id) found.push(record);
  }
  return found.reverse();
}
