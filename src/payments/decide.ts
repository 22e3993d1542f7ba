// What a gateway's report means for a charge. Pure: the payment as it is, the report and the time go in; what is to be saved comes out.
//
//   the report says          the charge is                     then
//   another id or reference  any                               nothing changes; somebody is told
//   a word we don't know     any                               nothing changes; somebody is told
//   pending                  creating, unknown                 pending, and shown (if no other charge of the order can be paid)
//                            pending, its time over            expired, the message says so
//                            anything else                     nothing: what is paid stays paid
//   failed / expired         creating, unknown, pending        failed / expired
//   paid, as agreed          not paid yet, late or not         paid; the order, if open, is paid and delivered; else it is owed back
//   paid, too little         not paid yet                      held: nothing is delivered; the rest, when it comes, makes it paid
//   paid, another currency   not paid yet                      held
//   paid, too much           not paid yet                      paid and delivered; somebody is told of the difference
//   paid                     refunded, chargeback              nothing changes; somebody is told
//                            paid, and more came in            the difference is owed back; somebody is told
//   refunded in part         paid, held                        the books say so; it stays paid
//   refunded, or paid and    paid, held                        refunded; what can be revoked is
//     all of it given back   not paid yet                      refunded: it was paid and given back before we looked; nothing is delivered
//                            paid, its order paid twice        refunded; the order stands on the other payment
//   chargeback               any before                        chargeback, like refunded
//                            refunded                          nothing changes; somebody is told
//
// What the ledger holds of it stands in books.ts.

import { decisionOn, evidenceOf } from "./decision.ts";
import type { Report } from "./gateways/gateway.ts";
import { givenBack, paid } from "./money-moved.ts";
import { type Charge, mayMove, nextCheck, type Payment } from "./payment.ts";
import type { Decided, NewFact } from "./save.ts";
import { againKey, boughtOf, tell } from "./say.ts";
import { type Given, nothing, odd, type Settlement, withFee } from "./verdict.ts";

/** Decides what a report changes; what is returned holds only if order and charge are still as they were read. */
export function settle(payment: Payment, report: Report, given: Given): Decided {
  const settlement = verdictOf(payment, report, given);
  const { charge, order } = payment;
  const after = { ...charge, state: settlement.to };
  const isNews = settlement.to !== charge.state || settlement.verdict !== "nothing_new";
  const answered = charge.askedAt !== null;
  const facts = [...settlement.facts, ...(answered ? answerOf(payment, settlement) : [])];
  const { brCode, ...said } = report;
  const { to, verdict, orderSet } = settlement;
  return decisionOn(payment, given.now, {
    set: {
      ...settlement.set,
      state: to,
      checks: charge.checks + 1,
      check_at: nextCheck(after, given.now, given.askEverySeconds),
      ...(answered && { asked_at: null }),
    },
    ...(orderSet && { orderSet }),
    ...(isNews && { evidence: [evidenceOf(payment, { source: given.source, verdict, to, report: said })] }),
    transfers: settlement.transfers,
    deliveries: settlement.deliveries,
    ...(settlement.revoke && { revoke: order.id }),
    facts,
    alerts: settlement.alerts,
  });
}

function verdictOf(payment: Payment, report: Report, given: Given): Settlement {
  const { charge } = payment;
  if (isOfAnother(charge, report)) return odd(payment, "other_charge");
  if (report.state === "unknown") return odd(payment, "strange_word");
  const settlement = byState(payment, report, given);
  // Learned with whatever answer; kept with whatever decision.
  if (charge.gatewayId === null && report.gatewayId !== "") settlement.set.gateway_id = report.gatewayId;
  if (report.endToEndId !== null) settlement.set.end_to_end_id = report.endToEndId;
  return settlement;
}

/** The report names another id, or another reference, than the charge has. */
export const isOfAnother = ({ gatewayId, reference }: Charge, report: Report): boolean =>
  (gatewayId !== null && report.gatewayId !== "" && report.gatewayId !== gatewayId) ||
  (report.reference !== null && report.reference !== reference);

function byState(payment: Payment, report: Report, given: Given): Settlement {
  switch (report.state) {
    case "pending":
      return stillPending(payment, report, given);
    case "failed":
    case "expired":
      return ended(payment, report.state);
    case "paid":
      return withFee(payment, paid(payment, report, given), report);
    case "refunded":
    case "chargeback":
      return withFee(payment, givenBack(payment, report, given, report.state), report);
    default:
      return odd(payment, "strange_word");
  }
}

function stillPending(payment: Payment, report: Report, { now, legalNotice }: Given): Settlement {
  const { charge, order } = payment;
  const isOver = now.getTime() >= charge.expiresAt.getTime();
  if (isOver && (charge.state === "pending" || charge.state === "unknown" || charge.state === "creating"))
    return ended(payment, "expired");
  const isFound = charge.state === "creating" || charge.state === "unknown";
  if (!isFound || report.brCode === null || order.state !== "open" || payment.hasOtherLive) return nothing(payment);
  const brCode = report.brCode;
  return {
    ...nothing(payment, "found"),
    to: "pending",
    set: { br_code: brCode },
    // This is the charge that was wanted.
    orderSet: { due_at: null },
    facts: [shownFact({ ...payment, charge: { ...charge, brCode } }, legalNotice)],
  };
}

/** The fact that shows a charge that can be paid. */
export function shownFact(payment: Pick<Payment, "order" | "charge" | "person">, legalNotice: string | null): NewFact {
  const { charge, order } = payment;
  const { key, brCode } = charge;
  const invoice = charge.currency === "XTR" ? charge.reference : null;
  const body = {
    key,
    brCode,
    invoice,
    legalNotice,
    expiresAt: charge.expiresAt.toISOString(),
    ...boughtOf(order, charge),
  };
  return tell(payment, { kind: "charge.ready", ...body }, { chargeId: charge.id });
}

function ended(payment: Payment, to: "failed" | "expired"): Settlement {
  const { charge, order } = payment;
  if (!mayMove(charge.state, to)) return nothing(payment);
  const wasShown = charge.state === "pending" && order.state === "open";
  const again = againKey(order);
  return {
    ...nothing(payment, to),
    to,
    facts: wasShown
      ? [tell(payment, { kind: "charge.expired", again, message: payment.shown, ...boughtOf(order, charge) })]
      : [],
  };
}

/** He asked, and waits: what he is told when nothing else tells him. */
function answerOf(payment: Payment, { to, facts }: Settlement): NewFact[] {
  const { charge, order } = payment;
  // Who has what he wanted is not asked to pay for it once more.
  if (facts.length > 0 || order.state !== "open") return [];
  const bought = boughtOf(order, charge);
  const expiresAt = charge.expiresAt.toISOString();
  if (to === "pending")
    return [tell(payment, { kind: "charge.pending", key: charge.key, brCode: charge.brCode, expiresAt, ...bought })];
  if (to === "expired" || to === "failed")
    return [tell(payment, { kind: "charge.expired", again: againKey(order), message: null, ...bought })];
  return [];
}
