// Asaas by itself: three steps of which any may fail, the day that a payment ends on, words and refunds, notices and their token.

import { describe, expect, test } from "bun:test";
import { asaas } from "#src/payments/gateways/asaas.ts";
import { type Api, GatewayError, type HttpRequest, type Report } from "#src/payments/gateways/gateway.ts";
import { asaasFake } from "./fakes/asaas.ts";
import { jsonNotice } from "./fakes/vendor-server.ts";
import { errorOf, inputOf, openStage } from "./stage.ts";

const NOW = new Date("2026-11-23T02:40:00Z");
const PAYER = asaasFake.payer;
const PAYMENT = { id: "pay_080225913252", status: "PENDING", value: 19.9, netValue: 18.91, externalReference: "r1" };

/** An account whose answers are these. */
const answering = (answer: (request: HttpRequest) => unknown) =>
  ({ credentials: {}, now: NOW, call: async (request) => answer(request) }) as Api<never>;
const throws = (meaning: GatewayError["meaning"]): never => {
  throw new GatewayError(meaning, "http");
};

describe("a charge", () => {
  const chargeWith = (answer: (request: HttpRequest) => unknown) =>
    asaas.charge(inputOf({ payer: PAYER }), answering(answer));

  test("whose payment exists but has no code yet is unknown, whatever went wrong", async () => {
    for (const meaning of ["away", "limited", "refused", "credentials", "not_found"] as const) {
      const failing = chargeWith(({ path }) => {
        if (path.endsWith("/pixQrCode")) return throws(meaning);
        return path === "/customers" ? { id: "cus_1" } : PAYMENT;
      });
      expect((await errorOf(failing)).meaning).toBe("unknown");
    }
  });

  test("of which only the customer failed did not happen", async () => {
    const asked: string[] = [];
    const failing = chargeWith(({ path }) => {
      asked.push(path);
      return throws("away");
    });
    expect((await errorOf(failing)).meaning).toBe("away");
    expect(asked).toEqual(["/customers"]);
  });

  test("needs a name and a CPF that were given", async () => {
    await using stage = await openStage(asaasFake);
    for (const missing of [{ name: null }, { cpf: null }])
      expect((await errorOf(stage.charge({ payer: { ...PAYER, ...missing } }))).meaning).toBe("refused");
    expect(stage.fake.requests).toEqual([]);
  });

  test("ends on the day in Brasília on which its time is over", async () => {
    await using stage = await openStage(asaasFake);
    const input = inputOf({ payer: PAYER, expiresInSeconds: 1_140 });
    await stage.gateway.charge(input, { ...stage.api(), now: NOW } as never);
    expect(stage.fake.requests.at(1)?.body).toMatchObject({
      dueDate: "2026-11-22",
      externalReference: input.reference,
    });
    await stage.gateway.charge({ ...input, expiresInSeconds: 1_200 }, { ...stage.api(), now: NOW } as never);
    expect(stage.fake.requests.at(4)?.body).toMatchObject({ dueDate: "2026-11-23" });
    expect(stage.fake.requests.at(0)?.body).toMatchObject({ notificationDisabled: true });
  });
});

const reportOf = (changes: object): Promise<Report> =>
  asaas.status(
    { gatewayId: PAYMENT.id, reference: "r1" },
    answering(() => ({ ...PAYMENT, ...changes })),
  );

describe("a payment", () => {
  test("says what became of it by its exact word", async () => {
    const states: Record<string, string> = {
      RECEIVED: "paid",
      CONFIRMED: "paid",
      RECEIVED_IN_CASH: "paid",
      OVERDUE: "expired",
      REFUND_IN_PROGRESS: "refunded",
      AWAITING_CHARGEBACK_REVERSAL: "chargeback",
      received: "unknown",
      PAYMENT_RECEIVED: "unknown",
      constructor: "unknown",
    };
    for (const [status, state] of Object.entries(states)) expect(await reportOf({ status })).toMatchObject({ state });
  });

  test("that was deleted is failed, whatever its word", async () => {
    expect(await reportOf({ deleted: true })).toMatchObject({ state: "failed", word: "PENDING deleted" });
    expect((await reportOf({ deleted: "true" })).state).toBe("pending");
  });

  test("counts refunds that were done, and knows the fee", async () => {
    const refund = (status: string, value: number) => ({ status, value });
    const refunds = [refund("DONE", 2), refund("PENDING", 3), refund("CANCELLED", 4), refund("DONE", 1.1)];
    expect(await reportOf({ status: "RECEIVED", refunds })).toMatchObject({ state: "paid", refunded: 310, fee: 99 });
    expect(await reportOf({ status: "REFUNDED", refunds: null })).toMatchObject({ state: "refunded", refunded: 1990 });
    expect((await reportOf({ netValue: null })).fee).toBeNull();
  });

  test("found by our reference is the paid one of two, and lives without a code", async () => {
    const key = { gatewayId: null, reference: "r1" };
    const paid = { ...PAYMENT, id: "pay_2", status: "RECEIVED" };
    const two = answering(() => ({ data: [PAYMENT, paid] }));
    expect(await asaas.status(key, two)).toMatchObject({ gatewayId: "pay_2", state: "paid" });
    const codeless = (meaning: GatewayError["meaning"]) =>
      answering(({ path }) => (path === "/payments" ? { data: [PAYMENT] } : throws(meaning)));
    expect(await asaas.status(key, codeless("refused"))).toMatchObject({ state: "pending", brCode: null });
    expect((await errorOf(asaas.status(key, codeless("away")))).meaning).toBe("away");
    expect(
      (
        await errorOf(
          asaas.status(
            key,
            answering(() => ({ data: [] })),
          ),
        )
      ).meaning,
    ).toBe("not_found");
  });
});

describe("a notice", () => {
  const read = (value: unknown) => asaas.webhook.read(value, jsonNotice(value));

  test("names its payment, also one that was deleted", () => {
    const payment = { ...PAYMENT, deleted: true };
    const hint = { about: "charge" as const, gatewayId: PAYMENT.id, reference: "r1" };
    for (const event of ["PAYMENT_RECEIVED", "PAYMENT_DELETED"]) expect(read({ event, payment })).toEqual([hint]);
    expect(read({ event: "PAYMENT_CREATED", payment: { ...payment, externalReference: null } })).toEqual([
      { ...hint, reference: null },
    ]);
  });

  test("of a transfer is about something else", () => {
    expect(read({ event: "TRANSFER_DONE", transfer: { id: "1" } })).toEqual([{ about: "other" }]);
    expect(read({ event: "PAYMENT_RECEIVED", payment: { id: "../x" } })).toEqual([{ about: "other" }]);
    expect(read({})).toEqual([]);
  });

  test("carries the webhook's token, whole", () => {
    const verdictOf = (headers: Record<string, string>, own: object) =>
      asaas.webhook.verify(jsonNotice({}, headers), { apiKey: "$aact_1", ...own }, NOW);
    const own = { noticeToken: "aviso-7e5d2a3f9c1b" };
    const given = ["aviso-7e5d2a3f9c1b", "aviso-7e5d2a3f9c1c", "aviso-7e5d2a3f9c1b ", "aviso", ""];
    const [whole, ...others] = given.map((token) => verdictOf({ "asaas-access-token": token }, own));
    expect(whole).toBe("authentic");
    expect(new Set(others)).toEqual(new Set(["forged"]));
    expect([verdictOf({}, own), verdictOf({}, {})]).toEqual(["forged", "unsigned"]);
  });
});
