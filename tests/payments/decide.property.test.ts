// What holds whatever gateways say, in whatever order: nothing un-pays, nothing is delivered twice or unpaid, the books balance.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Report, ReportState } from "#src/payments/gateways/gateway.ts";
import type { Charge, ChargeState } from "#src/payments/payment.ts";
import type { Decided } from "#src/payments/save.ts";
import { balanceOf, type Model, openModel } from "./payment-model.ts";
import { type ChargePatch, PRICE, says } from "./payment-scene.ts";

const ENDED: ChargeState[] = ["refunded", "chargeback"];
const reportStates: ReportState[] = ["pending", "paid", "failed", "expired", "refunded", "chargeback", "unknown"];

type Heard = { charge: number; minute: number; report: Report };

/** Anything a gateway might say; mostly money that comes and goes. */
const anyHeard = fc
  .record({
    charge: fc.constantFrom(0, 1),
    minute: fc.integer({ min: 0, max: 60 }),
    state: fc.oneof({ weight: 3, arbitrary: fc.constant<ReportState>("paid") }, fc.constantFrom(...reportStates)),
    amount: fc.constantFrom(PRICE, PRICE, 1000, 1500, 2500, 3980, 1, 0, null),
    currency: fc.constantFrom("BRL", "BRL", "BRL", "USD"),
    refunded: fc.constantFrom(0, 0, 0, 1, 500, 1000, PRICE, 2500, 9000),
    fee: fc.constantFrom(null, 0, 20, 35),
    isOther: fc.constantFrom(false, false, false, false, true),
    namesItself: fc.boolean(),
  })
  .map(({ charge, minute, state, isOther, namesItself, ...money }): Heard => {
    const id = isOther ? 8 : charge + 1;
    const report = says(state, { ...money, gatewayId: namesItself || isOther ? `gw${id}` : "", reference: `ref${id}` });
    return { charge, minute, report };
  });

const anyStart: fc.Arbitrary<ChargePatch> = fc.record({
  state: fc.constantFrom<ChargeState>("creating", "unknown", "pending", "expired", "failed"),
  splitAmount: fc.constantFrom(0, 199),
  gatewayId: fc.constant(null),
});
/** At most one charge of an order can be paid at a time: the second is what an earlier try left behind. */
const anyStarts = fc.tuple(
  anyStart,
  fc.record({ state: fc.constantFrom<ChargeState>("unknown", "expired", "failed") }),
);

function expectTrueBooks(model: Model): void {
  for (const { id, state, paidAmount, refundedAmount, isDouble, amount } of model.charges) {
    expect(balanceOf(model, "gateway", id, ["fee", "commission"])).toBe(paidAmount - refundedAmount);
    expect(refundedAmount).toBeLessThanOrEqual(paidAmount);
    expect(balanceOf(model, "held", id)).toBe(state === "held" ? 0 - paidAmount : 0);
    const beyond = isDouble ? paidAmount : Math.max(0, paidAmount - amount);
    const owed = state === "paid" ? Math.max(0, beyond - refundedAmount) : 0;
    expect(0 - balanceOf(model, "refund_due", id)).toBe(owed);
  }
  for (const { amount, debit, credit } of model.transfers) {
    expect(Number(amount)).toBeGreaterThan(0);
    expect(debit).not.toBe(credit);
  }
}

function expectPaidFor({ decided, report, charge }: { decided: Decided; report: Report; charge: Charge }): void {
  if ((decided.deliveries ?? []).length === 0) return;
  expect(report.state).toBe("paid");
  expect(report.currency).toBe(charge.currency);
  expect(Number(report.amount)).toBeGreaterThanOrEqual(charge.amount);
}

const alertsOf = ({ alerts = [] }: Decided) => alerts.map(({ kind, about }) => `${kind} ${about}`);

