// Woovi's fake: amounts in cents, charges by our own reference, refunds in a list of their own, and notices signed with an RSA key.

import { generateKeyPairSync, sign } from "node:crypto";
import type { RawNotice } from "#src/payments/gateways/gateway.ts";
import type { GatewayFake, RunningFake } from "../fake.ts";
import { createBook, distorted, type VendorCharge, type Words } from "./charge-book.ts";
import { jsonNotice, startVendor, type VendorRequest } from "./vendor-server.ts";

const APP_ID = "Q2xpZW50X0lkXzdmM2M5ZTIxOkNsaWVudF9TZWNyZXRfM2I4ZDFh";
const NOTICE_TOKEN = "aviso-2a3f9c1b7e5d";

const WORDS: Words = {
  paid: "COMPLETED",
  expired: "EXPIRED",
  refunded: "COMPLETED",
  partly_refunded: "COMPLETED",
  strange_word: "IN_REVIEW",
};

const makeKeys = () =>
  generateKeyPairSync("rsa", {
    modulusLength: 1024,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
const KEYS = makeKeys();
const STRANGERS_KEYS = makeKeys();

const shown = (charge: VendorCharge) => ({
  correlationID: charge.id,
  value: charge.cents,
  status: charge.word,
  identifier: charge.id,
  transactionID: charge.id,
  globalID: "Q2hhcmdlOjcxOTFmMWIwMjA0NmJmNWY1M2RjZmEwYg==",
  brCode: charge.brCode,
  qrCodeImage: `https://api.woovi.com/openpix/charge/brcode/image/${charge.id}.png`,
  comment: "Acesso ao grupo",
  expiresIn: 1_800,
  expiresDate: "2036-04-01T17:28:51.882Z",
  createdAt: charge.createdAt.toISOString(),
  ...(charge.paidAt && { paidAt: charge.paidAt.toISOString() }),
  fee: 50,
});

const refundsOf = ({ refundedCents, endToEndId }: VendorCharge) =>
  refundedCents === 0 ? [] : [{ status: "CONFIRMED", value: refundedCents, correlationID: "r1", endToEndId }];

/** Signs the body as it is sent. */
export function signedNotice(value: unknown, privateKey = KEYS.privateKey, authorization = NOTICE_TOKEN): RawNotice {
  const { body, headers, query } = jsonNotice(value);
  const signature = sign("RSA-SHA256", body, privateKey).toString("base64");
  return { body, headers: { ...headers, authorization, "x-webhook-signature": signature }, query };
}

const noticeValue = (charge: VendorCharge) => ({
  event: "OPENPIX:CHARGE_COMPLETED",
  charge: { ...shown(charge), customer: { name: "Ana Souza", taxID: { taxID: "52998224725", type: "BR:CPF" } } },
  pix: {
    time: charge.paidAt?.toISOString(),
    value: charge.cents,
    transactionID: charge.id,
    endToEndId: charge.endToEndId,
    raw: { endToEndId: charge.endToEndId, txid: charge.id, valor: "19.90" },
  },
  company: { id: "624f46f9e93f9f521c9308f4", name: "Loja", taxID: "00000000000000" },
  account: { clientId: "Client_Id_7f3c9e21" },
});

const problem = (status: number, error: string) => ({ status, json: { error } });
const ERROR_INSIDE = { json: { error: "Conta bloqueada" } };

function forgedNotices(value: unknown): { wrong: string; notice: RawNotice }[] {
  const genuine = signedNotice(value);
  const signature = genuine.headers["x-webhook-signature"] ?? "";
  const { "x-webhook-signature": _, ...unsigned } = genuine.headers;
  const of = (changed: string) => ({ ...genuine, headers: { ...unsigned, "x-webhook-signature": changed } });
  const { authorization: __, ...tokenless } = genuine.headers;
  return [
    { wrong: "no signature", notice: { ...genuine, headers: unsigned } },
    { wrong: "a stranger's key", notice: signedNotice(value, STRANGERS_KEYS.privateKey) },
    { wrong: "another body", notice: { ...genuine, body: new Uint8Array([...genuine.body, 32]) } },
    { wrong: "a part of a signature", notice: of(signature.slice(0, 64)) },
    { wrong: "no base64", notice: of("***") },
    { wrong: "another seller's token", notice: signedNotice(value, KEYS.privateKey, "aviso-outro") },
    { wrong: "no token", notice: { ...genuine, headers: tokenless } },
  ];
}

async function start(): Promise<RunningFake> {
  const book = createBook();

  function make({ body, query, fault }: VendorRequest) {
    const { correlationID, value, expiresIn, comment } = body as Record<string, unknown>;
    if (typeof correlationID !== "string" || correlationID === "") return problem(400, "correlationID é obrigatório");
    if (typeof value !== "number" || !Number.isInteger(value) || value < 1) return problem(400, "Valor inválido");
    if (typeof expiresIn !== "number" || expiresIn < 900) return problem(400, "expiresIn inválido");
    if (String(comment).length > 140) return problem(400, "comment muito longo");
    if (fault === "error_inside") return ERROR_INSIDE;
    const known = book.get(correlationID);
    if (known && query.get("return_existing") !== "true") return problem(400, "Já existe uma cobrança");
    const kept = { id: correlationID, cents: value, word: "ACTIVE", reference: correlationID };
    const charge = shown(distorted(known ?? book.make(kept), fault));
    return { json: { charge, brCode: charge.brCode, correlationID: charge.correlationID } };
  }

  function ask({ params, fault }: VendorRequest) {
    const charge = book.get(params.id ?? "");
    if (!charge) return problem(400, "Cobrança não encontrada");
    return fault === "error_inside" ? ERROR_INSIDE : { json: { charge: shown(distorted(charge, fault)) } };
  }

  function giveBack({ params, body }: VendorRequest) {
    const { correlationID, value } = body as Record<string, unknown>;
    const charge = book.get(params.id ?? "");
    if (charge?.word !== "COMPLETED" || correlationID === charge.id) return problem(400, "Cobrança não paga");
    book.happen(charge.id, { what: "refunded", cents: Number(value) }, WORDS);
    return { json: { refund: { ...refundsOf(charge)[0], status: "IN_PROCESSING", correlationID } } };
  }

  const pageInfo = { skip: 0, limit: 100, totalCount: 0, hasPreviousPage: false, hasNextPage: false };
  const refunds = ({ params }: VendorRequest) => ({
    json: { pageInfo, refunds: refundsOf(book.mustGet(params.id ?? "")) },
  });
  const vendor = startVendor({
    routes: [
      { method: "POST", path: "/api/v1/charge", on: "charge", answer: make },
      { method: "GET", path: "/api/v1/charge", answer: () => ({ json: { pageInfo, charges: [] } }) },
      { method: "GET", path: "/api/v1/charge/:id", on: "status", answer: ask },
      { method: "GET", path: "/api/v1/charge/:id/refund", answer: refunds },
      { method: "POST", path: "/api/v1/charge/:id/refund", answer: giveBack },
    ],
    isAuthorized: ({ headers }) => headers.authorization === APP_ID,
    refusal: (_, error) => ({ error }),
  });
  const baseUrl = `${vendor.url}/api/v1`;
  const credentials = { appId: APP_ID, noticeToken: NOTICE_TOKEN, publicKey: KEYS.publicKey, baseUrl };
  return {
    credentials,
    wrongCredentials: { ...credentials, appId: `${APP_ID}x` },
    requests: vendor.requests,
    failNext: vendor.failNext,
    happen: ({ gatewayId }, happening) =>
      // Whoever scans the code pays exactly its amount.
      happening.what === "paid" && happening.cents !== undefined ? false : book.happen(gatewayId, happening, WORDS),
    notice: ({ gatewayId }) => signedNotice(noticeValue(book.mustGet(gatewayId))),
    forged: ({ gatewayId }) => forgedNotices(noticeValue(book.mustGet(gatewayId))),
    [Symbol.asyncDispose]: vendor.stop,
  };
}

export const wooviFake: GatewayFake = {
  kind: "woovi",
  payer: { name: null, cpf: null, email: null },
  start,
};
