// What every decision about a payment has: on which state it was made, and the evidence for it. Pure.

import type { ChargeState, Payment } from "./payment.ts";
import type { Columns, Decided } from "./save.ts";

/** What changes. `set`, `orderSet`: columns of the charge and of its order. */
export type Change = Omit<Decided, "botId" | "at" | "order" | "charge"> & { set: Columns; orderSet?: Columns };

/** A decision that holds only while the charge and its order are still as they were read. */
export function decisionOn({ order, charge }: Payment, at: Date, { set, orderSet, ...rest }: Change): Decided {
  return {
    botId: order.botId,
    at,
    order: { id: order.id, version: order.version, ...(orderSet && { set: orderSet }) },
    charge: { id: charge.id, version: charge.version, set },
    ...rest,
  };
}

/** Why a charge moves to a state, or what is odd about it although it stays. `source`: who brought it. `report`: JSON, for the record. */
export function evidenceOf(
  { charge }: Pick<Payment, "charge">,
  { source, verdict, to, report = null }: { source: string; verdict: string; to: ChargeState; report?: unknown },
): Columns {
  return { charge_id: charge.id, source, verdict, from_state: charge.state, to_state: to, report };
}
