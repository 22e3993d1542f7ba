// The words of a payment: its states, the moves between them, and when its gateway is asked again. Pure.

import type { ChargeMessage, Currency } from "../kernel/fact.ts";
import type { AccountId, BotId, ChargeId, ChatId, OfferId, OrderId, TenantId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import type { Cents } from "../kernel/money.ts";

/**
 * creating   our row is kept, the gateway is being called
 * unknown    the call's answer was lost: it is asked for, never made again blindly
 * pending    it can be paid
 * paid       what was asked for has come in
 * failed     the gateway will not have it paid
 * expired    its time is over; who pays it all the same is served
 * held       money came in, but not as agreed (too little, another currency): nothing is delivered, a human decides
 * refunded   all of it was given back
 * chargeback the bank took it back
 */
export type ChargeState =
  | "creating"
  | "unknown"
  | "pending"
  | "paid"
  | "failed"
  | "expired"
  | "held"
  | "refunded"
  | "chargeback";

const MONEY_CAME: readonly ChargeState[] = ["paid", "held", "refunded", "chargeback"];

/** Whether money came in for it, whatever became of it afterwards. */
export const moneyCame = (state: ChargeState): boolean => MONEY_CAME.includes(state);

/** Every allowed move. A paid payment never un-pays except to refunded or chargeback, and those are the end. */
export const moves: Record<ChargeState, readonly ChargeState[]> = {
  creating: ["pending", "unknown", "failed", "expired", ...MONEY_CAME],
  unknown: ["pending", "failed", "expired", ...MONEY_CAME],
  pending: ["failed", "expired", ...MONEY_CAME],
  expired: ["failed", ...MONEY_CAME],
  failed: MONEY_CAME,
  held: ["paid", "refunded", "chargeback"],
  paid: ["refunded", "chargeback"],
  refunded: [],
  chargeback: [],
};

export const mayMove = (from: ChargeState, to: ChargeState): boolean => moves[from].includes(to);

export type Charge = {
  id: ChargeId;
  accountId: AccountId;
  gateway: string;
  reference: string;
  key: string;
  gatewayId: string | null;
  currency: Currency;
  amount: Cents;
  splitAmount: Cents;
  state: ChargeState;
  version: number;
  brCode: string | null;
  expiresAt: Date;
  paidAmount: Cents;
  refundedAmount: Cents;
  fee: Cents | null;
  endToEndId: string | null;
  isDouble: boolean;
  checks: number;
  /** He tapped "verify" then, and was not answered since. */
  askedAt: Date | null;
  createdAt: Date;
};

export type OrderState = "open" | "paid" | "refunded" | "chargeback";

/** What an order holds, by its immutable offers. */
export type Item = {
  n: number;
  key: string;
  product: string;
  priceCents: Cents;
  priceStars: Cents | null;
  validSeconds: number;
  deliver: unknown;
};

export type Order = {
  id: OrderId;
  tenantId: TenantId;
  botId: BotId;
  chatId: ChatId;
  offerId: OfferId;
  state: OrderState;
  version: number;
  wantedAt: Date;
  items: Item[];
};

/** An order with one of its charges, as they were read in one statement. */
export type Payment = {
  order: Order;
  charge: Charge;
  person: { firstName: string; lastName: string | null };
  /** The message that shows the charge, once it is known to be in the chat. */
  shown: ChargeMessage | null;
  /** Whether another charge of the order can be paid now. */
  hasOtherLive: boolean;
  /** Whether the order has another charge that was paid. */
  hasOtherPaid: boolean;
};

/**
 * When a charge is asked about again; null = never by itself. While it can be paid, so often that a payment without a notice is found within
 * a minute (where the gateway allows it); afterwards less and less, until 72 h after its end.
 */
export function nextCheck(
  charge: Pick<Charge, "state" | "createdAt" | "expiresAt">,
  now: Date,
  askEverySeconds: number,
): Date | null {
  if (charge.state === "paid" || charge.state === "refunded" || charge.state === "chargeback") return null;
  const nowMs = now.getTime();
  const endMs = charge.expiresAt.getTime();
  if (nowMs > endMs + limits.lateCheckMs) return null;
  const leastMs = askEverySeconds * 1_000;
  if (nowMs >= endMs)
    return new Date(
      nowMs + Math.max(leastMs, limits.lateCheckFirstMs, Math.min((nowMs - endMs) / 2, limits.lateCheckMostMs)),
    );
  const ageMs = nowMs - charge.createdAt.getTime();
  const pauseMs = Math.max(leastMs, ageMs < limits.youngChargeMs ? limits.youngCheckMs : limits.checkMs);
  return new Date(Math.min(nowMs + pauseMs, Math.max(endMs, nowMs + leastMs)));
}
