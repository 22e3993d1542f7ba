// The table of a payment: what each report means in each state of charge and order. Its rows are those of src/payments/decide.ts, and more.

import { describe, expect, test } from "bun:test";
import { settle } from "#src/payments/decide.ts";
import type { Report } from "#src/payments/gateways/gateway.ts";
import type { ChargeState, OrderState } from "#src/payments/payment.ts";
import { type ChargePatch, givenAt, paymentOf, says, shortOf } from "./payment-scene.ts";

type Row = [name: string, charge: ChargePatch, report: Report, then: Record<string, unknown>, more?: More];
type More = { order?: OrderState; minute?: number; otherLive?: boolean };

const decide = (charge: ChargePatch, report: Report, { order, minute = 10, otherLive = false }: More = {}) =>
  settle({ ...paymentOf(charge, order), hasOtherLive: otherLive }, report, givenAt(minute));

function rows(title: string, table: Row[]): void {
  describe(title, () => {
    for (const [name, charge, report, then, more] of table)
      test(name, () => {
        const short = shortOf(decide(charge, report, more));
        expect(short).toEqual({ to: charge.state ?? "pending", ...then });
      });
  });
}

const each = (states: ChargeState[], row: (state: ChargeState) => Row): Row[] => states.map(row);
const OPEN: ChargeState[] = ["creating", "unknown", "pending", "expired", "failed"];
const ALL: ChargeState[] = [...OPEN, "held", "paid", "refunded", "chargeback"];
const ENDED: ChargeState[] = ["refunded", "chargeback"];
const sold = ["payment 1990 gateway<sales"];
const paidAndDelivered = { to: "paid", order: "paid", books: sold, tells: ["order.paid"], delivers: [0] };

rows("an answer about something else, or in words we don't know, changes nothing and is told", [
  ...each(ALL, (state) => [
    `${state}: another id`,
    { state },
    says("paid", { gatewayId: "gw2" }),
    { alerts: ["other_charge"] },
  ]),
  ...each(ALL, (state) => [
    `${state}: another reference`,
    { state, gatewayId: null },
    says("paid", { reference: "ref2" }),
    { alerts: ["other_charge"] },
  ]),
  ...each(ALL, (state) => [`${state}: a strange word`, { state }, says("unknown"), { alerts: ["strange_word"] }]),
  ...each(OPEN, (state) => [
    `${state}: paid without an amount`,
    { state },
    says("paid", { amount: null }),
    { alerts: ["no_amount"] },
  ]),
  ["paid: paid without an amount is no news", { state: "paid" }, says("paid", { amount: null }), {}],
]);

rows("pending", [
  ["creating: found, and shown", { state: "creating" }, says("pending"), { to: "pending", tells: ["charge.ready"] }],
  ["unknown: found, and shown", { state: "unknown" }, says("pending"), { to: "pending", tells: ["charge.ready"] }],
  ["unknown, but another one can be paid", { state: "unknown" }, says("pending"), {}, { otherLive: true }],
  ["unknown, the order is paid", { state: "unknown" }, says("pending"), {}, { order: "paid" }],
  ["unknown, without a code to show", { state: "unknown" }, says("pending", { brCode: null }), {}],
  ["unknown, its time over", { state: "unknown" }, says("pending"), { to: "expired" }, { minute: 30 }],
  ["pending", {}, says("pending"), {}],
  ["pending, its time over", {}, says("pending"), { to: "expired", tells: ["charge.expired"] }, { minute: 30 }],
  ["pending, its time over, the order paid", {}, says("pending"), { to: "expired" }, { minute: 30, order: "paid" }],
  ...each(["expired", "failed", "held", "paid", ...ENDED], (state): Row => [state, { state }, says("pending"), {}]),
]);

rows("failed and expired", [
  ["creating: failed", { state: "creating" }, says("failed"), { to: "failed" }],
  ["unknown: expired", { state: "unknown" }, says("expired"), { to: "expired" }],
  ["pending: failed", {}, says("failed"), { to: "failed", tells: ["charge.expired"] }],
  ["pending: expired", {}, says("expired"), { to: "expired", tells: ["charge.expired"] }],
  ["failed: expired", { state: "failed" }, says("expired"), {}],
  ...each(["held", "paid", ...ENDED], (state): Row => [`${state}: failed`, { state }, says("failed"), {}]),
  ...each(["held", "paid", ...ENDED], (state): Row => [`${state}: expired`, { state }, says("expired"), {}]),
]);

rows("paid, as agreed", [
  ...each(OPEN, (state): Row => [state, { state }, says("paid"), paidAndDelivered]),
  ["after the end", { state: "expired" }, says("paid"), paidAndDelivered, { minute: 4_000 }],
  ["while another one can be paid", { state: "expired" }, says("paid"), paidAndDelivered, { otherLive: true }],
  ["paid already", { state: "paid" }, says("paid"), {}],
  ...(["paid", "refunded", "chargeback"] as const).map(
    (order): Row => [
      `a second payment; the order is ${order}`,
      {},
      says("paid"),
      { to: "paid", books: ["payment 1990 gateway<refund_due"], alerts: ["twice"] },
      { order },
    ],
  ),
  ...each(ENDED, (state): Row => [`after ${state}`, { state }, says("paid"), { alerts: ["paid_after_refund"] }]),
]);

