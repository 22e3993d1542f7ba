// Asaas's fake: a customer, a payment and its QR code, amounts in reais, a list by our reference, notices with a token in a header.

import type { GatewayFake, RunningFake } from "../fake.ts";
import { centsOf, createBook, distorted, reaisOf, type VendorCharge, type Words } from "./charge-book.ts";
import { jsonNotice, startVendor, type VendorRequest } from "./vendor-server.ts";

const API_KEY = "$aact_prod_000MzkwODA2MWY2OGM3MWRlMDU2NWM3MzJlNzZmNGZhZGY6OmI4ZDFh";
const NOTICE_TOKEN = "aviso-7e5d2a3f9c1b";

const WORDS: Words = {
  paid: "RECEIVED",
  expired: "OVERDUE",
  failed: "PENDING",
  refunded: "REFUNDED",
  partly_refunded: "RECEIVED",
  chargeback: "CHARGEBACK_REQUESTED",
  strange_word: "DUNNING_REQUESTED",
};

type Extra = { isDeleted: boolean };

const shown = (charge: VendorCharge & Extra) => ({
  object: "payment",
  id: charge.id,
  dateCreated: "2026-11-22",
  customer: "cus_000005219613",
  value: reaisOf(charge.cents),
  netValue: reaisOf(charge.cents - 99),
  billingType: "PIX",
  status: charge.word,
  dueDate: "2026-11-22",
  paymentDate: charge.paidAt === null ? null : "2026-11-22",
  pixTransaction: null,
  pixQrCodeId: null,
  externalReference: charge.reference,
  invoiceUrl: "https://www.asaas.com/i/080225913252",
  deleted: charge.isDeleted,
  refunds:
    charge.refundedCents === 0
      ? null
      : [{ dateCreated: "2026-11-22 10:28:40", status: "DONE", value: reaisOf(charge.refundedCents) }],
  split: null,
});

const problem = (status: number, description: string) => ({
  status,
  json: { errors: [{ code: "invalid_action", description }] },
});
const ERROR_INSIDE = { json: { errors: [{ code: "invalid_action", description: "Conta bloqueada." }] } };

async function start(): Promise<RunningFake> {
  const book = createBook<Extra>();

  function makeCustomer({ body }: VendorRequest) {
    const { name, cpfCnpj } = body as Record<string, unknown>;
    if (!name || !/^\d{11}$/.test(String(cpfCnpj))) return problem(400, "O CPF informado é inválido.");
    return { json: { object: "customer", id: "cus_000005219613", name, cpfCnpj } };
  }

  function make({ body, fault }: VendorRequest) {
    const { customer, value, billingType, dueDate, externalReference } = body as Record<string, unknown>;
    const cents = centsOf(value);
    if (customer !== "cus_000005219613" || billingType !== "PIX") return problem(400, "Customer inválido.");
    if (!/^\d{4}-\d\d-\d\d$/.test(String(dueDate))) return problem(400, "O vencimento é inválido.");
    if (cents === undefined || cents < 500) return problem(400, "O valor mínimo é R$ 5,00.");
    if (fault === "error_inside") return ERROR_INSIDE;
    const id = `pay_${crypto.randomUUID().replaceAll("-", "").slice(0, 15)}0`;
    const fresh = { id, cents, word: "PENDING", reference: String(externalReference), isDeleted: false };
    const answered = distorted(book.make(fresh), fault);
    // Its code is asked for by the id in the answer.
    if (fault) book.make(answered);
    return { json: shown(answered) };
  }

  function ask({ params, fault }: VendorRequest) {
    const charge = book.get(params.id ?? "");
    if (!charge) return { status: 404, json: {} };
    return fault === "error_inside" ? ERROR_INSIDE : { json: shown(distorted(charge, fault)) };
  }

  function askCode({ params }: VendorRequest) {
    const charge = book.get(params.id ?? "");
    if (!charge) return { status: 404, json: {} };
    return {
      json: { encodedImage: "iVBORw0KGgo=", payload: charge.brCode, expirationDate: "2027-11-22 23:59:59" },
    };
  }

  function list({ query }: VendorRequest) {
    const found = book.byReference(query.get("externalReference") ?? "");
    const data = found ? [shown(found)] : [];
    return { json: { object: "list", hasMore: false, totalCount: data.length, limit: 10, offset: 0, data } };
  }

  function giveBack({ params }: VendorRequest) {
    const charge = book.get(params.id ?? "");
    if (charge?.word !== "RECEIVED") return problem(400, "Somente cobranças recebidas podem ser estornadas.");
    book.happen(charge.id, { what: "refunded" }, WORDS);
    return { json: shown(charge) };
  }

  const vendor = startVendor({
    routes: [
      { method: "POST", path: "/v3/customers", answer: makeCustomer },
      { method: "POST", path: "/v3/payments", on: "charge", answer: make },
      { method: "GET", path: "/v3/payments", answer: list },
      { method: "GET", path: "/v3/payments/:id", on: "status", answer: ask },
      { method: "GET", path: "/v3/payments/:id/pixQrCode", answer: askCode },
      { method: "POST", path: "/v3/payments/:id/refund", answer: giveBack },
    ],
    isAuthorized: ({ headers }) => headers.access_token === API_KEY,
    refusal: (_, description) => ({ errors: [{ code: "invalid_action", description }] }),
  });
  const baseUrl = `${vendor.url}/v3`;
  const noticeWith = (gatewayId: string, headers: Record<string, string>) => {
    const payment = shown(book.mustGet(gatewayId));
    const id = "evt_05b708f961d739ea7eba7e4db318f621&368604920";
    return jsonNotice({ id, event: `PAYMENT_${payment.status}`, dateCreated: "2026-11-22 16:45:03", payment }, headers);
  };
  return {
    credentials: { apiKey: API_KEY, noticeToken: NOTICE_TOKEN, baseUrl },
    wrongCredentials: { apiKey: `${API_KEY}x`, noticeToken: NOTICE_TOKEN, baseUrl },
    requests: vendor.requests,
    failNext: vendor.failNext,
    happen({ gatewayId }, happening) {
      // Whoever scans the code pays exactly its amount; only the seller ends a payment, by deleting it.
      if (happening.what === "paid" && happening.cents !== undefined) return false;
      book.mustGet(gatewayId).isDeleted = happening.what === "failed";
      return book.happen(gatewayId, happening, WORDS);
    },
    notice: ({ gatewayId }) => noticeWith(gatewayId, { "asaas-access-token": NOTICE_TOKEN }),
    forged: ({ gatewayId }) => [
      { wrong: "no token", notice: noticeWith(gatewayId, {}) },
      { wrong: "another token", notice: noticeWith(gatewayId, { "asaas-access-token": "aviso-7e5d2a3f9c1c" }) },
      { wrong: "a part of the token", notice: noticeWith(gatewayId, { "asaas-access-token": "aviso" }) },
      { wrong: "the API's key", notice: noticeWith(gatewayId, { "asaas-access-token": API_KEY }) },
    ],
    [Symbol.asyncDispose]: vendor.stop,
  };
}

export const asaasFake: GatewayFake = {
  kind: "asaas",
  payer: { name: "Ana Souza", cpf: "52998224725", email: null },
  start,
};
