// Mercado Pago's fake: amounts in reais, an idempotency key that is kept to, a search, and notices whose signature covers the address.

import { createHmac, randomInt } from "node:crypto";
import type { RawNotice } from "#src/payments/gateways/gateway.ts";
import type { GatewayFake, RunningFake } from "../fake.ts";
import { centsOf, createBook, distorted, reaisOf, type VendorCharge, type Words } from "./charge-book.ts";
import { jsonNotice, startVendor, type VendorRequest } from "./vendor-server.ts";

const TOKEN = "APP_USR-4934588586838432-112210-3f1c2b7ad95e0648c2b1a7f3-241983636";
const SECRET = "8f2c61d0b7e94a53d1c8e6f0a2b9473561d0c7be";
const REQUEST_ID = "f7b2a1d4-0b1c-4ec2-aaaa-9e8b1d2f3c4d";

const WORDS: Words = {
  paid: "approved",
  expired: "cancelled",
  failed: "rejected",
  refunded: "refunded",
  partly_refunded: "approved",
  chargeback: "charged_back",
  strange_word: "under_review",
};
const DETAILS: Record<string, string> = {
  pending: "pending_waiting_transfer",
  approved: "accredited",
  cancelled: "expired",
  rejected: "cc_rejected_high_risk",
};

const shown = (charge: VendorCharge) => ({
  id: Number(charge.id),
  date_created: charge.createdAt.toISOString(),
  date_approved: charge.paidAt?.toISOString() ?? null,
  date_last_updated: new Date().toISOString(),
  date_of_expiration: "2036-11-22T12:30:00.000-03:00",
  payment_method_id: "pix",
  status: charge.word,
  status_detail: charge.word === "approved" && charge.refundedCents > 0 ? "partially_refunded" : DETAILS[charge.word],
  currency_id: "BRL",
  external_reference: charge.reference,
  transaction_amount: reaisOf(charge.cents),
  transaction_amount_refunded: reaisOf(charge.refundedCents),
  fee_details:
    charge.paidCents === null ? [] : [{ type: "mercadopago_fee", amount: reaisOf(19), fee_payer: "collector" }],
  point_of_interaction: {
    type: "OPENPLATFORM",
    transaction_data: { qr_code: charge.brCode, qr_code_base64: "iVBORw0KGgo=", ticket_url: "https://example.com/t" },
  },
});

const problem = (status: number, message: string) => ({ status, json: { message, error: "bad_request", status } });
const ERROR_INSIDE = { json: { message: "collector is blocked", error: "bad_request", status: 400, cause: [] } };

/** The notice of a payment, signed with `secret` at `ms`; `id`: what stands in the address. */
export function signedNotice(id: string, { secret = SECRET, ms = Date.now() } = {}): RawNotice {
  const v1 = createHmac("sha256", secret).update(`id:${id};request-id:${REQUEST_ID};ts:${ms};`).digest("hex");
  const value = {
    id: 112233445566,
    live_mode: true,
    type: "payment",
    date_created: "2026-05-25T13:01:08.000-03:00",
    application_id: 1234567890,
    user_id: 987654321,
    version: 1,
    api_version: "v1",
    action: "payment.updated",
    data: { id },
  };
  const headers = { "x-signature": `ts=${ms},v1=${v1}`, "x-request-id": REQUEST_ID };
  return jsonNotice(value, headers, { "data.id": id, type: "payment" });
}

const HOUR_MS = 3_600_000;

function forgedNotices(id: string): { wrong: string; notice: RawNotice }[] {
  const genuine = signedNotice(id);
  const withHeaders = (headers: Record<string, string>) => ({ ...genuine, headers });
  const { "x-signature": signature = "", ...unsigned } = genuine.headers;
  const of = (changed: string) => withHeaders({ ...genuine.headers, "x-signature": changed });
  return [
    { wrong: "no signature", notice: withHeaders(unsigned) },
    { wrong: "another's secret", notice: signedNotice(id, { secret: `${SECRET.slice(1)}0` }) },
    { wrong: "another charge", notice: { ...genuine, query: { ...genuine.query, "data.id": `${id}1` } } },
    { wrong: "another request", notice: withHeaders({ ...genuine.headers, "x-request-id": "other" }) },
    { wrong: "another time", notice: of(signature.replace(/ts=\d+/, `ts=${Date.now() - 1_000}`)) },
    { wrong: "a part of a signature", notice: of(signature.slice(0, -1)) },
    { wrong: "more than a signature", notice: of(`${signature}0`) },
    { wrong: "no time", notice: of(signature.replace(/ts=\d+,/, "")) },
    { wrong: "replayed after two days", notice: signedNotice(id, { ms: Date.now() - 48 * HOUR_MS }) },
    { wrong: "signed in two days", notice: signedNotice(id, { ms: Date.now() + 48 * HOUR_MS }) },
  ];
}

