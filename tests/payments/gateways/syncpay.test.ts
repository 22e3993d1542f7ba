// SyncPay's oddities: one token for many requests, two envelopes of notices, the kind in a header, words of two generations.

import { expect, test } from "bun:test";
import { cents } from "#src/kernel/money.ts";
import { openCaller } from "#src/payments/gateways/call.ts";
import { syncpay } from "#src/payments/gateways/syncpay.ts";
import { type SyncpayFake, startSyncpay } from "./fakes/syncpay.ts";
import { jsonNotice } from "./fakes/vendor-server.ts";
import recorded from "./recorded/syncpay.json" with { type: "json" };
import { errorOf, inputOf } from "./stage.ts";

const ID = recorded.data.id;
const HINT = { about: "charge" as const, gatewayId: ID, reference: null };

const statusOf = (data: Record<string, unknown>) => {
  const answer = { data: { reference_id: ID, status: "pending", amount: 33.8, currency: "BRL", ...data } };
  return syncpay.status({ gatewayId: ID, reference: "r" }, {
    credentials: {},
    now: new Date(),
    call: async () => answer,
  } as never);
};

const hintsOf = (value: unknown, event?: string) =>
  syncpay.webhook.read(value, jsonNotice(value, event === undefined ? {} : { event }));

test("both envelopes of the recorded notice lead to the charge", () => {
  expect(hintsOf(recorded, "cashin.update")).toEqual([HINT]);
  expect(hintsOf(recorded.data, "cashin.updated")).toEqual([HINT]);
});

test("the header tells a withdrawal from a sale; without it, asking decides", () => {
  for (const event of ["cashout.create", "cashout.update", "CashOut.Updated"])
    expect(hintsOf(recorded, event)).toEqual([{ about: "other" }]);
  for (const event of ["cashin.create", "cashin.created", undefined]) expect(hintsOf(recorded, event)).toEqual([HINT]);
});

test("the words of both generations are known, and only two of them are paid", async () => {
  const states = {
    ...{ pending: "pending", WAITING_FOR_APPROVAL: "pending", completed: "paid", PAID_OUT: "paid" },
    ...{ failed: "failed", CANCELLED: "failed", EXPIRED: "expired", refunded: "refunded", med: "chargeback" },
    ...{ COMPLETED: "unknown", paid_out: "unknown", paid: "unknown", approved: "unknown", toString: "unknown" },
  };
  for (const [status, state] of Object.entries(states))
    expect([status, (await statusOf({ status })).state]).toEqual([status, state]);
});

test("an amount is read as a number or a text, to the cent or not at all", async () => {
  expect((await statusOf({ amount: "10.00" })).amount).toBe(cents(1000));
  expect((await statusOf({ amount: 19.9 })).amount).toBe(cents(1990));
  for (const amount of [33.805, "1e3", "", null, true]) expect((await statusOf({ amount })).amount).toBeNull();
});

const asked = (fake: SyncpayFake, path: string) =>
  fake.requests.filter((request) => request.path.startsWith(path)).length;

test("a token serves many requests, and a refused one is not used again", async () => {
  await using fake = await startSyncpay();
  const caller = openCaller();
  const charge = () => {
    const account = { name: "account", credentials: fake.credentials };
    return syncpay.charge(inputOf({}), caller.open(syncpay, account, { withinMs: 10_000, now: new Date() }) as never);
  };
  await charge();
  await charge();
  expect(asked(fake, "/api/partner/v1/auth-token")).toBe(1);
  fake.revokeTokens();
  // Whether the refused request is made again at once is the caller's affair; the next one has a fresh token in any case.
  await charge().catch(() => {});
  await charge();
  expect(asked(fake, "/api/partner/v1/auth-token")).toBe(2);
});

test("a refused or missing door for tokens says that the credentials are wrong, never that a charge is not found", async () => {
  await using fake = await startSyncpay();
  const credentials = { ...fake.credentials, baseUrl: `${fake.credentials.baseUrl}/elsewhere` };
  const account = { name: "account", credentials };
  const api = openCaller().open(syncpay, account, { withinMs: 10_000, now: new Date() });
  const error = await errorOf(syncpay.status({ gatewayId: ID, reference: "r" }, api as never));
  expect(error.meaning).toBe("credentials");
});

test("a charge goes out in reais, without anything about the payer", async () => {
  await using fake = await startSyncpay();
  const account = { name: "account", credentials: fake.credentials };
  const api = openCaller().open(syncpay, account, { withinMs: 10_000, now: new Date() });
  const payer = { name: "Ana", cpf: "52998224725", email: "ana@example.com" };
  await syncpay.charge(inputOf({ payer, noticeUrl: "https://bots.example.com/w/1" }), api as never);
  expect(fake.requests.at(-1)?.body).toEqual({
    amount: 19.9,
    description: "Acesso ao grupo",
    webhook_url: "https://bots.example.com/w/1",
  });
});
