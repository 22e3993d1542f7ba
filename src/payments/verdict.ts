// What a decision about a payment is made of, as it grows. Pure.

import type { Cents } from "../kernel/money.ts";
import { transferOf } from "./books.ts";
import type { Report } from "./gateways/gateway.ts";
import { type ChargeState, moneyCame, type Payment } from "./payment.ts";
import type { NewAlert, NewFact } from "./save.ts";
import { type AlertKind, alertOf } from "./say.ts";

/** What is given to a decision besides the payment: nothing in it is read from a clock or drawn by chance here. */
export type Given = {
  now: Date;
  /** Who brought the report: create, notice, poll, verify, statement, telegram, command. */
  source: string;
  askEverySeconds: number;
  legalNotice: string | null;
  /** A fresh secret for the page of a delivery, as it is kept and as it is shown. */
  mint: () => { hash: string; sealed: string; url: string | null };
};

/** A decision as it grows. */
export type Settlement = {
  set: Record<string, unknown> & { paid_amount?: Cents; refunded_amount?: Cents; is_double?: boolean };
  to: ChargeState;
  verdict: string;
  orderSet?: Record<string, unknown>;
  transfers: ReturnType<typeof transferOf>[];
  deliveries: Record<string, unknown>[];
  facts: NewFact[];
  alerts: NewAlert[];
  revoke: boolean;
};

/** Nothing changes. */
export const nothing = ({ charge }: Payment, verdict = "nothing_new"): Settlement => ({
  set: {},
  to: charge.state,
  verdict,
  transfers: [],
  deliveries: [],
  facts: [],
  alerts: [],
  revoke: false,
});

/** Nothing changes, and somebody should look. */
export const odd = (payment: Payment, kind: AlertKind): Settlement => ({
  ...nothing(payment, kind),
  alerts: [alertOf(kind, payment)],
});

/** The fee is learned with whatever report of money names it first, and kept with whatever is decided on that report. */
export function withFee(payment: Payment, settlement: Settlement, { fee, currency }: Report): Settlement {
  const { charge } = payment;
  if (charge.fee !== null || fee === null || currency !== charge.currency || !moneyCame(settlement.to))
    return settlement;
  return {
    ...settlement,
    verdict: settlement.verdict === "nothing_new" ? "fee" : settlement.verdict,
    set: { ...settlement.set, fee },
    transfers: [...settlement.transfers, ...(fee > 0 ? [transferOf(payment, { kind: "fee" }, fee, 0)] : [])],
  };
}
