// Telegram Stars by itself, against the fake Telegram: charges without a call, transactions page by page, refunds.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type FakeTelegram, startFakeTelegram } from "#src/fake-telegram/server.ts";
import { cents } from "#src/kernel/money.ts";
import { openCaller } from "#src/payments/gateways/call.ts";
import type { Api } from "#src/payments/gateways/gateway.ts";
import { findGateway } from "#src/payments/gateways/index.ts";
import { telegramStars } from "#src/payments/gateways/telegram-stars.ts";
import { jsonNotice } from "./fakes/vendor-server.ts";
import { errorOf, inputOf } from "./stage.ts";

const token = "123456:stars-of-a-test-bot";
const alice = { id: 77, first_name: "Alice" };
const NOW = new Date("2026-11-22T12:00:00Z");

let telegram: FakeTelegram;
beforeAll(async () => {
  telegram = await startFakeTelegram();
});
afterAll(() => telegram[Symbol.asyncDispose]());
beforeEach(() => telegram.control.reset());

/** The API of one operation, as the caller opens it: at the bot's own address. */
const apiOf = (withToken = token): Api<never> => {
  const credentials = { baseUrl: `${telegram.url}/bot${withToken}` };
  return openCaller().open(telegramStars, { name: "1", credentials }, { withinMs: 10_000, now: NOW });
};
const statusOf = (key: { gatewayId: string | null; reference: string }) => telegramStars.status(key, apiOf());
const refundOf = (gatewayId: string, withToken = token) =>
  telegramStars.refund?.(
    { gatewayId, amount: cents(250), endToEndId: null, key: "k" },
    apiOf(withToken),
  ) as Promise<void>;

/** A payment that reaches the bot, of 250 Stars unless told otherwise. */
async function pay(id: string, payload: string, amount = 250): Promise<void> {
  const payment = { currency: "XTR", total_amount: amount, invoice_payload: payload };
  const message = { successful_payment: { ...payment, telegram_payment_charge_id: id } };
  await telegram.control.say({ token, user: alice, message });
}

async function payMany(count: number, name = "other"): Promise<void> {
  for (let n = 0; n < count; n++) await pay(`${name}-${n}`, `${name}-payload-${n}`);
}

const called = async (method: string) => (await telegram.control.calls({ method })).length;

test("is in the list, needs nothing of the payer, and no credentials", () => {
  expect(findGateway("telegram_stars")).toBe(telegramStars);
  const { currency, needs, throughBot, credentials } = telegramStars;
  expect({ currency, needs, throughBot }).toEqual({ currency: "XTR", needs: [], throughBot: true });
  expect([Object.keys(credentials.properties), credentials.required]).toEqual([["baseUrl"], undefined as never]);
});

test("charges and checks without calling anybody", async () => {
  await telegramStars.check(apiOf());
  const charged = await telegramStars.charge(inputOf({ amount: cents(250) }), apiOf());
  expect(charged).toEqual({ gatewayId: "", brCode: null, expiresAt: null });
  expect((await telegram.control.stats()).calls).toBe(0);
});

test("takes every notice for forged, and reads nothing in it", () => {
  const notice = jsonNotice({ message: { successful_payment: { telegram_payment_charge_id: "x" } } });
  expect(telegramStars.webhook.verify(notice, {} as never, NOW)).toBe("forged");
  expect(telegramStars.webhook.read({}, notice)).toEqual([]);
});

