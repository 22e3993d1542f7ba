// After a soak: what the program's books say against what the sandbox gateway says, in counts and to the cent.

import type { Totals } from "#src/sandbox-gateway/merchant.ts";
import type { StatementPage } from "#src/sandbox-gateway/statement.ts";
import type { PaymentStage } from "./payment-stage.ts";
import { atMost, type Target } from "./targets.ts";

/** Of everything that the database holds. Amounts in cents. `sent`: deliveries; `times`: how often they were sent together. */
export type Books = {
  paidOrders: number;
  payments: number;
  paid: number;
  fees: number;
  refunded: number;
  others: number;
  sent: number;
  unsent: number;
  times: number;
  orphans: number;
  unsettled: number;
  alerts: number;
};

export async function readBooks({ sql }: PaymentStage): Promise<Books> {
  const [row] = await sql<Books[]>`
    SELECT (SELECT count(*) FROM orders WHERE state = 'paid') AS "paidOrders", t.payments, t.paid, t.fees, t.refunded, t.others,
      d.sent, d.unsent, d.times, n.orphans, n.unsettled, (SELECT count(*) FROM alert) AS alerts
    FROM (SELECT count(*) FILTER (WHERE kind = 'payment') AS payments,
        coalesce(sum(amount) FILTER (WHERE kind = 'payment' AND credit = 'sales'), 0)::bigint AS paid,
        coalesce(sum(amount) FILTER (WHERE kind = 'fee'), 0)::bigint AS fees,
        coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0)::bigint AS refunded,
        count(*) FILTER (WHERE kind NOT IN ('payment', 'fee', 'refund')) AS others FROM transfer) AS t,
      (SELECT count(*) FILTER (WHERE state = 'sent') AS sent, count(*) FILTER (WHERE state <> 'sent') AS unsent,
        coalesce(sum(times), 0)::bigint AS times FROM delivery) AS d,
      (SELECT count(*) FILTER (WHERE state = 'orphan') AS orphans, count(*) FILTER (WHERE state IN ('new', 'failed')) AS unsettled
        FROM notice) AS n`;
  if (!row) throw new Error("the books gave no row");
  return row;
}

/** Every target is a difference, and asked to be nothing. */
export function bookTargets(books: Books, totals: Totals, payments: number): Target[] {
  const differs = (name: string, ours: number, theirs: number, unit = "") =>
    atMost(name, Math.abs(ours - theirs), 0, unit);
  return [
    differs("payments at the sandbox, off by", totals.payments, payments),
    differs("orders paid, off by", books.paidOrders, totals.payments),
    differs("deliveries sent, off by", books.sent, totals.payments),
    differs("deliveries sent again", books.times, books.sent),
    differs("deliveries not sent", books.unsent, 0),
    differs("payments booked, off by", books.payments, totals.payments),
    differs("sales against the statement, off by", books.paid, totals.paid, "cents"),
    differs("fees against the statement, off by", books.fees, totals.fees, "cents"),
    differs("refunds against the statement, off by", books.refunded, totals.refunded, "cents"),
    differs("other movements booked", books.others, 0),
    differs("notices without a charge", books.orphans, 0),
    differs("notices not settled", books.unsettled, 0),
    differs("alerts", books.alerts, 0),
  ];
}

/** What came in for a charge and what the gateway kept of it, in cents, by the gateway's id. */
export type Moved = Map<string, { paid: number; fee: number }>;

/** Charges on which the two do not agree, also those that only one of them has. */
export function differing(ours: Moved, theirs: Moved): string[] {
  const ids = new Set([...ours.keys(), ...theirs.keys()]);
  return [...ids].filter((id) => {
    const [one, other] = [ours.get(id), theirs.get(id)];
    return one?.paid !== other?.paid || one?.fee !== other?.fee;
  });
}

/** The movements of the program's ledger, by charge. */
export async function readLedger({ sql }: PaymentStage): Promise<Moved> {
  const rows = await sql<{ id: string; paid: number; fee: number }[]>`
    SELECT gateway_id AS id, sum(CASE WHEN transfer.debit = 'gateway' THEN transfer.amount ELSE 0 END)::bigint AS paid,
      sum(CASE WHEN transfer.kind = 'fee' THEN transfer.amount ELSE 0 END)::bigint AS fee
    FROM transfer JOIN charge ON charge.id = charge_id GROUP BY gateway_id`;
  return new Map(rows.map(({ id, paid, fee }) => [id, { paid, fee }]));
}

/** The movements of the gateway's own statement, by charge, all its pages. */
export async function readStatement({ sandboxUrl, account }: PaymentStage): Promise<Moved> {
  const moved: Moved = new Map();
  const period = { from: "2000-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" };
  for (let page = 1; ; page++) {
    const query = new URLSearchParams({ ...period, page: String(page) });
    const headers = { authorization: `Bearer ${account.token}` };
    const response = await fetch(`${sandboxUrl}/v1/statement?${query}`, { headers });
    const { data, has_more } = (await response.json()) as StatementPage;
    for (const { charge_id: id, type, amount } of data) {
      const sum = moved.get(id) ?? { paid: 0, fee: 0 };
      if (type === "fee") sum.fee -= amount;
      else sum.paid += amount;
      moved.set(id, sum);
    }
    if (!has_more) return moved;
  }
}