async function start(): Promise<RunningFake> {
  const book = createBook();
  const byKey = new Map<string, string>();
  const made: string[] = [];

  function make({ body, headers, fault }: VendorRequest) {
    const { transaction_amount, payer, external_reference, payment_method_id, notification_url } = body as Record<
      string,
      unknown
    >;
    const key = headers["x-idempotency-key"];
    const cents = centsOf(transaction_amount);
    if (key === undefined || payment_method_id !== "pix") return problem(400, "Header X-Idempotency-Key can't be null");
    if (cents === undefined || cents < 1) return problem(400, "Invalid transaction_amount");
    if (!(payer as { email?: unknown })?.email) return problem(400, "payer.email must be a valid email");
    if (fault === "error_inside") return ERROR_INSIDE;
    const id = byKey.get(key) ?? String(randomInt(1e9, 1e12));
    byKey.set(key, id);
    made.push(id);
    const noticeUrl = typeof notification_url === "string" ? notification_url : null;
    const kept = { id, cents, word: "pending", reference: String(external_reference), noticeUrl };
    return { status: 201, json: shown(distorted(book.get(id) ?? book.make(kept), fault)) };
  }

  function ask({ params, fault }: VendorRequest) {
    const charge = book.get(params.id ?? "");
    if (!charge) return problem(404, "Payment not found");
    return fault === "error_inside" ? ERROR_INSIDE : { json: shown(distorted(charge, fault)) };
  }

  function search({ query }: VendorRequest) {
    const reference = query.get("external_reference");
    const all = [...new Set(made)].map((id) => book.mustGet(id));
    const found = all.filter((one) => reference === null || one.reference === reference);
    const [offset, limit] = [Number(query.get("offset") ?? 0), Number(query.get("limit") ?? 30)];
    const results = found.slice(offset, offset + limit).map(shown);
    return { json: { results, paging: { total: found.length, limit, offset } } };
  }

  function giveBack({ params, headers }: VendorRequest) {
    const charge = book.get(params.id ?? "");
    if (charge?.word !== "approved" || !headers["x-idempotency-key"]) return problem(400, "Invalid status");
    book.happen(charge.id, { what: "refunded" }, WORDS);
    return { status: 201, json: { id: 1_034_567, payment_id: Number(charge.id), amount: reaisOf(charge.cents) } };
  }

  const vendor = startVendor({
    routes: [
      { method: "POST", path: "/v1/payments", on: "charge", answer: make },
      { method: "GET", path: "/v1/payments/search", answer: search },
      { method: "GET", path: "/v1/payments/:id", on: "status", answer: ask },
      { method: "POST", path: "/v1/payments/:id/refunds", answer: giveBack },
    ],
    isAuthorized: ({ headers }) => headers.authorization === `Bearer ${TOKEN}`,
    refusal: (status, message) => ({ message, error: "bad_request", status, cause: [] }),
  });
  return {
    credentials: { accessToken: TOKEN, webhookSecret: SECRET, baseUrl: vendor.url },
    wrongCredentials: { accessToken: `${TOKEN}7`, webhookSecret: SECRET, baseUrl: vendor.url },
    requests: vendor.requests,
    failNext: vendor.failNext,
    happen: ({ gatewayId }, happening) =>
      // Whoever scans the code pays exactly its amount.
      happening.what === "paid" && happening.cents !== undefined ? false : book.happen(gatewayId, happening, WORDS),
    notice: ({ gatewayId }) => signedNotice(gatewayId),
    forged: ({ gatewayId }) => forgedNotices(gatewayId),
    [Symbol.asyncDispose]: vendor.stop,
  };
}

export const mercadopagoFake: GatewayFake = {
  kind: "mercadopago",
  payer: { name: null, cpf: null, email: "ana@example.com" },
  start,
};
