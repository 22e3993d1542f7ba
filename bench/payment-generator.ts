// The payment benchmark's load generator, a process of its own: buyers tap, charges are paid, notices arrive. Ends with who started it.

import type { ChargeView } from "#src/sandbox-gateway/charge.ts";
import { measureClock } from "./clock-offset.ts";
import { type Driven, type DriveOrder, drive } from "./drive.ts";
import { type HttpClient, openHttpClient } from "./http-client.ts";
import { type Failed, obeyOrders } from "./orders.ts";
import { sortAt } from "./payment-mix.ts";
import {
  type Notice,
  noticeRequest,
  paidNotice,
  payRequest,
  type ShopBot,
  tapsOf,
  unknownNotice,
} from "./payment-requests.ts";

/** Charges that the sandbox is told to pay, one with each arrival. */
export type Paying = { sandboxUrl: string; ids: string[] };

/** Notices sent by the generator itself in the sandbox's place, of charges that it has paid just before. */
export type Notifying = { sandboxUrl: string; webhookUrl: string; noticeSecret: string; charges: ChargeView[] };

export type PaymentOrder =
  | { kind: "aim"; url: string; bots: ShopBot[]; connections: number }
  | { kind: "clock"; fakeUrl: string; token: string }
  | { kind: "tap"; order: DriveOrder }
  | { kind: "pay"; order: DriveOrder; paying: Paying }
  | { kind: "notify"; order: DriveOrder; notifying: Notifying };

/** `wallAheadMs`: how far the machine's wall clock is ahead of the generator's. */
export type PaymentClock = { aheadMs: number; withinMs: number; wallAheadMs: number };

export type PaymentReport =
  | { kind: "aimed" }
  | ({ kind: "clock" } & PaymentClock)
  | { kind: "driven"; driven: Driven }
  | Failed;

const PAY_CONNECTIONS = 32;
const NOTICE_CONNECTIONS = 256;
/** A charge is paid so many arrivals before its notice arrives. */
const PAID_AHEAD = 60;
const CLOCK_LOOKS = 10_000;

let taps: { client: HttpClient; requestOf: (chatId: number) => string } | undefined;

async function obey(order: PaymentOrder): Promise<PaymentReport> {
  switch (order.kind) {
    case "clock":
      return { kind: "clock", ...(await measureClock(order.fakeUrl, order.token)), wallAheadMs: wallAheadMs() };
    case "aim":
      taps?.client.close();
      taps = { client: openHttpClient(order.url, order.connections), requestOf: tapsOf(order.url, order.bots) };
      return { kind: "aimed" };
    case "tap":
      if (!taps) throw new Error("tap before aim");
      return { kind: "driven", driven: await drive(taps.client, taps.requestOf, order.order) };
    case "pay":
      return { kind: "driven", driven: await pay(order.paying, order.order) };
    case "notify":
      return { kind: "driven", driven: await notify(order.notifying, order.order) };
  }
}

/** The wall clock tells whole milliseconds, cut off: the furthest ahead of many looks is the nearest to the truth. */
function wallAheadMs(): number {
  let ahead = Number.NEGATIVE_INFINITY;
  for (let look = 0; look < CLOCK_LOOKS; look++)
    ahead = Math.max(ahead, Date.now() - (performance.timeOrigin + performance.now()));
  return ahead;
}

async function pay({ sandboxUrl, ids }: Paying, order: DriveOrder): Promise<Driven> {
  const client = openHttpClient(sandboxUrl, PAY_CONNECTIONS);
  const driven = await drive(client, (place) => payRequest(sandboxUrl, ids[place - order.firstChat] ?? ""), order);
  client.close();
  return driven;
}

async function notify(notifying: Notifying, order: DriveOrder): Promise<Driven> {
  const { sandboxUrl, webhookUrl, noticeSecret, charges } = notifying;
  const payer = openHttpClient(sandboxUrl, PAY_CONNECTIONS);
  const client = openHttpClient(webhookUrl, NOTICE_CONNECTIONS);
  const told: Notice[] = [];
  const payFor = (place: number): Promise<number> | undefined => {
    const sort = sortAt(place);
    const charge = sort.sort === "paid" ? charges[sort.nth] : undefined;
    return charge && payer.send(payRequest(sandboxUrl, charge.id));
  };

  /** A repeat has the bytes of the first one; whatever has no charge (the run's end) is about an unknown one. */
  function noticeAt(place: number, at: Date): Notice {
    const sort = sortAt(place);
    if (sort.sort === "repeat" && told[sort.nth]) return told[sort.nth] as Notice;
    const eventId = `evt_${order.seed}_${place}`;
    const charge = sort.sort === "paid" ? charges[sort.nth] : undefined;
    if (sort.sort !== "paid" || !charge) return unknownNotice(charges[0] as ChargeView, webhookUrl, eventId, at);
    told[sort.nth] = paidNotice(charge, eventId, at);
    return told[sort.nth] as Notice;
  }

  await Promise.all(Array.from({ length: PAID_AHEAD }, (_, place) => payFor(place)));
  const driven = await drive(
    client,
    (chat, nowSeconds) => {
      const place = chat - order.firstChat;
      void payFor(place + PAID_AHEAD);
      return noticeRequest(noticeAt(place, new Date()), noticeSecret, nowSeconds);
    },
    order,
  );
  payer.close();
  client.close();
  return driven;
}

obeyOrders(obey);
