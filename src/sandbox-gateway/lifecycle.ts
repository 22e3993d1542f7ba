// What can happen to a charge, each with its movements in the statement and its notice.

import { randomBytes } from "node:crypto";
import { RejectedError } from "../kernel/errors.ts";
import { type Cents, cents } from "../kernel/money.ts";
import { type Charge, feeOf, type Refund } from "./charge.ts";
import { settleExpiry } from "./charges.ts";
import type { World } from "./state.ts";

/** Somebody pays; an expired or failed charge, too, as it happens with PIX. Throws RejectedError (409) once money went back. */
export function pay(world: World, charge: Charge, amount: Cents = charge.amount): void {
  if (charge.status === "refunded" || charge.status === "disputed")
    throw new RejectedError(409, `The charge is ${charge.status}.`);
  const { totals } = charge.merchant;
  const nowMs = charge.merchant.nowMs();
  const fee = feeOf(amount, charge.merchant.feeBasisPoints);
  const given = cents(Math.min(charge.split?.amount ?? 0, amount - fee));
  charge.endToEndId = endToEndId(nowMs);
  charge.paidMs = nowMs;
  charge.paidAmount = cents(charge.paidAmount + amount);
  charge.fee = cents((charge.fee ?? 0) + fee);
  totals.payments += 1;
  totals.paid += amount;
  totals.fees += fee;
  totals.split += given;
  world.statement.add(charge, "payment", amount, nowMs);
  world.statement.add(charge, "fee", cents(0 - fee), nowMs);
  if (charge.split) world.statement.add(charge, "split", cents(0 - given), nowMs);
  become(world, charge, "paid");
}

/** It ends unpaid. Throws RejectedError (409) unless it waits. */
export function endUnpaid(world: World, charge: Charge, status: "expired" | "failed"): void {
  if (charge.status !== "waiting") throw new RejectedError(409, `The charge is ${charge.status}, not waiting.`);
  become(world, charge, status);
}

/**
 * Gives back `amount`, or all that is left. The same key is the same refund. Throws RejectedError: 409 nothing was paid, or the key
 * belongs to another amount; 422 more than is left.
 */
export function refund(world: World, charge: Charge, key: string, amount?: Cents): Refund {
  const known = charge.refunds?.get(key);
  if (known && (amount === undefined || amount === known.amount)) return known;
  if (known) throw new RejectedError(409, "Another amount was refunded under this key.");
  if (charge.status !== "paid") throw new RejectedError(409, `The charge is ${charge.status}, not paid.`);
  const left = cents(charge.paidAmount - charge.refundedAmount);
  const given = amount ?? left;
  if (given > left) throw new RejectedError(422, "More than what is left of the payment.");
  const made: Refund = { id: `rf_${randomBytes(12).toString("hex")}`, key, amount: given };
  charge.refunds ??= new Map();
  charge.refunds.set(key, made);
  charge.refundedAmount = cents(charge.refundedAmount + given);
  charge.merchant.totals.refunds += 1;
  charge.merchant.totals.refunded += given;
  world.statement.add(charge, "refund", cents(0 - given), charge.merchant.nowMs());
  if (given === left) charge.status = "refunded";
  world.notices.announce(charge, "charge.refunded");
  return made;
}

/** The customer's bank takes back what is left. Throws RejectedError (409) unless the charge is paid. */
export function chargeback(world: World, charge: Charge): void {
  if (charge.status !== "paid") throw new RejectedError(409, `The charge is ${charge.status}, not paid.`);
  const left = cents(charge.paidAmount - charge.refundedAmount);
  charge.merchant.totals.chargebacks += 1;
  charge.merchant.totals.disputed += left;
  world.statement.add(charge, "chargeback", cents(0 - left), charge.merchant.nowMs());
  become(world, charge, "disputed");
}

/** Its status becomes `word`; a notice says so. */
export function become(world: World, charge: Charge, word: string): void {
  const wasWaiting = charge.status === "waiting";
  charge.status = word;
  if (wasWaiting) world.charges.finish(charge);
  world.notices.announce(charge, `charge.${word}`);
}

/** Pays the new charge later, if its merchant asked for that. */
export function autoPay(world: World, charge: Charge): void {
  const { autoPay: order, random } = charge.merchant;
  if (!order || (order.ratio !== undefined && random() >= order.ratio)) return;
  const range = Math.max(0, (order.max_ms ?? order.after_ms) - order.after_ms);
  const waitMs = order.after_ms + (range > 0 ? random() * range : 0);
  world.timers.after(waitMs, () => {
    if (settleExpiry(charge).status === "waiting" && !charge.isGone) pay(world, charge);
  });
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** "E", eight digits of the payer's bank, the minute in UTC, eleven letters or digits: 32 characters, as Banco Central numbers payments. */
function endToEndId(nowMs: number): string {
  const minute = new Date(nowMs).toISOString().replace(/\D/g, "").slice(0, 12);
  const tail = randomBytes(11).map((byte) => ALPHABET.charCodeAt(byte % ALPHABET.length));
  // Made in one piece: text that is put together keeps its parts in memory for as long as nobody reads it.
  return Buffer.from(`E99999999${minute}${Buffer.from(tail).toString("latin1")}`).toString("latin1");
}