describe("whatever is said of two charges of one order", () => {
  const story = [anyStarts, fc.array(anyHeard, { maxLength: 12 }), fc.constantFrom(1, 3)] as const;

  test("a paid one never un-pays, nothing is delivered unpaid or twice, and the books balance", () => {
    fc.assert(
      fc.property(...story, (starts, said, items) => {
        const model = openModel(starts, items);
        for (const { charge: index, minute, report } of said) {
          const { decided, before } = model.hear(index, report, minute);
          const now = model.charges[index]?.state as ChargeState;
          if (before.charge.state === "paid") expect(["paid", ...ENDED]).toContain(now);
          if (ENDED.includes(before.charge.state)) expect(now).toBe(before.charge.state);
          expectPaidFor({ decided, report, charge: before.charge });
          expectTrueBooks(model);
        }
        expect(new Set(model.delivered).size).toBe(model.delivered.length);
        expect(model.deliveries.size === 0 || model.deliveries.size === items).toBe(true);
        const left = model.charges.filter(({ state }) => state === "paid");
        const own = left.filter(({ isDouble }) => !isDouble);
        // An order may go on standing on a second payment when its first one went back; never on none.
        expect(own.length).toBeLessThanOrEqual(1);
        if (own.length === 1) expect(model.order.state).toBe("paid");
        if (model.order.state === "paid") expect(left.length).toBeGreaterThan(0);
      }),
      { numRuns: 1_000 },
    );
  });

  test("the same report again has no second effect", () => {
    fc.assert(
      fc.property(...story, (starts, said, items) => {
        const model = openModel(starts, items);
        for (const { charge, minute, report } of said) {
          const first = model.hear(charge, report, minute).decided;
          const second = model.hear(charge, report, minute).decided;
          expect([second.transfers, second.deliveries, second.facts]).toEqual([[], [], []]);
          expect(second.order?.set).toBeUndefined();
          expect(second.revoke).toBeUndefined();
          const told = alertsOf(first);
          // A refund is told as such, and that it is still called paid is told once more.
          expect(alertsOf(second).filter((one) => !told.includes(one) && !one.includes("paid_after"))).toEqual([]);
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** The states that a gateway shows of one charge, one after the other. */
const anyHistory = fc
  .record({
    amounts: fc.subarray([1000, 1500, PRICE, 2500, 3980], { minLength: 1 }),
    currency: fc.constantFrom("BRL", "BRL", "BRL", "USD"),
    refunds: fc.subarray([0.1, 0.3, 0.5]),
    end: fc.constantFrom<ReportState | undefined>(undefined, "paid", "refunded", "chargeback"),
    feeAt: fc.nat({ max: 4 }),
  })
  .map(({ amounts, currency, refunds, end, feeAt }) => {
    const came = amounts.map((amount) => ({ state: "paid" as ReportState, amount, refunded: 0 }));
    const amount = amounts.at(-1) ?? 0;
    const parts = refunds.map((part) => ({
      ...{ state: "paid" as ReportState, amount },
      refunded: Math.floor(amount * part),
    }));
    const last = end ? [{ state: end, amount, refunded: amount }] : [];
    const money = [...came, ...parts, ...last].map((one, n) =>
      says(one.state, { ...one, currency, fee: n < feeAt ? null : 20 }),
    );
    return [says("pending"), ...money];
  });

/** What stands in the end; a payment that nobody saw before it was given back leaves the same as one that was seen. */
function endOf(model: Model) {
  const given = ["sales", "refunds", "chargebacks"].reduce((sum, book) => sum + balanceOf(model, book), 0);
  const [charge] = model.charges;
  return {
    ...{ state: charge?.state, paid: charge?.paidAmount, refunded: charge?.refundedAmount, given },
    books: ["gateway", "held", "refund_due"].map((book) => balanceOf(model, book, undefined, ["fee"])),
    standing: [...model.deliveries.values()].filter(({ isRevoked }) => !isRevoked).length,
    first: new Set(model.delivered).size === model.delivered.length,
  };
}

function heard(history: Report[], looks: number[]): Model {
  const model = openModel([{ state: "pending" }]);
  for (const look of looks) {
    const was = model.charges[0]?.state;
    model.hear(0, history[look] as Report, 10);
    if (was === "paid") expect(["paid", ...ENDED]).toContain(String(model.charges[0]?.state));
    expectTrueBooks(model);
  }
  return model;
}

describe("what a gateway did ends the same", () => {
  const story = anyHistory.chain((history) =>
    fc.tuple(fc.constant(history), fc.array(fc.nat({ max: history.length - 1 }), { maxLength: 10 })),
  );

  test("whichever of its notices made us look, however often and in whatever order", () => {
    fc.assert(
      fc.property(story, ([history, looks]) => {
        const last = history.length - 1;
        // A look sees what is so by then, whatever the notice was about.
        const seen = looks.toSorted((a, b) => a - b);
        expect(endOf(heard(history, [...seen, last]))).toEqual(endOf(heard(history, [last])));
      }),
      { numRuns: 1_000 },
    );
  });

  test("also when an answer is dealt with after a later one", () => {
    fc.assert(
      fc.property(story, ([history, looks]) => {
        const last = history.length - 1;
        expect(endOf(heard(history, [...looks, last]))).toEqual(endOf(heard(history, [last])));
      }),
      { numRuns: 1_000 },
    );
  });

  test("the fee is in the books once when the gateway has named it", () => {
    fc.assert(
      fc.property(story, ([history, looks]) => {
        const last = history.at(-1) as Report;
        const isBooked = last.fee !== null && last.currency === "BRL";
        expect(balanceOf(heard(history, [...looks, history.length - 1]), "fees")).toBe(isBooked ? 20 : 0);
      }),
    );
  });
});
