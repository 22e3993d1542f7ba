// What Mercado Pago's Payments API answers: the shapes, what a payment's answer means, and the lines of a statement. Pure.

import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { type Cents, cents, fromDecimal, toDecimal } from "../../kernel/money.ts";
import type { Report, ReportState, StatementLine } from "./gateway.ts";
import { dateOrNull, textOrNull } from "./read-answer.ts";

/** Numbers of payments; the letters of other things. */
export const Id = Type.Union([Type.Integer({ minimum: 1 }), Type.String({ pattern: "^[A-Za-z0-9-]{1,64}$" })]);
const Refund = Type.Object({ amount: Type.Unknown(), date_created: Type.Unknown() });
export const Payment = Type.Object({
  id: Id,
  status: Type.String({ minLength: 1, maxLength: 100 }),
  status_detail: Type.Optional(Type.Unknown()),
  external_reference: Type.Optional(Type.Unknown()),
  currency_id: Type.Optional(Type.Unknown()),
  transaction_amount: Type.Unknown(),
  transaction_amount_refunded: Type.Optional(Type.Unknown()),
  date_approved: Type.Optional(Type.Unknown()),
  date_last_updated: Type.Optional(Type.Unknown()),
  date_of_expiration: Type.Optional(Type.Unknown()),
  fee_details: Type.Optional(Type.Unknown()),
  refunds: Type.Optional(Type.Unknown()),
  point_of_interaction: Type.Optional(Type.Unknown()),
});
const Interaction = Type.Object({ transaction_data: Type.Object({ qr_code: Type.String({ minLength: 1 }) }) });
export const Created = Type.Composite([Payment, Type.Object({ point_of_interaction: Interaction })]);
export const Refused = Type.Object({ status: Type.Union([Type.Literal("rejected"), Type.Literal("cancelled")]) });
export const Found = Type.Object({ results: Type.Array(Payment), paging: Type.Object({ total: Type.Integer() }) });
const Fees = Type.Array(Type.Object({ amount: Type.Unknown(), fee_payer: Type.Optional(Type.Unknown()) }), {
  minItems: 1,
});
export const ErrorInside = Type.Object({ error: Type.String() });

export type Paid = Static<typeof Payment>;

const STATES: ReadonlyMap<string, ReportState> = new Map([
  ["pending", "pending"],
  ["in_process", "pending"],
  ["authorized", "pending"],
  ["approved", "paid"],
  ["rejected", "failed"],
  ["cancelled", "failed"],
  ["refunded", "refunded"],
  ["charged_back", "chargeback"],
  ["in_mediation", "chargeback"],
]);

/** What a payment's answer means. */
export function reportOf(payment: Paid): Report {
  const { status, point_of_interaction: interaction } = payment;
  const detail = textOrNull(payment.status_detail);
  const isLate = status === "cancelled" && detail === "expired";
  return {
    gatewayId: String(payment.id),
    reference: textOrNull(payment.external_reference),
    state: isLate ? "expired" : (STATES.get(status) ?? "unknown"),
    word: detail === null ? status : `${status} ${detail}`,
    currency: textOrNull(payment.currency_id) ?? "BRL",
    amount: fromDecimal(payment.transaction_amount) ?? null,
    refunded: fromDecimal(payment.transaction_amount_refunded) ?? cents(0),
    fee: feeOf(payment.fee_details),
    endToEndId: null,
    paidAt: dateOrNull(payment.date_approved),
    brCode: Value.Check(Interaction, interaction) ? interaction.transaction_data.qr_code : null,
  };
}

/** What the seller pays for the payment; the payer's own fees are not his. */
function feeOf(details: unknown): Cents | null {
  if (!Value.Check(Fees, details)) return null;
  const amounts = details.flatMap(({ amount, fee_payer }) => (fee_payer === "payer" ? [] : [fromDecimal(amount)]));
  return amounts.reduce<Cents | null>(
    (sum, amount) => (sum === null || amount === undefined ? null : cents(sum + amount)),
    cents(0),
  );
}

/** What a payment did to the account, whenever it was. */
export function linesOf(payment: Paid): StatementLine[] {
  const { gatewayId, reference, amount, refunded, paidAt } = reportOf(payment);
  if (paidAt === null || amount === null) return [];
  const line = { gatewayId, reference };
  return [{ ...line, amount, at: paidAt }, ...refundsOf(payment, refunded).map((back) => ({ ...line, ...back }))];
}

/** Each refund at its own time where the answer lists them, else all of them at the last change. */
function refundsOf({ refunds, date_last_updated }: Paid, refunded: Cents): { amount: Cents; at: Date }[] {
  const listed = Value.Check(Type.Array(Refund), refunds) ? refunds : [];
  const all = listed.length > 0 ? listed : [{ amount: toDecimal(refunded), date_created: date_last_updated }];
  return all.flatMap(({ amount, date_created }) => {
    const [back, at] = [fromDecimal(amount), dateOrNull(date_created)];
    return back && at ? [{ amount: cents(-back), at }] : [];
  });
}
