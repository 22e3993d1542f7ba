// The charges that are kept: found by id and by reference, and forgotten when there are too many, finished ones first.

import { randomBytes } from "node:crypto";
import { cents } from "../kernel/money.ts";
import type { Charge, ChargeRequest } from "./charge.ts";
import type { Merchant } from "./merchant.ts";
import { createQueue } from "./queue.ts";

export type Charges = {
  make(merchant: Merchant, request: ChargeRequest): Charge;
  byId(id: string): Charge | undefined;
  /** It came to an end: from now on it may be forgotten before those that wait. */
  finish(charge: Charge): void;
  /** Oldest first. */
  all(): Generator<Charge>;
  clear(): void;
  readonly size: number;
};

const zero = cents(0);

/** A charge that nobody paid ends by itself; it is noticed when somebody looks. */
export function settleExpiry(charge: Charge, nowMs = charge.merchant.nowMs()): Charge {
  if (charge.status === "waiting" && nowMs >= charge.expiresMs) charge.status = "expired";
  return charge;
}

/** `bound`: how many are kept. The oldest goes first if it has ended, else the one that ended first, else the oldest. */
export function createCharges(bound: number): Charges {
  const byId = new Map<string, Charge>();
  const made = createQueue<Charge>();
  const finished = createQueue<Charge>();
  const isKept = (charge: Charge) => !charge.isGone;

  function forgetOne(): void {
    while (made.peek()?.isGone) made.shift();
    while (finished.peek()?.isGone) finished.shift();
    const oldest = made.peek();
    const hasEnded = oldest !== undefined && settleExpiry(oldest).status !== "waiting";
    const goes = hasEnded ? oldest : (finished.peek() ?? oldest);
    if (!goes) return;
    goes.isGone = true;
    byId.delete(goes.id);
    goes.merchant.byReference.delete(goes.reference);
    // Those already forgotten may stand behind one that waits for long.
    for (const queue of [made, finished]) if (queue.size > bound * 2) queue.keep(isKept);
  }

  return {
    make(merchant, request) {
      const charge = newCharge(merchant, request);
      byId.set(charge.id, charge);
      merchant.byReference.set(charge.reference, charge);
      merchant.totals.charges += 1;
      made.push(charge);
      if (byId.size > bound) forgetOne();
      return charge;
    },
    byId: (id) => byId.get(id),
    finish: (charge) => finished.push(charge),
    *all() {
      for (let place = 0; place < made.size; place++) {
        const charge = made.at(place);
        if (charge && !charge.isGone) yield settleExpiry(charge);
      }
    },
    clear() {
      for (const queue of [made, finished]) queue.keep(() => false);
      byId.clear();
    },
    get size() {
      return byId.size;
    },
  };
}

function newCharge(merchant: Merchant, { expiresInSeconds, ...request }: ChargeRequest): Charge {
  const id = `ch_${randomBytes(12).toString("hex")}`;
  const nowMs = merchant.nowMs();
  return {
    ...request,
    id,
    merchant,
    status: "waiting",
    createdMs: nowMs,
    expiresMs: nowMs + expiresInSeconds * 1_000,
    paidAmount: zero,
    refundedAmount: zero,
    fee: null,
    endToEndId: null,
    paidMs: null,
    refunds: undefined,
    isGone: false,
  };
}
