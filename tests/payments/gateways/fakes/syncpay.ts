// SyncPay's fake: amounts in reais, a token for everything, the notice's kind in the header "event".

import type { GatewayFake, RunningFake } from "../fake.ts";
import { centsOf, createBook, distorted, reaisOf, type VendorCharge, type Words } from "./charge-book.ts";
import { jsonNotice, startVendor, type VendorRequest } from "./vendor-server.ts";

const CLIENT_ID = "b0a4c5e2-6d1f-4f0e-9c3b-2a7d8e9f1c05";
const CLIENT_SECRET = "5c1d8f2e-0b7a-4e63-8d94-f3a6c2b1e7d0";

const WORDS: Words = {
  paid: "completed",
  expired: "EXPIRED",
  failed: "failed",
  refunded: "refunded",
  chargeback: "med",
  strange_word: "under_review",
};

const shown = (charge: VendorCharge) => ({
  reference_id: charge.id,
  currency: "BRL",
  amount: reaisOf(charge.paidCents ?? charge.cents),
  transaction_date: "2026-08-19 12:00:00",
  status: charge.word,
  description: "Acesso",
  pix_code: charge.brCode,
});

/** What a notice carries beside the charge. */
export const noticeData = (charge: VendorCharge) => ({
  id: charge.id,
  client: { name: "Ana Souza", email: "ana@example.com", document: "52998224725" },
  pix_code: charge.brCode,
  amount: reaisOf(charge.paidCents ?? charge.cents),
  final_amount: 32.46,
  currency: "BRL",
  status: charge.word,
  payment_method: "PIX",
  end_to_end: charge.endToEndId,
  debtor_account: { name: "ANA SOUZA" },
  created_at: "2026-08-19 12:00:00",
  updated_at: "2026-08-19 12:01:02",
});

const ERROR_INSIDE = { json: { message: "Cashin exceeds max_cashin_without_fee" } };

export type SyncpayFake = RunningFake & {
  /** Every token given out so far is refused from now on. */
  revokeTokens(): void;
};

export async function startSyncpay(): Promise<SyncpayFake> {
  const book = createBook();
  const tokens = new Set<string>();

  function giveToken({ body }: VendorRequest) {
    const { client_id, client_secret } = body as Record<string, unknown>;
    if (client_id !== CLIENT_ID || client_secret !== CLIENT_SECRET)
      return { status: 401, json: { message: `Unauthorized ${client_secret}` } };
    const token = `${tokens.size + 1}|${crypto.randomUUID()}${crypto.randomUUID()}`;
    tokens.add(token);
    return { json: { access_token: token, token_type: "Bearer", expires_in: 3600, expires_at: "2026-08-19 13:00:00" } };
  }

  function make({ body, fault }: VendorRequest) {
    const { amount, webhook_url } = body as Record<string, unknown>;
    const cents = centsOf(amount);
    if (cents === undefined || cents < 100) return { status: 422, json: { message: "The amount field is invalid." } };
    if (fault === "error_inside") return ERROR_INSIDE;
    const noticeUrl = typeof webhook_url === "string" ? webhook_url : null;
    const kept = book.make({ id: crypto.randomUUID(), cents, word: "pending", noticeUrl });
    const { id, brCode } = distorted(kept, fault);
    return { json: { message: "Cashin request successfully submitted", pix_code: brCode, identifier: id } };
  }

  function ask({ params, fault }: VendorRequest) {
    const charge = book.get(params.id ?? "");
    if (!charge) return { status: 404, json: { message: "Transaction not found" } };
    if (fault === "error_inside") return ERROR_INSIDE;
    return { json: { data: shown(distorted(charge, fault)) } };
  }

  const vendor = startVendor({
    routes: [
      { method: "POST", path: "/api/partner/v1/auth-token", isOpen: true, answer: giveToken },
      { method: "POST", path: "/api/partner/v1/cash-in", on: "charge", answer: make },
      { method: "GET", path: "/api/partner/v1/transaction/:id", on: "status", answer: ask },
    ],
    isAuthorized: ({ headers }) => tokens.has(headers.authorization?.replace(/^Bearer /, "") ?? ""),
    refusal: (_, message) => ({ message }),
  });

  return {
    credentials: { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, baseUrl: vendor.url },
    wrongCredentials: { clientId: CLIENT_ID, clientSecret: `${CLIENT_SECRET}0`, baseUrl: vendor.url },
    requests: vendor.requests,
    failNext: vendor.failNext,
    revokeTokens: () => tokens.clear(),
    happen: ({ gatewayId }, happening) => book.happen(gatewayId, happening, WORDS),
    notice: ({ gatewayId }) => jsonNotice({ data: noticeData(book.mustGet(gatewayId)) }, { event: "cashin.update" }),
    forged: () => [],
    [Symbol.asyncDispose]: vendor.stop,
  };
}

export const syncpayFake: GatewayFake = {
  kind: "syncpay",
  payer: { name: null, cpf: null, email: null },
  start: startSyncpay,
};
