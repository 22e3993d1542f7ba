// Every Bot API call received: a bounded log, those who wait for calls to come, and counts by method.

import type { Params } from "./params.ts";
import { createRing } from "./ring.ts";
import { createSendLog, type SendLog } from "./sends.ts";

export type CallOutcome = { ok: boolean; error_code?: number; message_id?: number; fault?: string };

/** `seq` counts all calls from 1. `at`: milliseconds since the epoch, fractional, when the request arrived.
 *  `outcome` is null while the call is under way (a long poll, say). */
export type CallRecord = {
  seq: number;
  at: number;
  token: string;
  method: string;
  chat_id: number | string | null;
  payload: Params;
  outcome: CallOutcome | null;
};

/** Absent fields match everything; `since` = only calls with a greater seq. Method names match in any case. */
export type CallFilter = { token?: string; method?: string; chat_id?: number | string; since?: number };
export type WaitedCalls = { complete: boolean; calls: CallRecord[] };

export type CallLog = {
  begin(call: Omit<CallRecord, "seq" | "outcome">): CallRecord;
  settle(record: CallRecord, outcome: CallOutcome): void;
  find(filter: CallFilter, limit: number): CallRecord[];
  /** Answers once `count` matching calls have an outcome, or with what there is after `timeoutMs`. */
  wait(filter: CallFilter, count: number, timeoutMs: number): Promise<WaitedCalls>;
  readonly sends: SendLog;
  counts(): { calls: number; byMethod: Record<string, number> };
  clear(): void;
};

type Waiter = { filter: CallFilter; left: number; found: CallRecord[]; finish(complete: boolean): void };

/** Keeps the newest `capacity` calls whole, and the newest `sendCapacity` sends as bare numbers. */
export function createCallLog(capacity: number, sendCapacity: number): CallLog {
  const ring = createRing<CallRecord>(capacity);
  const sends = createSendLog(sendCapacity);
  const waiters = new Set<Waiter>();
  const byMethod = new Map<string, number>();
  let calls = 0;

  return {
    sends,
    begin(call) {
      const record: CallRecord = { seq: ring.last() + 1, ...call, outcome: null };
      ring.push(record);
      calls += 1;
      byMethod.set(call.method, (byMethod.get(call.method) ?? 0) + 1);
      return record;
    },
    settle(record, outcome) {
      record.outcome = outcome;
      const { chat_id, method } = record;
      if (outcome.message_id !== undefined && typeof chat_id === "number" && isSend(method)) {
        sends.add(record.seq, chat_id, method, record.at);
      }
      for (const waiter of waiters) if (matches(record, waiter.filter)) found(waiter, record);
    },
    find(filter, limit) {
      const result: CallRecord[] = [];
      for (const record of ring.since(filter.since ?? 0)) {
        if (result.length >= limit) break;
        if (matches(record, filter)) result.push(record);
      }
      return result;
    },
    wait(filter, count, timeoutMs) {
      return new Promise((resolve) => {
        const waiter: Waiter = { filter, left: count, found: [], finish };
        const timer = setTimeout(() => finish(false), timeoutMs);
        function finish(complete: boolean): void {
          clearTimeout(timer);
          waiters.delete(waiter);
          resolve({ complete, calls: waiter.found.sort((one, other) => one.seq - other.seq) });
        }
        waiters.add(waiter);
        for (const record of ring.since(filter.since ?? 0)) {
          if (waiter.left > 0 && record.outcome && matches(record, filter)) found(waiter, record);
        }
        if (count <= 0) finish(true);
      });
    },
    counts: () => ({ calls, byMethod: Object.fromEntries(byMethod) }),
    clear() {
      ring.clear();
      sends.clear();
      byMethod.clear();
      calls = 0;
      for (const waiter of waiters) waiter.finish(false);
    },
  };
}

function found(waiter: Waiter, record: CallRecord): void {
  waiter.found.push(record);
  waiter.left -= 1;
  if (waiter.left === 0) waiter.finish(true);
}

/** Calls that put a message into a chat; a chat action is none. */
function isSend(method: string): boolean {
  return (method.startsWith("send") && method !== "sendChatAction") || method === "copyMessage";
}

function matches(record: CallRecord, filter: CallFilter): boolean {
  if (filter.since !== undefined && record.seq <= filter.since) return false;
  if (filter.token !== undefined && filter.token !== record.token) return false;
  if (filter.chat_id !== undefined && String(filter.chat_id) !== String(record.chat_id)) return false;
  return filter.method === undefined || filter.method.toLowerCase() === record.method.toLowerCase();
}
