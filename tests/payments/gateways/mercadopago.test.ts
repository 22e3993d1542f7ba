// Mercado Pago by itself: recorded signatures, notices of other things, what a payment's words mean, and statements of several pages.

import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { cents } from "#src/kernel/money.ts";
import type { Api, HttpRequest, RawNotice, Report } from "#src/payments/gateways/gateway.ts";
import { mercadopago } from "#src/payments/gateways/mercadopago.ts";
import { mercadopagoFake } from "./fakes/mercadopago.ts";
import { errorOf, inputOf, openStage } from "./stage.ts";

const SECRET = "test_secret";
const SIGNED_AT = new Date(1742505638683);
const VECTOR = "fa68ea4676494c4d20bbb0003d6e12fa5d90c3d62676df33a42a18b24990bc6d";
const REQUEST_ID = "f7b2a1d4-0b1c-4ec2-aaaa-9e8b1d2f3c4d";
const MINUTE_MS = 60_000;

const noticeOf = (id: string | undefined, signature: string, query: Record<string, string> = {}): RawNotice => ({
  body: new Uint8Array(),
  headers: { "x-signature": signature, "x-request-id": REQUEST_ID },
  query: { ...(id !== undefined && { "data.id": id }), type: "payment", ...query },
});
const verdictOf = (notice: RawNotice, now = SIGNED_AT, webhookSecret: string | undefined = SECRET) =>
  mercadopago.webhook.verify(notice, { accessToken: "APP_USR-1", ...(webhookSecret && { webhookSecret }) }, now);
const signed = (manifest: string) => createHmac("sha256", SECRET).update(manifest).digest("hex");

describe("a signature", () => {
  const genuine = noticeOf("1234567890", `ts=1742505638683,v1=${VECTOR}`);

  test("of the official validator's vector is authentic", () => {
    expect(verdictOf(genuine)).toBe("authentic");
    expect(verdictOf(noticeOf("1234567890", ` v1=${VECTOR} , ts=1742505638683`))).toBe("authentic");
  });

  test("is forged for another id, secret, request, time, or length", () => {
    for (const notice of [
      noticeOf("1234567891", `ts=1742505638683,v1=${VECTOR}`),
      noticeOf(undefined, `ts=1742505638683,v1=${VECTOR}`),
      noticeOf("1234567890", `ts=1742505638684,v1=${VECTOR}`),
      noticeOf("1234567890", `ts=1742505638683,v1=${VECTOR.slice(0, -1)}`),
      noticeOf("1234567890", `ts=1742505638683,v1=${VECTOR}00`),
      noticeOf("1234567890", "ts=1742505638683"),
      noticeOf("1234567890", `v1=${VECTOR}`),
      noticeOf("1234567890", ""),
      { ...genuine, headers: {} },
      { ...genuine, headers: { ...genuine.headers, "x-request-id": "other" } },
    ])
      expect(verdictOf(notice)).toBe("forged");
    expect(verdictOf(genuine, SIGNED_AT, "another_seller")).toBe("forged");
  });

  test("holds for a day, whether its time is in seconds or milliseconds", () => {
    const at = (minutes: number) => new Date(SIGNED_AT.getTime() + minutes * MINUTE_MS);
    expect([23 * 60, -10, 25 * 60, -25 * 60].map((minutes) => verdictOf(genuine, at(minutes)))).toEqual([
      "authentic",
      "authentic",
      "forged",
      "forged",
    ]);
    const inSeconds = signed(`id:1234567890;request-id:${REQUEST_ID};ts:1742505638;`);
    expect(verdictOf(noticeOf("1234567890", `ts=1742505638,v1=${inSeconds}`))).toBe("authentic");
  });

  test("covers an id in small letters, as documented, or as it came", () => {
    const [small, asIs] = ["ord01jq4s4ky8hwq6nxvm5", "ORD01JQ4S4KY8HWQ6NXVM5"];
    for (const id of [small, asIs]) {
      const v1 = signed(`id:${id};request-id:${REQUEST_ID};ts:1742505638683;`);
      expect(verdictOf(noticeOf(asIs, `ts=1742505638683,v1=${v1}`))).toBe("authentic");
    }
  });

  test("leaves out what a notice does not have", () => {
    const v1 = signed("id:1234567890;ts:1742505638683;");
    const headers = { "x-signature": `ts=1742505638683,v1=${v1}` };
    expect(verdictOf({ ...genuine, headers })).toBe("authentic");
  });

  test("is not asked of a seller who entered no secret", () => {
    expect(verdictOf(genuine, SIGNED_AT, "")).toBe("unsigned");
  });
});

