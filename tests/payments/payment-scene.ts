// Payments for tests: one order of a guide for R$ 19,90, a charge of it, what a gateway says, and decisions in a form that reads at a glance.

import type { Report, ReportState } from "#src/payments/gateways/gateway.ts";
import type { Charge, ChargeState, Order, OrderState, Payment } from "#src/payments/payment.ts";
import type { Decided } from "#src/payments/save.ts";
import type { Given } from "#src/payments/verdict.ts";

/** Every number and amount below is written bare; here it gets its name. */
const as = <Value>(value: unknown): Value => value as Value;

export const PRICE = 1990;
const START_MS = Date.parse("2026-03-01T12:00:00Z");
const VALID_MINUTES = 30;

/** So many minutes after the charge was made; it can be paid for thirty. */
export const minute = (n: number): Date => new Date(START_MS + n * 60_000);

export type ChargePatch = Partial<Record<keyof Charge, unknown>> & { state?: ChargeState };

export function chargeOf(patch: ChargePatch = {}): Charge {
  const id = Number(patch.id ?? 1);
  const hasCame = patch.state === "paid" || patch.state === "refunded" || patch.state === "chargeback";
  return as<Charge>({
    ...{ id, accountId: 1, gateway: "sandbox", reference: `ref${id}`, key: `key${id}`, gatewayId: `gw${id}` },
    ...{ currency: "BRL", amount: PRICE, splitAmount: 0, state: "pending", version: 1, brCode: "000201" },
    ...{ createdAt: minute(0), expiresAt: minute(VALID_MINUTES), paidAmount: hasCame ? PRICE : 0, fee: null },
    ...{ refundedAmount: patch.state === "refunded" || patch.state === "chargeback" ? PRICE : 0 },
    ...{ endToEndId: null, isDouble: false, checks: 0, askedAt: null },
    ...patch,
  });
}

export function orderOf(state: OrderState = "open", items = 1): Order {
  const item = (n: number) => ({
    ...{ n, key: `buy${n}`, product: `Guia ${n + 1}`, priceCents: PRICE, priceStars: null, validSeconds: 1800 },
    deliver: { link: `https://example.com/${n}` },
  });
  return as<Order>({
    ...{ id: 9, tenantId: 3, botId: 4, chatId: 5, offerId: 6, state, version: 1, wantedAt: minute(0) },
    items: Array.from({ length: items }, (_, n) => item(n)),
  });
}

/** The payment; without a word about the order it is as the charge left it. */
export function paymentOf(charge: ChargePatch = {}, order?: OrderState): Payment {
  const { state } = charge;
  const left = state === "paid" || state === "refunded" || state === "chargeback" ? state : "open";
  return {
    order: orderOf(order ?? left),
    charge: chargeOf(charge),
    person: { firstName: "Alice", lastName: null },
    shown: { messageId: 77, hasPhoto: true },
    hasOtherLive: false,
    hasOtherPaid: charge.isDouble === true,
  };
}

/** What the gateway says of the charge: agreeing with it unless told otherwise. */
export function says(state: ReportState, patch: Partial<Record<keyof Report, unknown>> = {}): Report {
  return as<Report>({
    ...{ gatewayId: "gw1", reference: "ref1", state, word: state, currency: "BRL", amount: PRICE, refunded: 0 },
    ...{ fee: null, endToEndId: null, paidAt: null, brCode: "000201" },
    ...patch,
  });
}

export function givenAt(n: number): Given {
  let pages = 0;
  const mint = () => ({ hash: `hash${++pages}`, sealed: "sealed", url: `https://shop.example.com/${pages}` });
  return { now: minute(n), source: "poll", askEverySeconds: 1, legalNotice: null, mint };
}

/** "payment 1990 gateway<sales": what was debited, what was credited. */
export const lineOf = (transfer: Record<string, unknown>): string =>
  `${transfer.kind} ${transfer.amount} ${transfer.debit}<${transfer.credit}`;

/** A decision, short. Alerts without "charge.", lists of nothing left out. */
export function shortOf(decided: Decided): Record<string, unknown> {
  const some = <Item>(name: string, list: Item[]) => (list.length > 0 ? { [name]: list } : {});
  return {
    to: String(decided.charge?.set?.state),
    ...(decided.order?.set?.state !== undefined && { order: String(decided.order.set.state) }),
    ...some("books", (decided.transfers ?? []).map(lineOf)),
    ...some(
      "tells",
      (decided.facts ?? []).map(({ body }) => body.kind),
    ),
    ...some(
      "alerts",
      (decided.alerts ?? []).map(({ kind }) => kind.replace("charge.", "")),
    ),
    ...some(
      "delivers",
      (decided.deliveries ?? []).map(({ n }) => n),
    ),
    ...(decided.revoke !== undefined && { revoke: true }),
  };
}
