// What it means that money came in, and that it went back. Pure.

import { limits } from "../kernel/limits.ts";
import { type Cents, cents } from "../kernel/money.ts";
import { transferOf } from "./books.ts";
import type { Report } from "./gateways/gateway.ts";
import { type Charge, mayMove, type Payment } from "./payment.ts";
import { alertOf, boughtOf, tell } from "./say.ts";
import { type Given, nothing, odd, type Settlement } from "./verdict.ts";

/** The gateway says that it is paid. */
export function paid(payment: Payment, report: Report, given: Given): Settlement {
  const { charge } = payment;
  if (isAllBack(payment, report)) return givenBack(payment, report, given, "refunded");
  if (charge.state === "refunded" || charge.state === "chargeback") return odd(payment, "paid_after_refund");
  if (charge.state === "paid") return partlyRefunded(payment, afterPaid(payment, report), report);
  if (report.amount === null) return odd(payment, "no_amount");
  const isShort = report.currency !== charge.currency || report.amount < charge.amount;
  const settlement = isShort ? held(payment, report, report.amount) : accepted(payment, report, report.amount, given);
  return partlyRefunded(payment, settlement, report);
}

/** Some gateways go on saying "paid" when nothing is left of it. */
const isAllBack = ({ charge }: Payment, { amount, refunded }: Report): boolean =>
  amount !== null && amount > 0 && refunded >= Math.max(amount, charge.paidAmount);

/** Paid, and paid again at the gateway: the books hold what came in, and what is beyond the price is owed back. */
function afterPaid(payment: Payment, { amount, currency }: Report): Settlement {
  const { charge } = payment;
  if (amount === null || currency !== charge.currency || amount <= charge.paidAmount) return nothing(payment);
  return {
    ...nothing(payment, "paid_more"),
    set: { paid_amount: amount },
    transfers: [
      transferOf(payment, { kind: "payment", into: "refund_due" }, cents(amount - charge.paidAmount), amount),
    ],
    alerts: [alertOf(charge.isDouble ? "twice" : "over", payment, amount)],
  };
}

function held(payment: Payment, report: Report, amount: Cents): Settlement {
  const { charge, order } = payment;
  const isOtherCurrency = report.currency !== charge.currency;
  const kind = isOtherCurrency ? "currency" : "short";
  // Less than before is what an older answer says.
  if (charge.state === "held" && (isOtherCurrency || amount <= charge.paidAmount)) return nothing(payment);
  const more = cents(amount - charge.paidAmount);
  return {
    ...nothing(payment, kind),
    to: "held",
    // Units of another currency are not ours to book: the evidence holds them, and a human decides.
    set: { paid_amount: isOtherCurrency ? cents(0) : amount, paid_at: report.paidAt, reason: kind },
    transfers:
      isOtherCurrency || more <= 0 ? [] : [transferOf(payment, { kind: "payment", into: "held" }, more, amount)],
    facts: [tell(payment, { kind: "charge.held", paid: amount, ...boughtOf(order, charge) })],
    alerts: [alertOf(kind, payment)],
  };
}

