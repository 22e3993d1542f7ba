// A charge as the sandbox keeps it, and as its API shows it.

import { type Cents, cents } from "../kernel/money.ts";
import { brCode } from "./br-code.ts";
import type { Merchant } from "./merchant.ts";

export type Split = { recipient: string; amount: Cents };
export type ChargePayer = { name: string | null; cpf: string | null; email: string | null };

/** What a merchant asks for, already checked. Amounts in cents. */
export type ChargeRequest = {
  reference: string;
  amount: Cents;
  description: string;
  expiresInSeconds: number;
  noticeUrl: string | null;
  payer: ChargePayer | null;
  split: Split | null;
};

/** The words that a charge's status can be; a control may set any other word, too. */
export const STATUSES = ["waiting", "paid", "expired", "failed", "refunded", "disputed"] as const;

/** Times in milliseconds since 1970, amounts in cents. */
export type Charge = Omit<ChargeRequest, "expiresInSeconds"> & {
  id: string;
  merchant: Merchant;
  status: string;
  createdMs: number;
  expiresMs: number;
  paidAmount: Cents;
  refundedAmount: Cents;
  fee: Cents | null;
  endToEndId: string | null;
  paidMs: number | null;
  /** Refunds by the key that the merchant gave them. */
  refunds: Map<string, Refund> | undefined;
  /** No longer kept: made room for a newer one. */
  isGone: boolean;
};

export type Refund = { id: string; key: string; amount: Cents };

/** The JSON of a charge, in answers and notices alike. Amounts in cents, times in ISO 8601. */
export type ChargeView = {
  id: string;
  reference: string;
  status: string;
  amount: number;
  currency: string;
  description: string;
  br_code: string;
  created_at: string;
  expires_at: string;
  paid_amount: number;
  refunded_amount: number;
  /** The gateway's part, which the merchant bears; null = nothing was paid yet. */
  fee: number | null;
  end_to_end_id: string | null;
  paid_at: string | null;
  notice_url: string | null;
  payer: ChargePayer | null;
  split: { recipient: string; amount: number } | null;
};

/** The PIX code of a charge. `.invalid` belongs to nobody, so no bank can be asked for the payload. It is made when
 *  it is shown: kept, it would be the largest part of a charge. */
export const codeOf = (id: string, amount: Cents): string =>
  brCode({ location: `pix.sandbox.invalid/${id}`, amount, name: "SANDBOX", city: "SAO PAULO" });

const iso = (ms: number): string => new Date(ms).toISOString();

export function viewOf(charge: Charge): ChargeView {
  return {
    id: charge.id,
    reference: charge.reference,
    status: charge.status,
    amount: charge.amount,
    currency: "BRL",
    description: charge.description,
    br_code: codeOf(charge.id, charge.amount),
    created_at: iso(charge.createdMs),
    expires_at: iso(charge.expiresMs),
    paid_amount: charge.paidAmount,
    refunded_amount: charge.refundedAmount,
    fee: charge.fee,
    end_to_end_id: charge.endToEndId,
    paid_at: charge.paidMs === null ? null : iso(charge.paidMs),
    notice_url: charge.noticeUrl,
    payer: charge.payer,
    split: charge.split,
  };
}

/** The charge as it was before its last news: what a notice says that comes too late. */
export function earlierView(charge: Charge): { type: string; view: ChargeView } {
  const view = viewOf(charge);
  if (charge.status === "refunded" || charge.status === "disputed" || charge.refundedAmount > 0)
    return { type: "charge.paid", view: { ...view, status: "paid", refunded_amount: 0 } };
  const unpaid = { status: "waiting", paid_amount: 0, fee: null, end_to_end_id: null, paid_at: null };
  return { type: "charge.created", view: { ...view, ...unpaid } };
}

/** A basis point is a hundredth of a percent; a fraction of a cent goes to the merchant. */
export function feeOf(amount: Cents, basisPoints: number): Cents {
  const product = amount * basisPoints;
  return cents((product - (product % 10_000)) / 10_000);
}
