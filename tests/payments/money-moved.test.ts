// The table goes on: what it means that money went back, whole or in part, before or after we saw it come in; fees, and the platform's part.

import { describe, expect, test } from "bun:test";
import { settle } from "#src/payments/decide.ts";
import type { Report } from "#src/payments/gateways/gateway.ts";
import type { ChargeState } from "#src/payments/payment.ts";
import { type ChargePatch, givenAt, paymentOf, says, shortOf } from "./payment-scene.ts";

type Row = [name: string, charge: ChargePatch, report: Report, then: Record<string, unknown>];

function rows(title: string, table: Row[]): void {
  describe(title, () => {
    for (const [name, charge, report, then] of table)
      test(name, () => {
        const order = charge.isDouble === true ? "paid" : undefined;
        const short = shortOf(settle(paymentOf(charge, order), report, givenAt(10)));
        expect(short).toEqual({ to: charge.state ?? "pending", ...then });
      });
  });
}

const OPEN: ChargeState[] = ["creating", "unknown", "pending", "expired", "failed"];
const back = (refunded: number, amount = 1990) => says("paid", { refunded, amount });
const told = { tells: ["order.refunded"] };
const refunded = { to: "refunded", ...told, alerts: ["refunded"] };
const over = { state: "paid", paidAmount: 2500 } as const;

rows("given back in part", [
  ["paid", { state: "paid" }, back(500), { books: ["refund 500 refunds<gateway"], alerts: ["partly_refunded"] }],
  [
    "a further part",
    { state: "paid", refundedAmount: 500 },
    back(700),
    { books: ["refund 200 refunds<gateway"], alerts: ["partly_refunded"] },
  ],
  ["the same part again", { state: "paid", refundedAmount: 500 }, back(500), {}],
  ["an older answer", { state: "paid", refundedAmount: 500 }, back(300), {}],
  [
    "with the first that we hear of the payment",
    {},
    back(500),
    {
      ...{ to: "paid", order: "paid", tells: ["order.paid"], delivers: [0], alerts: ["partly_refunded"] },
      books: ["payment 1990 gateway<sales", "refund 500 refunds<gateway"],
    },
  ],
  [
    "what came in beyond the price goes first",
    over,
    back(600, 2500),
    {
      books: ["refund 600 refunds<gateway", "returned 510 refund_due<refunds"],
      alerts: ["partly_refunded"],
    },
  ],
  [
    "of a held one",
    { state: "held", paidAmount: 1000 },
    back(400, 1000),
    { books: ["refund 400 refunds<gateway"], alerts: ["partly_refunded"] },
  ],
  [
    "of a second payment",
    { state: "paid", isDouble: true },
    back(500),
    { books: ["refund 500 refunds<gateway", "returned 500 refund_due<refunds"], alerts: ["partly_refunded"] },
  ],
]);

const whole = { ...refunded, order: "refunded", books: ["refund 1990 refunds<gateway"], revoke: true };
rows("given back whole", [
  ["paid", { state: "paid" }, says("refunded", { refunded: 1990 }), whole],
  ["the gateway does not say how much", { state: "paid" }, says("refunded", { amount: null }), whole],
  ["the gateway still calls it paid", { state: "paid" }, back(1990), whole],
  [
    "after a part",
    { state: "paid", refundedAmount: 500 },
    says("refunded"),
    { ...whole, books: ["refund 1490 refunds<gateway"] },
  ],
  [
    "with what came in beyond the price",
    over,
    says("refunded", { amount: 2500 }),
    { ...whole, books: ["refund 2500 refunds<gateway", "returned 510 refund_due<refunds"] },
  ],
  [
    "held: nothing was delivered, nothing is revoked",
    { state: "held", paidAmount: 1000 },
    says("refunded", { amount: 1000 }),
    { ...refunded, books: ["refund 1000 refunds<gateway", "returned 1000 held<refunds"] },
  ],
  [
    "held, and the rest had come unseen",
    { state: "held", paidAmount: 1000 },
    says("refunded"),
    {
      ...refunded,
      books: ["payment 990 gateway<held", "refund 1990 refunds<gateway", "returned 1990 held<refunds"],
    },
  ],
  ["held, in another currency", { state: "held" }, says("refunded", { currency: "USD" }), refunded],
  [
    "a second payment: the order stays paid",
    { state: "paid", isDouble: true },
    says("refunded"),
    { ...refunded, books: ["refund 1990 refunds<gateway", "returned 1990 refund_due<refunds"] },
  ],
  ["again", { state: "refunded" }, says("refunded"), {}],
  ["again, in the word for paid", { state: "refunded" }, back(1990), {}],
  ["after the bank took it back", { state: "chargeback" }, says("refunded"), {}],
]);

