// PushinPay's fake: amounts in cents, ids in small letters in answers and in capitals in notices.

import type { GatewayFake, RunningFake } from "../fake.ts";
import { createBook, distorted, type VendorCharge, type Words } from "./charge-book.ts";
import { jsonNotice, startVendor, type VendorRequest } from "./vendor-server.ts";

const TOKEN = "48512|pZ3kq8Vt1LwYcN5rHsX7mBdJ2fGaEo9uTiQ4vSxK";
const NOTICE_TOKEN = "aviso-3f9c1b7e5d2a";
const PART_OF_NAME = { payer_name: "FULANO DE TAL", payer_national_registration: "***123456**" };

const WORDS: Words = {
  paid: "paid",
  expired: "expired",
  failed: "canceled",
  refunded: "refunded",
  chargeback: "chargeback",
  strange_word: "in_analysis",
};

/** The transaction object: the same in answers and, filled, in notices. */
const shown = (charge: VendorCharge) => ({
  id: charge.id,
  status: charge.word,
  value: charge.paidCents ?? charge.cents,
  qr_code: charge.brCode,
  qr_code_base64: "data:image/png;base64,iVBORw0KGgo=",
  webhook_url: charge.noticeUrl,
  webhook: null,
  split_rules: [],
  end_to_end_id: charge.endToEndId,
  ...(charge.paidCents === null ? { payer_name: null, payer_national_registration: null } : PART_OF_NAME),
});

const invalid = (field: string, message: string) => ({
  status: 422,
  json: { message, errors: { [field]: [message] } },
});
const ERROR_INSIDE = { json: { message: "Conta bloqueada.", errors: { value: ["Conta bloqueada."] } } };

async function start(): Promise<RunningFake> {
  const book = createBook();

  function make({ body, fault }: VendorRequest) {
    const { value, webhook_url, ...others } = body as Record<string, unknown>;
    if (typeof value !== "number" || !Number.isInteger(value))
      return invalid("value", "O campo value deve ser inteiro.");
    if (value < 50) return invalid("value", "O campo value deve ser no mínimo 50.");
    const unknown = Object.keys(others).filter((name) => name !== "split_rules");
    if (unknown.length > 0) return invalid(String(unknown[0]), "Campo desconhecido.");
    if (fault === "error_inside") return ERROR_INSIDE;
    const noticeUrl = typeof webhook_url === "string" ? webhook_url : null;
    const charge = book.make({ id: crypto.randomUUID(), cents: value, word: "created", noticeUrl });
    return { json: shown(distorted(charge, fault)) };
  }

  function ask({ params, fault }: VendorRequest) {
    const charge = book.get((params.id ?? "").toLowerCase());
    if (!charge) return { status: 404, json: [] };
    if (fault === "error_inside") return ERROR_INSIDE;
    return { json: shown(distorted(charge, fault)) };
  }

  function giveBack({ params }: VendorRequest) {
    const charge = book.get((params.id ?? "").toLowerCase());
    if (charge?.word !== "paid") return { status: 400, json: { message: "Transação não pode ser estornada." } };
    book.happen(charge.id, { what: "refunded" }, WORDS);
    return { json: { message: "Estorno solicitado." } };
  }

  const vendor = startVendor({
    routes: [
      { method: "POST", path: "/api/pix/cashIn", on: "charge", answer: make },
      { method: "GET", path: "/api/transactions/:id", on: "status", answer: ask },
      { method: "POST", path: "/api/transactions/:id/refund", answer: giveBack },
    ],
    isAuthorized: ({ headers }) => headers.authorization === `Bearer ${TOKEN}`,
    refusal: (_, message) => ({ message }),
  });
  const baseUrl = `${vendor.url}/api`;

  const noticeWith = (gatewayId: string, headers: Record<string, string>) => {
    const charge = book.mustGet(gatewayId);
    return jsonNotice({ ...shown(charge), id: charge.id.toUpperCase() }, headers);
  };
  return {
    credentials: { token: TOKEN, noticeToken: NOTICE_TOKEN, baseUrl },
    wrongCredentials: { token: `${TOKEN}x`, noticeToken: NOTICE_TOKEN, baseUrl },
    requests: vendor.requests,
    failNext: vendor.failNext,
    happen: ({ gatewayId }, happening) => book.happen(gatewayId, happening, WORDS),
    notice: ({ gatewayId }) => noticeWith(gatewayId, { "x-pushinpay-token": NOTICE_TOKEN }),
    forged: ({ gatewayId }) => [
      { wrong: "no token", notice: noticeWith(gatewayId, {}) },
      { wrong: "another token", notice: noticeWith(gatewayId, { "x-pushinpay-token": "aviso-3f9c1b7e5d2b" }) },
      { wrong: "a part of the token", notice: noticeWith(gatewayId, { "x-pushinpay-token": "aviso" }) },
      { wrong: "the API's token", notice: noticeWith(gatewayId, { "x-pushinpay-token": TOKEN }) },
    ],
    [Symbol.asyncDispose]: vendor.stop,
  };
}

export const pushinpayFake: GatewayFake = {
  kind: "pushinpay",
  payer: { name: null, cpf: null, email: null },
  start,
};