describe("the state of a charge", () => {
  test("is pending while no transaction is about it, and it then has no id", async () => {
    await pay("c1", "somebody-elses");
    expect(await statusOf({ gatewayId: null, reference: "r1" })).toMatchObject({
      ...{ gatewayId: "", reference: null, state: "pending", currency: "XTR", amount: null, paidAt: null },
    });
    expect(await statusOf({ gatewayId: "c2", reference: "r1" })).toMatchObject({ gatewayId: "c2", state: "pending" });
  });

  test("is paid by our reference and by its id", async () => {
    await pay("c1", "r1");
    const paid = { gatewayId: "c1", reference: "r1", state: "paid", amount: 250, refunded: 0, fee: null };
    for (const gatewayId of [null, "c1"]) {
      const report = await statusOf({ gatewayId, reference: "r1" });
      expect(report).toMatchObject({ ...paid, currency: "XTR", word: "invoice_payment" });
      expect(report.paidAt).toBeInstanceOf(Date);
    }
  });

  test("says what came in, not what was asked for", async () => {
    await pay("c1", "r1", 249);
    expect((await statusOf({ gatewayId: null, reference: "r1" })).amount).toBe(cents(249));
  });

  test("is refunded once its Stars went back, whichever way it is asked for", async () => {
    await pay("c1", "r1");
    await refundOf("c1");
    await payMany(120);
    for (const gatewayId of [null, "c1"])
      expect(await statusOf({ gatewayId, reference: "r1" })).toMatchObject({
        ...{ gatewayId: "c1", reference: "r1", state: "refunded", amount: 250, refunded: 250 },
      });
  });

  test.each([0, 1, 99, 100, 101, 250, 300, 1_000])("is found after %i others, which came before", async (others) => {
    await payMany(others);
    await pay("c1", "r1");
    const before = await called("getStarTransactions");
    expect(await statusOf({ gatewayId: null, reference: "r1" })).toMatchObject({ state: "paid", gatewayId: "c1" });
    expect((await called("getStarTransactions")) - before).toBeLessThanOrEqual(12);
  });

  test.each([99, 100, 250, 899])("is found with %i newer ones", async (newer) => {
    await payMany(230);
    await pay("c1", "r1");
    await payMany(newer, "newer");
    expect(await statusOf({ gatewayId: "c1", reference: "r1" })).toMatchObject({ state: "paid" });
  });

  test("is not looked for without end", async () => {
    await pay("c1", "r1");
    await payMany(1_500);
    expect(await statusOf({ gatewayId: null, reference: "r1" })).toMatchObject({ state: "pending" });
    expect(await called("getStarTransactions")).toBeLessThanOrEqual(20);
  });

  test.each([["1:x"], ["nonsense"], [`${token}/nowhere`]])("is not told to the bot %s", async (wrong) => {
    const error = await errorOf(telegramStars.status({ gatewayId: null, reference: "r1" }, apiOf(wrong)));
    expect(error.meaning).toBe("credentials");
  });

  test.each([
    [{ kind: "429", retry_after: 7 }, "limited"],
    [{ kind: "5xx" }, "away"],
    [{ kind: "lost" }, "away"],
  ] as const)("is not known after %j", async (fault, meaning) => {
    await telegram.control.fault({ ...fault, method: "getStarTransactions", times: 1 });
    expect((await errorOf(statusOf({ gatewayId: null, reference: "r1" }))).meaning).toBe(meaning);
  });
});

test("transactions of other kinds are passed over", async () => {
  const odd = [
    { id: "w", amount: 9, date: 1, receiver: { type: "fragment" } },
    { id: "a", amount: 9, date: 1, source: { type: "other" } },
    { id: "m", amount: 9, date: 1, nanostar_amount: 5, source: { type: "user", user: alice, paid_media: [] } },
    { id: "c1", amount: 250, date: 2, source: { type: "user", user: alice, invoice_payload: "r1" } },
  ];
  const server = Bun.serve({ port: 0, fetch: () => Response.json({ ok: true, result: { transactions: odd } }) });
  const credentials = { baseUrl: `http://127.0.0.1:${server.port}` };
  const api = openCaller().open(telegramStars, { name: "1", credentials }, { withinMs: 10_000, now: NOW });
  expect(await telegramStars.status({ gatewayId: null, reference: "r1" }, api)).toMatchObject({ state: "paid" });
  expect(await telegramStars.status({ gatewayId: "m", reference: "x" }, api)).toMatchObject({
    state: "paid",
    amount: 9,
  });
  expect(await telegramStars.status({ gatewayId: null, reference: "" }, api)).toMatchObject({ state: "pending" });
  await server.stop(true);
});

describe("a refund", () => {
  test("finds the payer by the payment and gives back once", async () => {
    await pay("c1", "r1");
    await payMany(130);
    await refundOf("c1");
    await refundOf("c1");
    const [first, ...more] = await telegram.control.calls({ method: "refundStarPayment" });
    expect(first?.payload).toEqual({ user_id: alice.id, telegram_payment_charge_id: "c1" });
    expect(more).toEqual([]);
  });

  test("finds a payment that is older than those a question is about", async () => {
    await pay("c1", "r1");
    await payMany(1_500);
    await refundOf("c1");
    expect(await statusOf({ gatewayId: "c1", reference: "r1" })).toMatchObject({ state: "refunded", amount: 250 });
  });

  test("that Telegram refuses is refused, unless it was made after all", async () => {
    await pay("c1", "r1");
    const fault = { method: "refundStarPayment", times: 1, description: "Bad Request: CHARGE_ALREADY_REFUNDED" };
    await telegram.control.fault({ ...fault, kind: "400" });
    expect((await errorOf(refundOf("c1"))).meaning).toBe("refused");
    await telegram.control.fault({ ...fault, kind: "lost" });
    expect((await errorOf(refundOf("c1"))).meaning).toBe("unknown");
    await refundOf("c1");
    expect(await called("refundStarPayment")).toBe(2);
  });

  test("of a payment that nobody made is refused", async () => {
    expect((await errorOf(refundOf("c1"))).meaning).toBe("refused");
    expect((await errorOf(refundOf("c1", "1:x"))).meaning).toBe("credentials");
  });
});
