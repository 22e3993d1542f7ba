// What to do for an order that wants a charge. Pure but for reading: the order, its charges and the seller's accounts go in, a step comes out.

import type { Database } from "#db/connect.ts";
import type { Currency } from "../kernel/fact.ts";
import type { AccountId, ChargeId, OrderId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import { type Cents, cents } from "../kernel/money.ts";
import type { Account } from "./accounts.ts";
import type { Payer, PayerField } from "./gateways/gateway.ts";
import type { ChargeState, Order, Payment } from "./payment.ts";
import { type OrderColumns, orderColumns, orderOf } from "./read.ts";

/** A charge of the order, as far as it matters for making another one. */
type Earlier = {
  id: ChargeId;
  accountId: AccountId;
  state: ChargeState;
  reason: string | null;
  createdAt: Date;
  expiresAt: Date;
};

export type Checkout = {
  order: Order;
  person: Payment["person"];
  /** Whether a charge is still to be made or shown. */
  isWanted: boolean;
  charges: Earlier[];
  accountIds: AccountId[];
  payerSealed: string | null;
  commissionBasisPoints: number;
};

export type Step =
  /** Nothing is wanted any more. */
  | { do: "rest"; isWanted: boolean }
  /** Another process is making one right now. */
  | { do: "wait" }
  | { do: "show"; chargeId: ChargeId }
  /** A charge that nobody finished making: whether it exists must be asked. */
  | { do: "doubt"; chargeId: ChargeId }
  /** Whether one exists is being asked; until that is known none is made at its account, and nobody is told that there is none. */
  | { do: "hold" }
  /** Its time is over. */
  | { do: "end"; chargeId: ChargeId }
  | { do: "ask"; field: PayerField }
  | { do: "make"; account: Account; amount: Cents; currency: Currency; isLast: boolean }
  /** `noAccount`: the seller has none that could. */
  | { do: "give_up"; noAccount: boolean };

/** The next step; after "make", "doubt" and "end" the order is read again and the question asked anew. */
export function nextStep(
  checkout: Checkout,
  accounts: Account[],
  payer: Payer,
  now: Date,
  isOpenFor: (id: AccountId) => boolean,
): Step {
  const { order, charges } = checkout;
  if (order.state !== "open" || !checkout.isWanted) return { do: "rest", isWanted: checkout.isWanted };
  const live = charges.find(({ state }) => state === "creating" || state === "pending");
  if (live?.state === "creating")
    return now.getTime() - live.createdAt.getTime() < limits.paymentAgainMs
      ? { do: "wait" }
      : { do: "doubt", chargeId: live.id };
  if (live) return live.expiresAt > now ? { do: "show", chargeId: live.id } : { do: "end", chargeId: live.id };
  const able = accounts.flatMap((account) => priceAt(order, account));
  const asked = charges.filter((charge) => isBeingAsked(charge, able, now));
  const tried = new Set([...asked, ...triedFor(order, charges)].map(({ accountId }) => accountId));
  const left = able.filter(({ account }) => !tried.has(account.id) && isOpenFor(account.id));
  const [first] = left;
  if (!first) return asked.length > 0 ? { do: "hold" } : { do: "give_up", noAccount: able.length === 0 };
  const field = first.account.gateway.needs.find((one) => payer[one] === null);
  if (field) return { do: "ask", field };
  return { do: "make", ...first, isLast: left.length === 1 };
}

/** Its creation got no answer, and its gateway can be asked for it by our reference. */
function isBeingAsked({ state, accountId, createdAt }: Earlier, able: { account: Account }[], now: Date): boolean {
  const account = able.find((one) => one.account.id === accountId)?.account;
  const isYoung = now.getTime() - createdAt.getTime() < limits.unknownWaitMs;
  return state === "unknown" && isYoung && account?.gateway.findsByReference === true;
}

/** What failed for this tap. A call that turned out never to have arrived is no try, but there is an end to that, too. */
function triedFor({ wantedAt }: Order, charges: Earlier[]): Earlier[] {
  const since = charges.filter(({ createdAt }) => createdAt >= wantedAt);
  return since.length >= limits.chargeTries ? since : since.filter(({ reason }) => reason !== "not_found");
}

/** The account with what the order costs there; none when it cannot take it. */
function priceAt({ items }: Order, account: Account): { account: Account; amount: Cents; currency: Currency }[] {
  const { currency, minAmount } = account.gateway;
  const prices = items.map((item) => (currency === "XTR" ? item.priceStars : item.priceCents));
  if (account.status !== "active" || prices.some((price) => price === null)) return [];
  const amount = cents(prices.reduce((sum: number, price) => sum + (price ?? 0), 0));
  return amount >= minAmount ? [{ account, amount, currency }] : [];
}

type CheckoutRow = OrderColumns & {
  is_wanted: boolean;
  charges: (Omit<Earlier, "createdAt" | "expiresAt"> & { createdAt: string; expiresAt: string })[] | null;
  accounts: AccountId[] | null;
  payer_sealed: string | null;
  commission_basis_points: number;
};

/** Reads an order with all that decides about its next charge. */
export async function readCheckout(sql: Database, id: OrderId): Promise<Checkout | undefined> {
  const [row] = await sql<CheckoutRow[]>`
    SELECT ${orderColumns(sql)}, o.due_at IS NOT NULL AS is_wanted, tenant.commission_basis_points,
      (SELECT sealed FROM payer WHERE payer.bot_id = o.bot_id AND payer.chat_id = o.chat_id) AS payer_sealed,
      (SELECT jsonb_agg(jsonb_build_object('id', id, 'accountId', account_id, 'state', state, 'reason', reason, 'createdAt', created_at, 'expiresAt', expires_at))
        FROM charge WHERE charge.order_id = o.id) AS charges,
      (SELECT jsonb_agg(id ORDER BY priority, id) FROM gateway_account WHERE tenant_id = o.tenant_id AND status = 'active') AS accounts
    FROM orders AS o JOIN tenant ON tenant.id = o.tenant_id WHERE o.id = ${id}`;
  if (!row) return undefined;
  const charges = (row.charges ?? []).map(({ createdAt, expiresAt, ...one }) => ({
    ...one,
    createdAt: new Date(createdAt),
    expiresAt: new Date(expiresAt),
  }));
  const { accounts, payer_sealed: payerSealed, commission_basis_points: commissionBasisPoints } = row;
  return {
    ...orderOf(row),
    isWanted: row.is_wanted,
    charges,
    accountIds: accounts ?? [],
    payerSealed,
    commissionBasisPoints,
  };
}