describe("a notice", () => {
  const body = { type: "payment", data: { id: "1234567890" } };
  const read = (value: unknown, query: Record<string, string> = {}) =>
    mercadopago.webhook.read(value, { body: new Uint8Array(), headers: {}, query });
  const payment = (gatewayId: string) => [{ about: "charge" as const, gatewayId, reference: null }];

  test("names its payment, by the signed address before the body", () => {
    expect(read(body)).toEqual(payment("1234567890"));
    expect(read({ ...body, data: { id: 1234567890 } })).toEqual(payment("1234567890"));
    expect(read(body, { "data.id": "99", type: "payment" })).toEqual(payment("99"));
  });

  test("of the older kind is unsigned and says nothing, with a secret and without", () => {
    const old = noticeOf(undefined, "", { topic: "payment", id: "1234567890" });
    expect([verdictOf(old), verdictOf(old, SIGNED_AT, "")]).toEqual(["unsigned", "unsigned"]);
    expect(mercadopago.webhook.read({ resource: "1234567890", topic: "payment" }, old)).toEqual([]);
    expect(mercadopago.webhook.read(body, old)).toEqual([]);
  });

  test("of an order, or with an id that is none, is about something else", () => {
    expect(read({ type: "order", data: { id: "ORD01JQ4S4KY8" } })).toEqual([{ about: "other" }]);
    expect(read(body, { type: "order" })).toEqual([{ about: "other" }]);
    expect(read(body, { "data.id": "../users/me" })).toEqual([{ about: "other" }]);
    expect(read({ type: "payment" })).toEqual([]);
  });
});

/** An account whose every answer is this. */
const answering = (answer: (request: HttpRequest) => unknown) =>
  ({ credentials: {}, now: new Date("2026-11-22T12:00:00Z"), call: async (request) => answer(request) }) as Api<never>;

const PAYMENT = { id: 1234567890, status: "approved", transaction_amount: 19.9, external_reference: "r1" };

const reportOf = (changes: object): Promise<Report> =>
  mercadopago.status(
    { gatewayId: "1234567890", reference: "r1" },
    answering(() => ({ ...PAYMENT, ...changes })),
  );

test("words and their details become states", async () => {
  const states = async (words: [string, string?][]) =>
    Promise.all(words.map(async ([status, status_detail]) => (await reportOf({ status, status_detail })).state));
  expect(await states([["approved", "accredited"], ["in_process"], ["authorized"]])).toEqual([
    "paid",
    "pending",
    "pending",
  ]);
  expect(await states([["cancelled", "expired"], ["cancelled", "by_collector"], ["rejected"]])).toEqual([
    "expired",
    "failed",
    "failed",
  ]);
  expect(await states([["charged_back"], ["in_mediation"], ["Approved"], ["paid"]])).toEqual([
    "chargeback",
    "chargeback",
    "unknown",
    "unknown",
  ]);
});

test("a part given back shows, the fee is the seller's, and an amount that is none is not known", async () => {
  const part = { status_detail: "partially_refunded", transaction_amount_refunded: 5.1 };
  expect(await reportOf(part)).toMatchObject({ state: "paid", amount: 1990, refunded: 510, reference: "r1" });
  const fees = [
    { amount: 0.19, fee_payer: "collector" },
    { amount: 3, fee_payer: "payer" },
    { amount: 0.2, fee_payer: "collector" },
  ];
  expect((await reportOf({ fee_details: fees })).fee).toBe(cents(39));
  expect((await reportOf({ fee_details: [] })).fee).toBeNull();
  expect((await reportOf({ transaction_amount: 19.999 })).amount).toBeNull();
});

