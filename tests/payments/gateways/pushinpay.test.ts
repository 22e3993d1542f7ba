// PushinPay's oddities: ids that change case, notices as forms, two words for a charge that came to nothing, the split's shape.

import { expect, test } from "bun:test";
import { cents } from "#src/kernel/money.ts";
import type { RawNotice } from "#src/payments/gateways/gateway.ts";
import { pushinpay } from "#src/payments/gateways/pushinpay.ts";
import { pushinpayFake } from "./fakes/pushinpay.ts";
import { jsonNotice } from "./fakes/vendor-server.ts";
import recorded from "./recorded/pushinpay.json" with { type: "json" };
import { inputOf, openStage, parsedBody } from "./stage.ts";

const ID = "9e6e0a1b-9f69-4bb6-90d3-2dce9453bb45";

/** The answer to one request, whatever it is. */
const answering = (answer: unknown) => ({ credentials: {}, now: new Date(), call: async () => answer }) as never;

const statusOf = (changes: Record<string, unknown>) =>
  pushinpay.status({ gatewayId: ID, reference: "r" }, answering({ ...recorded, ...changes }));

test("the recorded notice leads to the charge by its id in small letters, as JSON and as a form", () => {
  const form: RawNotice = {
    body: new TextEncoder().encode(String(new URLSearchParams({ id: recorded.id, status: "paid", value: "1990" }))),
    headers: { "content-type": "application/x-www-form-urlencoded" },
    query: {},
  };
  for (const notice of [jsonNotice(recorded), form]) {
    const hints = pushinpay.webhook.read(parsedBody(notice), notice);
    expect(hints).toEqual([{ about: "charge", gatewayId: ID, reference: null }]);
  }
});

test("an id in capitals is the same charge, in the answer to a charge as in the one to a question", async () => {
  expect((await pushinpay.charge(inputOf({}), answering(recorded))).gatewayId).toBe(ID);
  expect(await statusOf({})).toEqual({
    gatewayId: ID,
    reference: null,
    state: "paid",
    word: "paid",
    currency: "BRL",
    amount: cents(1990),
    refunded: cents(0),
    fee: null,
    endToEndId: "E18236120202509231211s04b597fb3c",
    paidAt: null,
    brCode: recorded.qr_code,
  });
});

test("only the word says that it is paid: neither a payer's name nor an end-to-end id does, nor another spelling", async () => {
  for (const status of ["created", "PAID", "Paid", "paid ", "approved", "constructor"])
    expect((await statusOf({ status })).state).not.toBe("paid");
});

test("expired and canceled are both known", async () => {
  expect((await statusOf({ status: "expired" })).state).toBe("expired");
  expect((await statusOf({ status: "canceled" })).state).toBe("failed");
});

test("an amount that is no whole number of cents is not reported", async () => {
  for (const value of [19.9, "19,90", null, undefined]) expect((await statusOf({ value })).amount).toBeNull();
});

test("without a token for notices nothing can be checked; with one a notice must carry it", () => {
  const verdict = (credentials: object, headers: Record<string, string>) =>
    pushinpay.webhook.verify(jsonNotice(recorded, headers), credentials as never, new Date());
  expect(verdict({ token: "t" }, { "x-pushinpay-token": "anything" })).toBe("unsigned");
  expect(verdict({ token: "t", noticeToken: "aviso" }, { "x-pushinpay-token": "aviso" })).toBe("authentic");
  expect(verdict({ token: "t", noticeToken: "aviso" }, {})).toBe("forged");
});

test("a charge goes out as whole cents with its split rule, and nothing else", async () => {
  await using stage = await openStage(pushinpayFake);
  const split = { recipient: "9c3a-conta", amount: cents(99) };
  await stage.charge({ split, noticeUrl: "https://bots.example.com/w/1" });
  expect(stage.fake.requests.at(-1)).toMatchObject({
    method: "POST",
    path: "/api/pix/cashIn",
    body: {
      value: 1990,
      webhook_url: "https://bots.example.com/w/1",
      split_rules: [{ value: 99, account_id: "9c3a-conta" }],
    },
  });
  expect(Object.keys(stage.fake.requests.at(-1)?.body as object)).toHaveLength(3);
});
