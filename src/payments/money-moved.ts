// What it means that money came in, and that it went back. Pure.

import { limits } from "../kernel/limits.ts";
import { type Cents, cents } from "../kernel/money.ts";
import { transferOf } from "./books.ts";
import type { Report } from "./gateways/gateway.ts";
import { mayMove, type Payment } from "./payment.ts";
import { alertOf, boughtOf, tell } from "./say.ts";
import { feeIn, feeOf, type Given, nothing, odd, type Settlement } from "./verdict.ts";

/** The gateway says that it is paid. */
export function paid(payment: Payment, report: Report, given: Given): Settlement {
  const { charge } = payment;
  if (charge.state === "refunded" || charge.state === "chargeback") return odd(payment, "paid_after_refund");
  if (report.amount === null) return odd(payment, "no_amount");
  if (charge.state === "paid") return afterPaid(payment, report);
  const isShort = report.currency !== charge.currency || report.amount < charge.amount;
  const settlement = isShort ? held(payment, report, report.amount) : accepted(payment, report, report.amount, given);
  return report.refunded > 0 ? partlyRefunded(payment, settlement, report) : settlement;
}

/** What may still be learned of a paid charge: its fee, and that a part of it was given back. */
function afterPaid(payment: Payment, report: Report): Settlement {
  const { charge } = payment;
  const settlement = nothing(payment);
  if (charge.fee === null && report.fee !== null) {
    settlement.verdict = "fee";
    settlement.set = { fee: report.fee };
    settlement.transfers = feeOf(payment, report.fee);
  }
  return partlyRefunded(payment, settlement, report);
}

function held(payment: Payment, report: Report, amount: Cents): Settlement {
  const { charge, order } = payment;
  const isOtherCurrency = report.currency !== charge.currency;
  const kind = isOtherCurrency ? "currency" : "short";
  if (charge.state === "held" && (isOtherCurrency || amount === charge.paidAmount)) return nothing(payment);
  const more = cents(amount - charge.paidAmount);
  return {
    ...nothing(payment, kind),
    to: "held",
    // Units of another currency are not ours to book: the evidence holds them, and a human decides.
    set: {
      paid_amount: isOtherCurrency ? 0 : amount,
      paid_at: report.paidAt,
      reason: kind,
      ...feeIn(charge.fee, report.fee),
    },
    transfers:
      isOtherCurrency || more <= 0
        ? []
        : [transferOf(payment, { kind: "payment", into: "held" }, more, amount), ...feeOf(payment, report.fee)],
    facts: [tell(payment, { kind: "charge.held", paid: amount, ...boughtOf(order, charge) })],
    alerts: [alertOf(kind, payment)],
  };
}

function accepted(payment: Payment, report: Report, amount: Cents, given: Given): Settlement {
  const { charge, order } = payment;
  const isDouble = order.state !== "open";
  const over = cents(Math.max(0, amount - charge.amount));
  const wasHeld = charge.state === "held" ? charge.paidAmount : cents(0);
  const isLate = charge.state === "expired" || charge.state === "failed";
  const settlement: Settlement = {
    ...nothing(payment, isDouble ? "paid_twice" : isLate ? "paid_late" : "paid"),
    to: "paid",
    set: {
      paid_amount: amount,
      paid_at: report.paidAt ?? given.now,
      is_double: isDouble,
      reason: null,
      ...feeIn(charge.fee, report.fee),
    },
    transfers: [
      ...(wasHeld > 0 ? [transferOf(payment, { kind: "accepted" }, wasHeld, 0)] : []),
      transferOf(
        payment,
        { kind: "payment", into: isDouble ? "refund_due" : "sales" },
        cents(amount - wasHeld),
        amount,
      ),
      ...(over > 0 && !isDouble ? [transferOf(payment, { kind: "over" }, over, 0)] : []),
      ...feeOf(payment, report.fee),
      ...(charge.splitAmount > 0 ? [transferOf(payment, { kind: "commission" }, charge.splitAmount, 0)] : []),
    ],
    alerts: [
      ...(isDouble ? [alertOf("twice", payment)] : []),
      ...(over > 0 && !isDouble ? [alertOf("over", payment)] : []),
    ],
  };
  return isDouble ? settlement : withDelivery(payment, settlement, given);
}

/** The order is paid, and what it holds is owed from this commit on. */
function withDelivery(payment: Payment, settlement: Settlement, { mint, now }: Given): Settlement {
  const { order, charge } = payment;
  const minted = order.items.map((item) => ({ item, page: mint() }));
  return {
    ...settlement,
    orderSet: { state: "paid", paid_at: now, due_at: null },
    deliveries: minted.map(({ item, page }) => deliveryOf(payment, item.n, page, now)),
    facts: minted.map(({ item, page }, index) => {
      const message = index === 0 ? payment.shown : null;
      const body = {
        offer: item.key,
        deliver: item.deliver,
        url: page.url,
        isAgain: false,
        message,
        ...boughtOf(order, charge),
      };
      return tell(payment, { kind: "order.paid", ...body }, { deliveryOf: { orderId: order.id, n: item.n } });
    }),
  };
}

function deliveryOf({ order }: Payment, n: number, page: ReturnType<Given["mint"]>, now: Date) {
  return {
    order_id: order.id,
    n,
    bot_id: order.botId,
    chat_id: order.chatId,
    token_hash: page.hash,
    token_sealed: page.sealed,
    expires_at: new Date(now.getTime() + limits.deliveryPageMs),
  };
}

/** A part went back: the books say so, and the rest stays paid. */
function partlyRefunded(payment: Payment, settlement: Settlement, report: Report): Settlement {
  const more = report.refunded - payment.charge.refundedAmount;
  if (more <= 0) return settlement;
  return {
    ...settlement,
    verdict: "partly_refunded",
    set: { ...settlement.set, refunded_amount: report.refunded },
    transfers: [...settlement.transfers, transferOf(payment, { kind: "refund" }, cents(more), report.refunded)],
    alerts: [...settlement.alerts, alertOf("partly_refunded", payment)],
  };
}

/** All of it went back: by the seller's will (refunded), or by the bank's (chargeback). */
export function givenBack(payment: Payment, report: Report, given: Given, to: "refunded" | "chargeback"): Settlement {
  const { charge, order } = payment;
  if (!mayMove(charge.state, to)) return nothing(payment);
  const wasPaid = charge.state === "paid" || charge.state === "held";
  const came = wasPaid ? charge.paidAmount : (report.amount ?? charge.amount);
  const back = cents(came - charge.refundedAmount);
  const isOrders = wasPaid && !charge.isDouble && charge.state === "paid";
  const kind = to === "chargeback" ? "chargeback" : wasPaid ? "refunded" : "refunded_before";
  return {
    ...nothing(payment, kind),
    to,
    set: {
      paid_amount: came,
      refunded_amount: came,
      refund_at: null,
      ...(!wasPaid && { paid_at: report.paidAt ?? given.now }),
    },
    ...(isOrders && { orderSet: { state: to } }),
    transfers: [
      ...(wasPaid
        ? []
        : [transferOf(payment, { kind: "payment", into: "held" }, came, came), ...feeOf(payment, report.fee)]),
      ...(back > 0 ? [transferOf(payment, { kind: to === "refunded" ? "refund" : "chargeback" }, back, came)] : []),
    ],
    revoke: isOrders,
    facts: [tell(payment, { kind: "order.refunded", byBank: to === "chargeback", ...boughtOf(order, charge) })],
    alerts: [alertOf(kind, payment)],
  };
}