test("a charge asks for the payer's e-mail, ends in the time of Brasília, and is made once for a reference", async () => {
  await using stage = await openStage(mercadopagoFake);
  const anonymous = stage.charge({ payer: { name: "Ana", cpf: null, email: null } });
  expect((await errorOf(anonymous)).meaning).toBe("refused");
  const input = inputOf({ payer: { name: "Ana Souza", cpf: "52998224725", email: "ana@example.com" } });
  const api = { ...stage.api(), now: new Date("2026-11-22T15:00:00Z") } as never;
  const twice = [await stage.gateway.charge(input, api), await stage.gateway.charge(input, api)];
  expect(twice[0]?.gatewayId).toBe(String(twice[1]?.gatewayId));
  expect(stage.fake.requests.at(-1)).toMatchObject({
    headers: { "x-idempotency-key": input.reference },
    body: {
      date_of_expiration: "2026-11-22T12:30:00.000-03:00",
      payer: { email: "ana@example.com", identification: { type: "CPF", number: "52998224725" } },
    },
  });
});

test("a charge that is refused at once is no charge", async () => {
  const rejected = mercadopago.charge(
    inputOf({ payer: { name: null, cpf: null, email: "ana@example.com" } }),
    answering(() => ({ ...PAYMENT, status: "rejected" })),
  );
  expect((await errorOf(rejected)).meaning).toBe("refused");
});

describe("a statement", () => {
  const period = { from: new Date("2026-11-20T00:00:00Z"), to: new Date("2026-11-21T00:00:00Z") };
  const payment = (id: number, changes: object) => ({
    ...PAYMENT,
    id,
    date_approved: "2026-11-20T10:00:00Z",
    ...changes,
  });

  test("holds what came in and what was given back within the period, page by page", async () => {
    const all = [
      ...Array.from({ length: 150 }, (_, index) => payment(index + 1, {})),
      payment(151, { date_approved: "2026-11-19T23:59:59Z", transaction_amount_refunded: 5 }),
      payment(152, { date_approved: "2026-11-20T21:00:00-03:00" }),
      payment(153, { status: "pending", date_approved: null }),
    ].map((one) => ({ date_last_updated: "2026-11-20T12:00:00Z", ...one }));
    const offsets: (string | undefined)[] = [];
    const api = answering(({ query }) => {
      offsets.push(query?.offset);
      const offset = Number(query?.offset);
      return { results: all.slice(offset, offset + 100), paging: { total: all.length, limit: 100, offset } };
    });
    const lines = (await mercadopago.statement?.(period, api)) ?? [];
    expect(offsets).toEqual(["0", "100"]);
    expect(lines).toHaveLength(151);
    const at = new Date("2026-11-20T12:00:00Z");
    expect(lines.at(-1)).toEqual({ gatewayId: "151", reference: "r1", amount: cents(-500), at });
  });

  test("puts each refund at its own time where they are listed", async () => {
    const refunds = [
      { amount: 5, date_created: "2026-11-20T11:00:00Z" },
      { amount: 4, date_created: "2026-11-25T11:00:00Z" },
    ];
    const results = [payment(1, { transaction_amount_refunded: 9, refunds })];
    const lines = await mercadopago.statement?.(
      period,
      answering(() => ({ results, paging: { total: 1 } })),
    );
    expect(lines?.map(({ amount }) => amount)).toEqual([cents(1990), cents(-500)]);
  });

  test("of endless pages is refused, not cut off", async () => {
    const api = answering(() => ({ results: [payment(1, {})], paging: { total: 1e9 } }));
    expect((await errorOf(mercadopago.statement?.(period, api) ?? Promise.resolve())).message).toBe(
      "statement_too_long",
    );
  });
});
