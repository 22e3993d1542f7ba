// The open loop: requests leave when the schedule says so, whatever has become of the earlier ones.

import type { HttpClient } from "./http-client.ts";
import { gaps, reach, type ScheduleKind } from "./schedule.ts";
import type { Sort } from "./start-request.ts";

export type DriveOrder = {
  perSecond: number;
  seconds: number;
  schedule: ScheduleKind;
  seed: number;
  firstChat: number;
  /** What arrives; default: a /start of somebody new. */
  sort?: Sort;
  /** Send again what was not answered 200, as Telegram does. */
  resend?: boolean;
};

/** What was done, in columns by arrival; chat ids count up from `firstChat`. All times in milliseconds. */
export type Driven = {
  firstChat: number;
  /** Since 1970, by the generator's clock. */
  startedAtMs: number;
  /** Intended arrivals, since the start. */
  dueMs: Float64Array;
  /** How late each request left. */
  lagMs: Float64Array;
  /** Intended arrival → answer; NaN = none. */
  ackMs: Float64Array;
  /** HTTP status; 0 = no answer. */
  status: Uint16Array;
  connections: number;
  heldBack: number;
  resent: number;
};

/** Answers may come so long after the last request. */
const LAST_ANSWERS_MS = 10_000;
const LEAD_MS = 50;
/** The client itself sends again at once when the connection broke; Telegram's next pauses are 2, 4, 8 … seconds. */
const FIRST_PAUSE_MS = 2_000;

export async function drive(
  client: HttpClient,
  requestOf: (chatId: number, nowSeconds: number) => string,
  order: DriveOrder,
): Promise<Driven> {
  const nextGap = gaps(order.schedule, order.perSecond, order.seed);
  const columns = { dueMs: [] as number[], lagMs: [] as number[], ackMs: [] as number[], status: [] as number[] };
  const before = client.counts();
  const startMs = performance.now() + LEAD_MS;
  const startedAtMs = performance.timeOrigin + startMs;
  let open = 0;
  let again = 0;
  let isOver = false;
  let allAnswered: (() => void) | undefined;

  async function post(arrival: number, dueMs: number): Promise<void> {
    open += 1;
    const request = requestOf(order.firstChat + arrival, Math.floor((startedAtMs + dueMs) / 1_000));
    columns.lagMs[arrival] = performance.now() - startMs - dueMs;
    columns.status[arrival] = 0;
    columns.ackMs[arrival] = Number.NaN;
    let status = await client.send(request);
    for (let pauseMs = FIRST_PAUSE_MS; order.resend && status !== 200 && !isOver; pauseMs *= 2) {
      await Bun.sleep(pauseMs);
      again += 1;
      status = await client.send(request);
    }
    columns.status[arrival] = status;
    if (status > 0) columns.ackMs[arrival] = performance.now() - startMs - dueMs;
    open -= 1;
    if (open === 0) allAnswered?.();
  }

  for (let dueMs = nextGap(); dueMs < order.seconds * 1_000; dueMs += nextGap()) {
    await reach(startMs + dueMs);
    const arrival = columns.dueMs.push(dueMs) - 1;
    void post(arrival, dueMs);
  }
  if (open > 0)
    await Promise.race([new Promise<void>((resolve) => (allAnswered = resolve)), Bun.sleep(LAST_ANSWERS_MS)]);
  isOver = true;
  const after = client.counts();
  return {
    firstChat: order.firstChat,
    startedAtMs,
    dueMs: Float64Array.from(columns.dueMs),
    lagMs: Float64Array.from(columns.lagMs),
    ackMs: Float64Array.from(columns.ackMs),
    status: Uint16Array.from(columns.status),
    connections: after.connections,
    heldBack: after.heldBack - before.heldBack,
    resent: after.resent - before.resent + again,
  };
}