function accepted(payment: Payment, report: Report, amount: Cents, given: Given): Settlement {
  const { charge, order } = payment;
  const isDouble = order.state !== "open";
  const isOver = amount > charge.amount && !isDouble;
  const isLate = charge.state === "expired" || charge.state === "failed";
  const into = isDouble ? "refund_due" : "sales";
  const wasHeld = charge.paidAmount;
  const settlement: Settlement = {
    ...nothing(payment, isDouble ? "paid_twice" : isLate ? "paid_late" : "paid"),
    to: "paid",
    set: { paid_amount: amount, paid_at: report.paidAt ?? given.now, is_double: isDouble, reason: null },
    transfers: [
      ...(wasHeld > 0 ? [transferOf(payment, { kind: "accepted", into }, wasHeld, 0)] : []),
      transferOf(payment, { kind: "payment", into }, cents(amount - wasHeld), amount),
      ...(isOver ? [transferOf(payment, { kind: "over" }, cents(amount - charge.amount), 0)] : []),
      ...(charge.splitAmount > 0 ? [transferOf(payment, { kind: "commission" }, charge.splitAmount, 0)] : []),
    ],
    alerts: [...(isDouble ? [alertOf("twice", payment)] : []), ...(isOver ? [alertOf("over", payment)] : [])],
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
function partlyRefunded(payment: Payment, settlement: Settlement, { refunded, currency }: Report): Settlement {
  const { charge } = payment;
  const came = settlement.set.paid_amount ?? charge.paidAmount;
  const most = currency === charge.currency ? cents(Math.min(refunded, came)) : charge.refundedAmount;
  const back = cents(Math.max(most, charge.refundedAmount));
  const more = cents(back - charge.refundedAmount);
  const isDouble = settlement.set.is_double ?? charge.isDouble;
  const owed = settlement.to === "paid" ? owedBack({ ...charge, isDouble }, came, back) : cents(0);
  const returned = returnedOf(payment, owed, "refunds");
  if (more <= 0) return { ...settlement, transfers: [...settlement.transfers, ...returned] };
  return {
    ...settlement,
    verdict: "partly_refunded",
    set: { ...settlement.set, refunded_amount: back },
    transfers: [...settlement.transfers, transferOf(payment, { kind: "refund" }, more, back), ...returned],
    alerts: [...settlement.alerts, alertOf("partly_refunded", payment, back)],
  };
}

/** How much of what was given back of a paid charge had been owed back: of a second payment all, else what came in beyond the price. */
const owedBack = ({ isDouble, amount }: Pick<Charge, "isDouble" | "amount">, came: Cents, back: Cents): Cents =>
  cents(Math.min(back, isDouble ? came : Math.max(0, came - amount)));

/** Moves what is not owed any more out of its book; `owed`: in all so far. */
function returnedOf(payment: Payment, owed: Cents, into: "refunds" | "chargebacks") {
  const { charge } = payment;
  const before = charge.state === "paid" ? owedBack(charge, charge.paidAmount, charge.refundedAmount) : 0;
  if (owed <= before) return [];
  return [transferOf(payment, { kind: "returned", from: "refund_due", into }, cents(owed - before), owed)];
}

/** All of it went back: by the seller's will (refunded), or by the bank's (chargeback). */
export function givenBack(payment: Payment, report: Report, given: Given, to: "refunded" | "chargeback"): Settlement {
  const { charge, order } = payment;
  if (charge.state === "refunded" && to === "chargeback") return odd(payment, "chargeback_after_refund");
  if (!mayMove(charge.state, to)) return nothing(payment);
  const wasPaid = charge.state === "paid" || charge.state === "held";
  // Of two payments the one that is left is what the order stands on.
  const isOrders = charge.state === "paid" && order.state === "paid" && !payment.hasOtherPaid;
  const kind = to === "chargeback" ? "chargeback" : wasPaid ? "refunded" : "refunded_before";
  const came = cameBefore(payment, report);
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
    transfers: backOf(payment, came, to),
    revoke: isOrders,
    facts: [tell(payment, { kind: "order.refunded", byBank: to === "chargeback", ...boughtOf(order, charge) })],
    alerts: [alertOf(kind, payment)],
  };
}

/** All that came in before it went back; more than we knew of, when the rest came after we last looked. */
function cameBefore({ charge }: Payment, { amount, currency }: Report): Cents {
  if (currency !== charge.currency) return charge.paidAmount;
  const isKnown = charge.state === "paid" || charge.state === "held";
  return cents(Math.max(charge.paidAmount, amount ?? (isKnown ? 0 : charge.amount)));
}

function backOf(payment: Payment, came: Cents, to: "refunded" | "chargeback") {
  const { charge } = payment;
  const isPaid = charge.state === "paid";
  const from = isPaid ? "refund_due" : "held";
  const into = to === "refunded" ? "refunds" : "chargebacks";
  const more = cents(came - charge.paidAmount);
  const back = cents(came - charge.refundedAmount);
  return [
    ...(more > 0 ? [transferOf(payment, { kind: "payment", into: from }, more, came)] : []),
    ...(back > 0 ? [transferOf(payment, { kind: to === "refunded" ? "refund" : "chargeback" }, back, came)] : []),
    ...(isPaid ? returnedOf(payment, owedBack(charge, came, came), into) : []),
    ...(!isPaid && came > 0 ? [transferOf(payment, { kind: "returned", from, into }, came, came)] : []),
  ];
}