const short = (amount: number) => says("paid", { amount });
rows("paid, too little", [
  ...each(
    OPEN,
    (state): Row => [
      state,
      { state },
      short(1989),
      { to: "held", books: ["payment 1989 gateway<held"], tells: ["charge.held"], alerts: ["short"] },
    ],
  ),
  ["nothing at all", {}, short(0), { to: "held", tells: ["charge.held"], alerts: ["short"] }],
  ["the same again", { state: "held", paidAmount: 1000 }, short(1000), {}],
  ["less than before: an older answer", { state: "held", paidAmount: 1000 }, short(800), {}],
  [
    "more, and not enough",
    { state: "held", paidAmount: 1000 },
    short(1500),
    { books: ["payment 500 gateway<held"], tells: ["charge.held"], alerts: ["short"] },
  ],
  [
    "the rest comes",
    { state: "held", paidAmount: 1000 },
    says("paid"),
    { ...paidAndDelivered, books: ["accepted 1000 held<sales", "payment 990 gateway<sales"] },
  ],
  [
    "more than the rest comes",
    { state: "held", paidAmount: 1000 },
    short(2500),
    {
      ...paidAndDelivered,
      books: ["accepted 1000 held<sales", "payment 1500 gateway<sales", "over 510 sales<refund_due"],
      alerts: ["over"],
    },
  ],
  [
    "the rest comes, the order is paid by another: all of it is owed back",
    { state: "held", paidAmount: 1000 },
    says("paid"),
    {
      to: "paid",
      books: ["accepted 1000 held<refund_due", "payment 990 gateway<refund_due"],
      alerts: ["twice"],
    },
    { order: "paid" },
  ],
]);

const dollars = (amount: number, refunded = 0) => says("paid", { currency: "USD", amount, refunded });
rows("paid, in another currency", [
  ...each(
    OPEN,
    (state): Row => [state, { state }, dollars(1990), { to: "held", tells: ["charge.held"], alerts: ["currency"] }],
  ),
  ["more of it", { state: "held" }, dollars(5000), {}],
  [
    "a part of it went back: not in our books",
    {},
    dollars(1990, 500),
    { to: "held", tells: ["charge.held"], alerts: ["currency"] },
  ],
  ["in the right one at last", { state: "held" }, says("paid"), paidAndDelivered],
  ["a paid charge", { state: "paid" }, dollars(5000, 100), {}],
]);

rows("paid, too much", [
  [
    "delivered, and told",
    {},
    short(2500),
    { ...paidAndDelivered, books: ["payment 2500 gateway<sales", "over 510 sales<refund_due"], alerts: ["over"] },
  ],
  [
    "as a second payment",
    {},
    short(2500),
    { to: "paid", books: ["payment 2500 gateway<refund_due"], alerts: ["twice"] },
    { order: "paid" },
  ],
  [
    "the same charge paid twice",
    { state: "paid" },
    short(3980),
    { books: ["payment 1990 gateway<refund_due"], alerts: ["over"] },
  ],
]);

test("what is owed is made with the payment: an item each, the payment message edited by the first", () => {
  const two = paymentOf();
  two.order.items.push({ ...(two.order.items[0] as never as object), n: 1, key: "buy1" } as never);
  const { deliveries, facts, order, charge } = settle(two, says("paid"), givenAt(10));
  expect(deliveries?.map(({ n, token_hash }) => [n, token_hash])).toEqual([
    [0, "hash1"],
    [1, "hash2"],
  ]);
  expect(facts?.map(({ body }) => "message" in body && body.message)).toEqual([
    { messageId: 77, hasPhoto: true },
    null,
  ]);
  expect(order?.set).toMatchObject({ state: "paid", due_at: null });
  expect(charge?.set).toMatchObject({ paid_amount: 1990, is_double: false, check_at: null });
});

describe("whoever tapped verify and waits", () => {
  const asked = { askedAt: new Date(0) };
  test.each([
    ["is told that it can still be paid", {}, says("pending"), "open", ["charge.pending"]],
    ["is told that its time is over", { state: "expired" }, says("expired"), "open", ["charge.expired"]],
    ["hears nothing twice", {}, says("expired"), "open", ["charge.expired"]],
    ["is not asked to pay for what he has", {}, says("pending"), "paid", []],
  ] as const)("%s", (_, charge, report, order, tells) => {
    const { facts, charge: saved } = decide({ ...charge, ...asked }, report, { order });
    expect(facts?.map(({ body }) => String(body.kind))).toEqual([...tells]);
    expect(saved?.set?.asked_at).toBeNull();
  });
});

test("the gateway's id is learned when it names one, and an empty one is none", () => {
  const learned = (charge: ChargePatch, id: string) => decide(charge, says("pending", { gatewayId: id })).charge?.set;
  expect(learned({ gatewayId: null }, "gw9")).toMatchObject({ gateway_id: "gw9" });
  expect(learned({ gatewayId: null }, "")).not.toHaveProperty("gateway_id");
  expect(shortOf(decide({}, says("paid", { gatewayId: "" })))).toEqual(paidAndDelivered);
});
