// Woovi by itself: its published keys, test deliveries, notices of other things, refunds that a charge does not show, and statements.

import { describe, expect, test } from "bun:test";
import { createHash, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { cents } from "#src/kernel/money.ts";
import { type Api, GatewayError, type HttpRequest, type RawNotice } from "#src/payments/gateways/gateway.ts";
import { woovi } from "#src/payments/gateways/woovi.ts";
import { jsonNotice } from "./fakes/vendor-server.ts";
import { errorOf } from "./stage.ts";

const { publicKey, privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const NOW = new Date("2026-11-22T12:00:00Z");
const BODY = { event: "OPENPIX:CHARGE_COMPLETED", charge: { correlationID: "r1", status: "COMPLETED" } };

function signed(value: unknown, headers: Record<string, string> = {}): RawNotice {
  const { body, ...rest } = jsonNotice(value);
  const signature = sign("RSA-SHA256", body, privateKey).toString("base64");
  return { ...rest, body, headers: { ...rest.headers, "x-webhook-signature": signature, ...headers } };
}
const verdictOf = (notice: RawNotice, credentials: Record<string, string>) =>
  woovi.webhook.verify(notice, { appId: "Q2xpZW50", ...credentials }, NOW);

describe("a signature", () => {
  test("of the key that the seller entered is authentic, of the published one it is not", () => {
    expect(verdictOf(signed(BODY), { publicKey })).toBe("authentic");
    expect(verdictOf(signed(BODY), {})).toBe("forged");
    expect(verdictOf(signed(BODY), { baseUrl: "https://api.woovi-sandbox.com/api/v1" })).toBe("forged");
  });

  test("covers every byte of the body", () => {
    const notice = signed(BODY);
    const spaced = new TextEncoder().encode(JSON.stringify(BODY, null, 1));
    expect(verdictOf({ ...notice, body: spaced }, { publicKey })).toBe("forged");
  });

  test("is not enough where the seller gave his webhook a token", () => {
    const own = { publicKey, noticeToken: "aviso-2a3f9c1b7e5d" };
    const verdicts = ["aviso-2a3f9c1b7e5d", "aviso-2a3f9c1b7e5e", "aviso", ""].map((authorization) =>
      verdictOf(signed(BODY, { authorization }), own),
    );
    expect(verdicts).toEqual(["authentic", "forged", "forged", "forged"]);
    expect(verdictOf(signed(BODY), own)).toBe("forged");
    const unsigned = jsonNotice(BODY, { authorization: "aviso-2a3f9c1b7e5d" });
    expect(verdictOf(unsigned, own)).toBe("forged");
  });

  test("by a key that cannot be read is forged", () => {
    expect(verdictOf(signed(BODY), { publicKey: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----" })).toBe(
      "forged",
    );
  });
});

test("the keys are those that Woovi publishes with these identifiers", async () => {
  const source = await Bun.file(new URL("../../../src/payments/gateways/woovi.ts", import.meta.url)).text();
  const keys = source.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  const identifiers = keys.map((pem) =>
    createHash("sha256")
      .update(createPublicKey(pem).export({ type: "spki", format: "der" }))
      .digest("hex"),
  );
  expect(identifiers).toEqual([
    "9dce618794f8986c603915a51b7029126c260e5cfdb2aa47e131d837fd62311c",
    "7c8efa31466209cf247d23f6198a61643b8c322a0d80ea6d0a7a54073b2d6e91",
  ]);
});

describe("a notice", () => {
  const read = (value: unknown) => woovi.webhook.read(value, jsonNotice(value));
  const charge = [{ about: "charge" as const, gatewayId: "r1", reference: "r1" }];

  test("names its charge, also inside the PIX", () => {
    expect(read(BODY)).toEqual(charge);
    const received = { event: "OPENPIX:TRANSACTION_RECEIVED", pix: { charge: { correlationID: "r1" } } };
    expect(read(received)).toEqual(charge);
    expect(read({ ...received, charge: null })).toEqual(charge);
  });

  test("that only tests the address says nothing", () => {
    expect(read({ data_criacao: "2024-01-23T20:32:14.429Z", event: "OPENPIX:CHARGE_COMPLETED" })).toEqual([]);
    expect(read({ evento: "teste_webhook" })).toEqual([]);
  });

  test("of a dispute or a withdrawal is about something else", () => {
    const dispute = { status: "OPENED", endToEndId: "E3524a995bbd54034b6d07c1c36014557", value: 1000 };
    expect(read({ event: "OPENPIX:DISPUTE_CREATED", dispute })).toEqual([{ about: "other" }]);
    expect(read({ event: "OPENPIX:MOVEMENT_CONFIRMED", payment: {} })).toEqual([{ about: "other" }]);
  });
});

/** An account whose answers are these. */
const answering = (answer: (request: HttpRequest) => unknown) =>
  ({ credentials: {}, now: NOW, call: async (request) => answer(request) }) as Api<never>;
const KEY = { gatewayId: "r1", reference: "r1" };
const CHARGE = { correlationID: "r1", status: "COMPLETED", value: 1990, fee: 50, paidAt: "2026-03-12T12:44:09.269Z" };

describe("refunds", () => {
  const reportWith = (refunds: () => unknown) =>
    woovi.status(
      KEY,
      answering(({ path }) => (path.endsWith("/refund") ? refunds() : { charge: CHARGE })),
    );
  const throwing = (meaning: GatewayError["meaning"]) => () => {
    throw new GatewayError(meaning, "http");
  };

  test("count when they are confirmed", async () => {
    const refund = (status: string, value: number) => ({ status, value });
    const some = { refunds: [refund("CONFIRMED", 500), refund("IN_PROCESSING", 400), refund("REJECTED", 300)] };
    expect(await reportWith(() => some)).toMatchObject({ state: "paid", amount: 1990, refunded: 500, fee: 50 });
    const all = { refunds: [refund("CONFIRMED", 500), refund("CONFIRMED", 1490)] };
    expect(await reportWith(() => all)).toMatchObject({ state: "refunded", word: "COMPLETED", refunded: 1990 });
  });

  test("that the AppID may not read are left at nothing; a question that failed is asked again", async () => {
    expect(await reportWith(throwing("credentials"))).toMatchObject({ state: "paid", refunded: 0 });
    expect(await reportWith(throwing("not_found"))).toMatchObject({ state: "paid", refunded: 0 });
    expect((await errorOf(reportWith(throwing("away")))).meaning).toBe("away");
  });
});

test("a charge that does not exist is not found, by status or by words; another refusal stays one", async () => {
  const meaningOf = async (meaning: GatewayError["meaning"], message: string) => {
    const asking = woovi.status(
      KEY,
      answering(() => {
        throw new GatewayError(meaning, message);
      }),
    );
    return (await errorOf(asking)).meaning;
  };
  expect(await meaningOf("not_found", "http_404")).toBe("not_found");
  expect(await meaningOf("refused", "http_400: Cobrança não encontrada")).toBe("not_found");
  expect(await meaningOf("refused", "http_400: Charge not found")).toBe("not_found");
  expect(await meaningOf("refused", "http_400: Conta bloqueada")).toBe("refused");
});

test("a statement goes through all pages and leaves withdrawals and fees out", async () => {
  const period = { from: new Date("2026-11-20T00:00:00Z"), to: new Date("2026-11-21T00:00:00Z") };
  const time = "2026-11-20T10:00:00Z";
  const at = new Date(time);
  const pages = [
    [
      { type: "PAYMENT", value: 1990, time, charge: { correlationID: "r1" }, endToEndId: "E1" },
      { type: "PAYMENT", value: 700, time, endToEndId: "E2" },
      { type: "FEE", value: 50, time, endToEndId: "E1" },
      { type: "WITHDRAW", value: 5000, time, endToEndId: "E3" },
    ],
    [
      { type: "REFUND", value: 500, time, charge: { correlationID: "r1" } },
      { type: "PAYMENT", value: 1990, time: "2026-11-21T00:00:00Z", charge: { correlationID: "r2" } },
    ],
  ];
  const api = answering(({ query }) => {
    const page = Number(query?.skip) / 100;
    return { pageInfo: { hasNextPage: page === 0 }, transactions: pages[page] };
  });
  expect(await woovi.statement?.(period, api)).toEqual([
    { gatewayId: "r1", reference: "r1", amount: cents(1990), at },
    { gatewayId: "E2", reference: null, amount: cents(700), at },
    { gatewayId: "r1", reference: "r1", amount: cents(-500), at },
  ]);
});
