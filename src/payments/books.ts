// The books: which accounts an amount leaves and enters. Pure.
//
// gateway  what lies at the seller's account there      sales       what was sold        fees        what the gateway keeps
// held     came in, but not as agreed                   refund_due  owed back            commission  the platform's part
// refunds  given back                                   chargebacks taken back by the bank

import type { Cents } from "../kernel/money.ts";
import type { Payment } from "./payment.ts";

export type Movement =
  | { kind: "payment"; into: "sales" | "held" | "refund_due" }
  /** What came in beyond the price; part of `payment`, moved on. */
  | { kind: "over" }
  /** What was held is accepted after all. */
  | { kind: "accepted"; into: "sales" | "refund_due" }
  /** Of what was given back, the part that had never been sold: it waits nowhere any more, and is no loss of a sale. */
  | { kind: "returned"; from: "held" | "refund_due"; into: "refunds" | "chargebacks" }
  | { kind: "fee" }
  | { kind: "commission" }
  | { kind: "refund" }
  | { kind: "chargeback" };

const BOOKS: Record<Movement["kind"], [debit: string, credit: string]> = {
  payment: ["gateway", "sales"],
  over: ["sales", "refund_due"],
  accepted: ["held", "sales"],
  returned: ["refund_due", "refunds"],
  fee: ["fees", "gateway"],
  commission: ["commission", "gateway"],
  refund: ["refunds", "gateway"],
  chargeback: ["chargebacks", "gateway"],
};

/**
 * A row of `transfer`. `mark`: with the charge and the kind it makes the movement happen once; for what may happen several times it is the sum
 * so far.
 */
export function transferOf({ order, charge }: Payment, movement: Movement, amount: Cents, mark: number) {
  const [debit, credit] = BOOKS[movement.kind];
  return {
    tenant_id: order.tenantId,
    account_id: charge.accountId,
    charge_id: charge.id,
    kind: movement.kind,
    mark,
    debit: "from" in movement ? movement.from : debit,
    credit: "into" in movement ? movement.into : credit,
    amount,
    currency: charge.currency,
  };
}
