// The statement: every movement of money, newest last, within a bound.

import type { Cents } from "../kernel/money.ts";
import type { Charge } from "./charge.ts";
import type { Merchant } from "./merchant.ts";
import { createQueue } from "./queue.ts";

export type MovementType = "payment" | "fee" | "split" | "refund" | "chargeback";

type Movement = {
  number: number;
  merchant: Merchant;
  type: MovementType;
  chargeId: string;
  reference: string;
  /** Negative: it left the merchant. */
  amount: Cents;
  atMs: number;
  endToEndId: string | null;
  recipient: string | null;
};

/** One line, in cents with a sign. `recipient`: of a split. */
export type StatementLineView = {
  id: string;
  type: MovementType;
  charge_id: string;
  reference: string;
  amount: number;
  at: string;
  end_to_end_id: string | null;
  recipient: string | null;
};

export type StatementPage = { data: StatementLineView[]; page: number; has_more: boolean };

export type Statement = {
  add(charge: Charge, type: MovementType, amount: Cents, atMs: number): void;
  /** Lines of the merchant from `fromMs` (inclusive) to `toMs` (exclusive); `page` counts from 1. */
  page(merchant: Merchant, fromMs: number, toMs: number, page: number): StatementPage;
  clear(): void;
};

export const PAGE_LINES = 1_000;

/** `bound`: how many movements are kept, of all merchants together. */
export function createStatement(bound: number): Statement {
  const movements = createQueue<Movement>();
  let last = 0;

  /** The place of the first movement that is not before `ms`. */
  function firstSince(ms: number): number {
    let [low, high] = [0, movements.size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((movements.at(middle)?.atMs ?? 0) < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    add(charge, type, amount, atMs) {
      last += 1;
      const { merchant, id: chargeId, reference, endToEndId, split } = charge;
      const recipient = type === "split" ? (split?.recipient ?? null) : null;
      movements.push({ number: last, merchant, type, chargeId, reference, amount, atMs, endToEndId, recipient });
      if (movements.size > bound) movements.shift();
    },
    page(merchant, fromMs, toMs, page) {
      const end = firstSince(toMs);
      const data: StatementLineView[] = [];
      let skipped = 0;
      for (let place = firstSince(fromMs); place < end; place++) {
        const movement = movements.at(place);
        if (movement?.merchant !== merchant) continue;
        if (skipped < (page - 1) * PAGE_LINES) skipped += 1;
        else if (data.length === PAGE_LINES) return { data, page, has_more: true };
        else data.push(lineOf(movement));
      }
      return { data, page, has_more: false };
    },
    clear: () => movements.keep(() => false),
  };
}

function lineOf(movement: Movement): StatementLineView {
  return {
    id: `mv_${movement.number}`,
    type: movement.type,
    charge_id: movement.chargeId,
    reference: movement.reference,
    amount: movement.amount,
    at: new Date(movement.atMs).toISOString(),
    end_to_end_id: movement.endToEndId,
    recipient: movement.recipient,
  };
}
