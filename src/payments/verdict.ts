// What a decision about a payment is made of, as it grows. Pure.

import type { Cents } from "../kernel/money.ts";
import { transferOf } from "./books.ts";
import type { ChargeState, Payment } from "./payment.ts";
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
  set: Record<string, unknown>;
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

/** The fee as it is kept once it is known; the first that the gateway names stays. */
export const feeIn = (known: Cents | null, fee: Cents | null) => (known === null && fee !== null ? { fee } : {});

export const feeOf = (payment: Payment, fee: Cents | null) =>
  payment.charge.fee === null && fee !== null && fee > 0 ? [transferOf(payment, { kind: "fee" }, fee, 0)] : [];
