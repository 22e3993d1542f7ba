// The fake of SigiloPay's platform: amounts in reais, the payer's CPF and e-mail asked for, each charge with a secret for its notices.

import type { GatewayFake, RunningFake } from "../fake.ts";
import { centsOf, createBook, distorted, reaisOf, type VendorCharge, type Words } from "./charge-book.ts";
import { jsonNotice, startVendor, type VendorRequest } from "./vendor-server.ts";

const PUBLIC_KEY = "loja-ana_p4h8s2k6w0q3x7z1";
const SECRET_KEY = "k9v2m5t8/b1n4+c7j0g3f6==";

type Extra = { noticeToken: string };

const WORDS: Words = {
  paid: "COMPLETED",
  failed: "FAILED",
  refunded: "REFUNDED",
  chargeback: "CHARGED_BACK",
  strange_word: "UNDER_DISPUTE",
};

const EVENTS: Record<string, string> = {
  PENDING: "TRANSACTION_CREATED",
  COMPLETED: "TRANSACTION_PAID",
  FAILED: "TRANSACTION_CANCELED",
  REFUNDED: "TRANSACTION_REFUNDED",
  CHARGED_BACK: "TRANSACTION_CHARGED_BACK",
};

const made = (charge: VendorCharge & Extra) => ({
  transactionId: charge.id,
  status: "OK",
  fee: 1.49,
  webhookToken: charge.noticeToken,
  order: { id: "cm2order", url: "https://app.example.com/order/cm2order", receiptUrl: "" },
  pix: { code: charge.brCode, image: "https://app.example.com/qr/cm2order.png", base64: "" },
});

const shown = (charge: VendorCharge) => ({
  id: charge.id,
  clientIdentifier: charge.reference,
  amount: reaisOf(charge.paidCents ?? charge.cents),
  status: charge.word,
  statusDescription: "",
  payedAt: charge.paidAt?.toISOString() ?? null,
  currency: "BRL",
  paymentMethod: "PIX",
});

const noticeBody = (charge: VendorCharge & Extra) => ({
  event: EVENTS[charge.word] ?? "TRANSACTION_CREATED",
  token: charge.noticeToken,
  offerCode: null,
  client: { id: "cm1cli", name: "Ana Souza", email: "ana@example.com", phone: null, cpf: "529.982.247-25", cnpj: null },
  transaction: {
    id: charge.id,
    identifier: charge.reference,
    status: charge.word,
    paymentMethod: "PIX",
    amount: reaisOf(charge.paidCents ?? charge.cents),
    commissionAmount: 18.41,
    originalAmount: reaisOf(charge.cents),
    currency: "BRL",
    createdAt: charge.createdAt.toISOString(),
    payedAt: charge.paidAt?.toISOString() ?? null,
    pixInformation: { qrCode: charge.brCode, endToEndId: charge.endToEndId },
  },
  orderItems: [],
  trackProps: { utm_source: "FB" },
});

async function start(): Promise<RunningFake> {
  const book = createBook<Extra>();

  function make({ body, fault }: VendorRequest) {
    const { identifier, amount, client } = body as Record<string, unknown>;
    const { document, email } = (client ?? {}) as Record<string, unknown>;
    const cents = centsOf(amount);
    const wrong = cents === undefined ? "amount" : !document || !email ? "client" : !identifier ? "identifier" : null;
    if (cents === undefined || wrong)
      return {
        status: 400,
        json: { errorCode: "GATEWAY_INVALID_DATA", message: "Dados inválidos", details: { field: wrong } },
      };
    if (fault === "error_inside")
      return { json: { status: "FAILED", errorDescription: "Transação recusada", pix: null } };
    const id = `cm9${crypto.randomUUID().replaceAll("-", "").slice(0, 22)}`;
    const noticeToken = crypto.randomUUID();
    const charge = book.make({ id, cents, word: "PENDING", reference: String(identifier), noticeToken });
    return { status: 201, json: made(distorted(charge, fault)) };
  }

  function ask({ query, fault }: VendorRequest) {
    const charge = book.get(query.get("id") ?? "");
    if (!charge) return { status: 404, json: { errorCode: "GATEWAY_NOT_FOUND", message: "Transação não encontrada" } };
    if (fault === "error_inside")
      return { json: { errorCode: "GATEWAY_INVALID_ARGUMENT", message: "Dados inválidos" } };
    return { json: shown(distorted(charge, fault)) };
  }

  const vendor = startVendor({
    routes: [
      {
        method: "GET",
        path: "/api/v1/gateway/producer/credentials",
        answer: () => ({ json: { name: "Loja", permissions: [], grantAllPermissions: true, expiresAt: null } }),
      },
      { method: "POST", path: "/api/v1/gateway/pix/receive", on: "charge", answer: make },
      { method: "GET", path: "/api/v1/gateway/transactions", on: "status", answer: ask },
    ],
    isAuthorized: ({ headers }) => headers["x-public-key"] === PUBLIC_KEY && headers["x-secret-key"] === SECRET_KEY,
    refusal: (_, message) => ({ errorCode: message, message }),
  });
  const baseUrl = `${vendor.url}/api/v1`;

  return {
    credentials: { publicKey: PUBLIC_KEY, secretKey: SECRET_KEY, baseUrl },
    wrongCredentials: { publicKey: PUBLIC_KEY, secretKey: `${SECRET_KEY}0`, baseUrl },
    requests: vendor.requests,
    failNext: vendor.failNext,
    happen: ({ gatewayId }, happening) => book.happen(gatewayId, happening, WORDS),
    notice: ({ gatewayId }) => jsonNotice(noticeBody(book.mustGet(gatewayId))),
    forged({ gatewayId }) {
      const authentic = noticeBody(book.mustGet(gatewayId));
      return [
        { wrong: "no token", notice: jsonNotice({ ...authentic, token: undefined }) },
        { wrong: "another token", notice: jsonNotice({ ...authentic, token: crypto.randomUUID() }) },
        { wrong: "a token that is no text", notice: jsonNotice({ ...authentic, token: [authentic.token] }) },
      ];
    },
    [Symbol.asyncDispose]: vendor.stop,
  };
}

export const sigiloFamilyFake: GatewayFake = {
  kind: "sigilo_family",
  payer: { name: "Ana", cpf: "52998224725", email: "ana@example.com" },
  start,
};
