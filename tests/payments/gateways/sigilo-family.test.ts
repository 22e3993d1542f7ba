// The oddities of SigiloPay's platform: the secret of each charge, an identifier under two names, a 200 that is a refusal, brands.

import { expect, test } from "bun:test";
import { cents } from "#src/kernel/money.ts";
import type { ChargeInput } from "#src/payments/gateways/gateway.ts";
import { sigiloFamily } from "#src/payments/gateways/sigilo-family.ts";
import { sigiloFamilyFake } from "./fakes/sigilo-family.ts";
import { jsonNotice } from "./fakes/vendor-server.ts";
import recorded from "./recorded/sigilo_family.json" with { type: "json" };
import { errorOf, inputOf, openStage } from "./stage.ts";

const { id, identifier } = recorded.transaction;
const { token } = recorded;

const hintsOf = (value: unknown) => sigiloFamily.webhook.read(value, jsonNotice(value));
const answering = (answer: unknown) => ({ credentials: {}, now: new Date(), call: async () => answer }) as never;
const statusOf = (changes: Record<string, unknown>) => {
  const found = { id, clientIdentifier: identifier, amount: 19.9, status: "PENDING", payedAt: null, currency: "BRL" };
  return sigiloFamily.status({ gatewayId: id, reference: identifier }, answering({ ...found, ...changes }));
};

test("the recorded notice leads to the charge and carries its secret", () => {
  expect(hintsOf(recorded)).toEqual([{ about: "charge", gatewayId: id, reference: identifier, token }]);
});

test("our identifier is read under both names, and may be missing", () => {
  const { identifier: _, ...transaction } = recorded.transaction;
  const renamed = { ...recorded, transaction: { ...transaction, clientIdentifier: identifier } };
  expect(hintsOf(renamed)).toEqual([{ about: "charge", gatewayId: id, reference: identifier, token }]);
  const missing = { ...recorded, transaction: { ...transaction, identifier: null } };
  expect(hintsOf(missing)).toEqual([{ about: "charge", gatewayId: id, reference: null, token }]);
});

test("a notice without a transaction is about no charge", () => {
  expect(hintsOf({ event: "TRANSFER_COMPLETED", token, withdraw: { id: "cm5" } })).toEqual([]);
});

test("only COMPLETED is paid; OK, the word for a charge that was made, is not", async () => {
  const paid = await statusOf({ status: "COMPLETED", payedAt: "2026-08-20T12:01:10.000Z" });
  expect(paid).toMatchObject({ state: "paid", amount: cents(1990), paidAt: new Date("2026-08-20T12:01:10Z") });
  for (const status of ["OK", "PENDING", "completed", "PAID", "APPROVED", "valueOf"])
    expect((await statusOf({ status })).state).not.toBe("paid");
});

test("a charge answered with FAILED, REJECTED or CANCELED is refused, with a PIX code or without", async () => {
  for (const status of ["FAILED", "REJECTED", "CANCELED"]) {
    const answer = { transactionId: id, status, webhookToken: token, pix: { code: "000201" } };
    for (const one of [answer, { ...answer, pix: null }])
      expect((await errorOf(sigiloFamily.charge(inputOf({}), answering(one)))).meaning).toBe("refused");
  }
});

test("a charge goes out in reais to the brand of the base URL, with a browser's name and what the payer gave", async () => {
  await using stage = await openStage(sigiloFamilyFake);
  const split: ChargeInput["split"] = { recipient: "cm7produtor", amount: cents(100) };
  const { input, charged } = await stage.charge({ split, noticeUrl: "https://bots.example.com/w/conta" });
  expect(charged.noticeToken).toBeString();
  const [request] = stage.fake.requests.slice(-1);
  expect(request?.path).toBe("/api/v1/gateway/pix/receive");
  expect(request?.headers["user-agent"]).toStartWith("Mozilla/5.0");
  expect(request?.body).toEqual({
    identifier: input.reference,
    amount: 19.9,
    client: { name: "Ana", email: "ana@example.com", document: "52998224725" },
    splits: [{ producerId: "cm7produtor", amount: 1 }],
    callbackUrl: "https://bots.example.com/w/conta",
  });
});

test("an unknown name of the payer is left out, not made up", async () => {
  await using stage = await openStage(sigiloFamilyFake);
  await stage.charge({ payer: { name: null, cpf: "52998224725", email: "ana@example.com" } });
  expect(stage.fake.requests.at(-1)?.body).toMatchObject({
    client: { email: "ana@example.com", document: "52998224725" },
  });
  expect(JSON.stringify(stage.fake.requests.at(-1)?.body)).not.toContain("name");
});
