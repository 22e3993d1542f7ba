// An order with its charges in memory, on which decisions are saved as save_payment in db/migrations/0003_money.sql saves them.

import { settle } from "#src/payments/decide.ts";
import type { Report } from "#src/payments/gateways/gateway.ts";
import { type Charge, mayMove, type Order, type Payment } from "#src/payments/payment.ts";
import type { Decided } from "#src/payments/save.ts";
import { type ChargePatch, chargeOf, givenAt, orderOf } from "./payment-scene.ts";

type Row = Record<string, unknown>;
export type Delivery = { n: unknown; isRevoked: boolean };

export type Model = {
  order: Order;
  charges: Charge[];
  transfers: Row[];
  deliveries: Map<unknown, Delivery>;
  /** "item" of every delivery that was told for the first time. */
  delivered: unknown[];
  /** Decides on a report about a charge, so many minutes after the first one was made, and saves that. */
  hear(charge: number, report: Report, minute: number): { decided: Decided; before: Payment };
};

const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const patched = <Value extends object>(value: Value, set: Row = {}): Value => ({
  ...value,
  ...Object.fromEntries(Object.entries(set).map(([name, one]) => [camel(name), one])),
});

export function openModel(charges: ChargePatch[], items = 1): Model {
  const kept = new Set<string>();
  const model: Model = {
    ...{ order: orderOf("open", items), charges: charges.map((patch, n) => chargeOf({ id: n + 1, ...patch })) },
    ...{ transfers: [], deliveries: new Map(), delivered: [] },
    hear(index, report, minute) {
      const before = paymentIn(model, index);
      const decided = settle(before, report, givenAt(minute));
      save(decided, index);
      return { decided, before };
    },
  };

  function save({ order, charge, transfers = [], deliveries = [], revoke, facts = [] }: Decided, index: number): void {
    model.order = patched(model.order, order?.set);
    const was = model.charges[index] as Charge;
    const is = patched(was, charge?.set);
    if (is.state !== was.state && !mayMove(was.state, is.state)) throw new Error(`${was.state} became ${is.state}`);
    model.charges[index] = is;
    for (const row of transfers) {
      const key = `${row.charge_id} ${row.kind} ${row.mark}`;
      // Silently left out by the database; the books would lack it.
      if (kept.has(key)) throw new Error(`${key} happens twice`);
      kept.add(key);
      model.transfers.push(row);
    }
    for (const { n } of deliveries) if (!model.deliveries.has(n)) model.deliveries.set(n, { n, isRevoked: false });
    if (revoke !== undefined) for (const delivery of model.deliveries.values()) delivery.isRevoked = true;
    for (const { body, deliveryOf } of facts)
      if (body.kind === "order.paid" && !body.isAgain) model.delivered.push(deliveryOf?.n);
  }
  return model;
}

function paymentIn({ order, charges }: Model, index: number): Payment {
  const others = charges.filter((_, n) => n !== index);
  return {
    ...{ order, charge: charges[index] as Charge, person: { firstName: "Alice", lastName: null }, shown: null },
    hasOtherLive: others.some(({ state }) => state === "creating" || state === "pending"),
    hasOtherPaid: others.some(({ state }) => state === "paid"),
  };
}

/** What lies in a book for a charge (all of them without one): what came in less what went out. */
export function balanceOf({ transfers }: Model, book: string, charge?: number, but: string[] = []): number {
  const some = transfers.filter(
    (row) => (charge === undefined || row.charge_id === charge) && !but.includes(String(row.kind)),
  );
  const sum = (side: "debit" | "credit") =>
    some.filter((row) => row[side] === book).reduce((total, { amount }) => total + Number(amount), 0);
  return sum("debit") - sum("credit");
}