const before = {
  ...{ to: "refunded", ...told, alerts: ["refunded_before"] },
  books: ["payment 1990 gateway<held", "refund 1990 refunds<gateway", "returned 1990 held<refunds"],
};
rows("given back before we saw it paid: nothing is delivered", [
  ...OPEN.map((state): Row => [state, { state }, says("refunded"), before]),
  ["pending; the gateway still calls it paid", {}, back(1990), before],
  ["pending; the gateway does not say how much", {}, says("refunded", { amount: null }), before],
  ["pending; in another currency", {}, says("refunded", { currency: "USD" }), { ...before, books: undefined }],
  ["pending; of nothing", {}, says("refunded", { amount: 0 }), { ...before, books: undefined }],
]);

const byBank = { to: "chargeback", ...told, alerts: ["chargeback"] };
rows("taken back by the bank", [
  [
    "paid",
    { state: "paid" },
    says("chargeback"),
    { ...byBank, order: "chargeback", books: ["chargeback 1990 chargebacks<gateway"], revoke: true },
  ],
  [
    "what was left of it",
    { state: "paid", refundedAmount: 500 },
    says("chargeback", { refunded: 500 }),
    { ...byBank, order: "chargeback", books: ["chargeback 1490 chargebacks<gateway"], revoke: true },
  ],
  [
    "held",
    { state: "held", paidAmount: 1000 },
    says("chargeback", { amount: 1000 }),
    { ...byBank, books: ["chargeback 1000 chargebacks<gateway", "returned 1000 held<chargebacks"] },
  ],
  [
    "a second payment",
    { state: "paid", isDouble: true },
    says("chargeback"),
    { ...byBank, books: ["chargeback 1990 chargebacks<gateway", "returned 1990 refund_due<chargebacks"] },
  ],
  ...OPEN.map(
    (state): Row => [
      `${state}: never seen paid`,
      { state },
      says("chargeback"),
      {
        ...byBank,
        books: ["payment 1990 gateway<held", "chargeback 1990 chargebacks<gateway", "returned 1990 held<chargebacks"],
      },
    ],
  ),
  [
    "refunded before: nothing changes, and the seller, who may lose twice, is told",
    ...[{ state: "refunded" } as const, says("chargeback"), { alerts: ["chargeback_after_refund"] }],
  ] as const,
]);

const fee = ["fee 20 fees<gateway"];
const at20 = { fee: 20 };
rows("the fee is booked once, whenever it is learned", [
  [
    "with the payment",
    {},
    says("paid", at20),
    { to: "paid", order: "paid", tells: ["order.paid"], delivers: [0], books: ["payment 1990 gateway<sales", ...fee] },
  ],
  ["after it", { state: "paid" }, says("paid", at20), { books: fee }],
  ["of a held one", { state: "held", paidAmount: 1000 }, says("paid", { ...at20, amount: 1000 }), { books: fee }],
  [
    "with the refund",
    { state: "paid" },
    says("refunded", at20),
    { ...whole, books: ["refund 1990 refunds<gateway", ...fee] },
  ],
  ["after the refund", { state: "refunded" }, says("refunded", at20), { books: fee }],
  ["known already", { state: "paid", fee: 20 }, says("paid", { fee: 30 }), {}],
  ["none", { state: "paid" }, says("paid", { fee: 0 }), {}],
  ["of a charge that is not paid", {}, says("pending", at20), {}],
  [
    "in another currency: not ours to book",
    {},
    says("paid", { ...at20, currency: "USD" }),
    { to: "held", tells: ["charge.held"], alerts: ["currency"] },
  ],
]);

test("the platform's part leaves the seller's account with the payment, and is not booked again", () => {
  const first = settle(paymentOf({ splitAmount: 199 }), says("paid"), givenAt(10));
  expect(shortOf(first).books).toEqual(["payment 1990 gateway<sales", "commission 199 commission<gateway"]);
  const again = settle(paymentOf({ state: "paid", splitAmount: 199 }), says("paid"), givenAt(10));
  expect(again.transfers).toEqual([]);
});

test("a wish to give it back ends with the refund", () => {
  const { charge } = settle(paymentOf({ state: "paid" }), says("refunded"), givenAt(10));
  expect(charge?.set).toMatchObject({ refund_at: null, paid_amount: 1990, refunded_amount: 1990 });
});
