// What is done for an order that wants a charge: which account is tried, what the customer is asked, and that every way ends.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Account } from "#src/payments/accounts.ts";
import { type Checkout, nextStep, type Step } from "#src/payments/checkout.ts";
import type { Payer, PayerField } from "#src/payments/gateways/gateway.ts";
import type { ChargeState } from "#src/payments/payment.ts";
import { minute, orderOf, PRICE } from "./payment-scene.ts";

type Earlier = { id: number; accountId: number; state: ChargeState; createdAt: Date; expiresAt: Date };

const checkoutOf = (charges: Earlier[] = [], patch: Partial<Checkout> = {}): Checkout => ({
  ...{ order: orderOf(), person: { firstName: "Alice", lastName: null }, isWanted: true },
  ...{ charges: charges as never, accountIds: [], payerSealed: null, commissionBasisPoints: 0 },
  ...patch,
});

type Kind = { currency?: "BRL" | "XTR"; minAmount?: number; needs?: PayerField[]; status?: string };
const accountOf = (id: number, { status = "active", ...gateway }: Kind = {}): Account =>
  ({ id, status, gateway: { currency: "BRL", minAmount: 1, needs: [], ...gateway } }) as never;

const earlier = (state: ChargeState, accountId: number, age: number, end = 30): Earlier => ({
  ...{ id: 100 + accountId, accountId, state },
  ...{ createdAt: minute(age), expiresAt: minute(end) },
});

const nobody: Payer = { name: "Alice", cpf: null, email: null };
const always = () => true;
const step = (checkout: Checkout, accounts: Account[], now = 1, payer = nobody, isOpenFor = always as never): Step =>
  nextStep(checkout, accounts, payer, minute(now), isOpenFor);
const short = (one: Step): string =>
  one.do === "make" ? `make at ${one.account.id}${one.isLast ? ", the last" : ""}` : JSON.stringify(one);

describe("the next step", () => {
  const two = [accountOf(1), accountOf(2)];
  const table: [string, Checkout, Account[], string][] = [
    ["the first account", checkoutOf(), two, "make at 1"],
    ["the only one", checkoutOf(), [accountOf(1)], "make at 1, the last"],
    ["after the first failed", checkoutOf([earlier("failed", 1, 0)]), two, "make at 2, the last"],
    ["after an answer was lost", checkoutOf([earlier("unknown", 1, 0)]), two, "make at 2, the last"],
    [
      "all failed",
      checkoutOf([earlier("failed", 1, 0), earlier("unknown", 2, 0)]),
      two,
      '{"do":"give_up","noAccount":false}',
    ],
    [
      "they failed at an earlier tap",
      checkoutOf([earlier("failed", 1, -9), earlier("failed", 2, -9)]),
      two,
      "make at 1",
    ],
    ["there is none", checkoutOf(), [], '{"do":"give_up","noAccount":true}'],
    ["it is paused", checkoutOf(), [accountOf(1, { status: "paused" })], '{"do":"give_up","noAccount":true}'],
    [
      "the price is too low for it",
      checkoutOf(),
      [accountOf(1, { minAmount: PRICE + 1 })],
      '{"do":"give_up","noAccount":true}',
    ],
    [
      "it has no price in Stars",
      checkoutOf(),
      [accountOf(1, { currency: "XTR" }), accountOf(2)],
      "make at 2, the last",
    ],
    ["one is there", checkoutOf([earlier("pending", 1, 0)]), two, '{"do":"show","chargeId":101}'],
    ["its time is over", checkoutOf([earlier("pending", 1, -30, 1)]), two, '{"do":"end","chargeId":101}'],
    ["one is being made", checkoutOf([earlier("creating", 1, 0.9)]), two, '{"do":"wait"}'],
    ["nobody finished making it", checkoutOf([earlier("creating", 1, 0)]), two, '{"do":"doubt","chargeId":101}'],
    ["an expired one changes nothing", checkoutOf([earlier("expired", 1, -30)]), two, "make at 1"],
    ["money is held", checkoutOf([earlier("held", 1, -30)]), two, "make at 1"],
    ["nothing is wanted", checkoutOf([], { isWanted: false }), two, '{"do":"rest","isWanted":false}'],
    ["it is paid", checkoutOf([], { order: orderOf("paid") }), two, '{"do":"rest","isWanted":true}'],
  ];
  for (const [name, checkout, accounts, then] of table)
    test(`${name}: ${then}`, () => expect(short(step(checkout, accounts))).toBe(then));

  test("an account that is left alone for now is passed over", () => {
    const isOpenFor = ((id: number) => id !== 1) as never;
    expect(short(step(checkoutOf(), two, 1, nobody, isOpenFor))).toBe("make at 2, the last");
    expect(short(step(checkoutOf(), two, 1, nobody, (() => false) as never))).toBe(
      '{"do":"give_up","noAccount":false}',
    );
  });

  test("the customer is asked for what the gateway needs and he has not told, one after the other", () => {
    const accounts = [accountOf(1, { needs: ["cpf", "email"] })];
    const asked = (payer: Partial<Payer>) => short(step(checkoutOf(), accounts, 1, { ...nobody, ...payer }));
    expect(asked({})).toBe('{"do":"ask","field":"cpf"}');
    expect(asked({ cpf: "52998224725" })).toBe('{"do":"ask","field":"email"}');
    expect(asked({ cpf: "52998224725", email: "ana@example.com" })).toBe("make at 1, the last");
  });

  test("what an order costs is the sum of its items, in the account's currency", () => {
    const order = orderOf("open", 2);
    expect(step(checkoutOf([], { order }), two)).toMatchObject({ amount: 2 * PRICE, currency: "BRL" });
    const inStars = { ...order, items: order.items.map((item) => ({ ...item, priceStars: 100 as never })) };
    const stars = [accountOf(1, { currency: "XTR" })];
    expect(step(checkoutOf([], { order: inStars }), stars)).toMatchObject({ amount: 200, currency: "XTR" });
  });
});

test("every way ends, and no account is tried twice for one tap", () => {
  const anyAccount = fc.record({
    currency: fc.constantFrom("BRL" as const, "XTR" as const),
    minAmount: fc.constantFrom(1, PRICE, PRICE + 1),
    needs: fc.subarray<PayerField>(["cpf", "email"]),
    status: fc.constantFrom("active", "active", "paused"),
    isOpen: fc.boolean(),
  });
  const anyEnding = fc.constantFrom<ChargeState>("pending", "failed", "unknown", "creating", "paid");
  const anyStart = fc.option(fc.constantFrom<ChargeState>("creating", "pending", "expired", "failed", "held"), {
    nil: undefined,
  });
  fc.assert(
    fc.property(
      fc.array(anyAccount, { maxLength: 5 }),
      fc.array(anyEnding, { minLength: 5, maxLength: 5 }),
      anyStart,
      (kinds, endings, start) => {
        const accounts = kinds.map((kind, n) => accountOf(n + 1, kind));
        const isOpenFor = ((id: number) => kinds[id - 1]?.isOpen ?? false) as never;
        const charges: Earlier[] = start ? [{ ...earlier(start, 1, -40, -10), id: 1 }] : [];
        const payer = { ...nobody };
        const checkout = checkoutOf(charges);
        const made: number[] = [];
        let rounds = 0;
        for (let isDone = false; !isDone; rounds++) {
          expect(rounds).toBeLessThan(12);
          const one = nextStep(checkout, accounts, payer, minute(1), isOpenFor);
          const charge = "chargeId" in one ? charges.find(({ id }) => id === one.chargeId) : undefined;
          if (one.do === "make") {
            made.push(one.account.id);
            const state = endings[made.length - 1] ?? "failed";
            charges.push({ ...earlier(state, one.account.id, 1), id: 100 + made.length });
            // A payment ends the order in the same commit.
            if (state === "paid") checkout.order = orderOf("paid");
          } else if (one.do === "doubt" && charge) charge.state = "unknown";
          else if (one.do === "end" && charge) charge.state = "expired";
          else if (one.do === "ask") payer[one.field] = "told";
          else isDone = true;
        }
        expect(new Set(made).size).toBe(made.length);
      },
    ),
  );
});
