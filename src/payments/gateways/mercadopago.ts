// Mercado Pago, Payments API: PIX for a payer with an e-mail address; amounts in reais. Fields, the search and its paging follow the types of
// the official SDK; the idempotency key, the notices and their signature its documentation. Unverified: the bounds of an expiry; the refund
// dates in a search's results; which field carries the end-to-end id, so none is reported; whether a notice that is sent again is signed
// afresh; and whether a chargeback shows in an amount. `application_fee` goes to the owner of the OAuth application that issued the token:
// a split needs such a token, and its recipient is that owner whatever the split says. A search may lag behind a creation: a charge that it
// does not find may be asked for again under the same idempotency key without making a second one.

import { createHmac } from "node:crypto";
import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { type Cents, cents, toDecimal } from "../../kernel/money.ts";
import { hashToken, matchesHash } from "../../kernel/secret.ts";
import { baseUrl, credentialsOf, secret } from "./credential-fields.ts";
import type { RawNotice, StatementLine, Verdict } from "./gateway.ts";
import { type Api, type ChargeInput, defineGateway, GatewayError, type Hint } from "./gateway.ts";
import {
  Created,
  ErrorInside,
  Found,
  Id,
  linesOf,
  type Paid,
  Payment,
  Refused,
  reportOf,
} from "./mercadopago-answers.ts";
import { dateOrNull, expectShape } from "./read-answer.ts";

const Credentials = credentialsOf({
  accessToken: secret(
    "Access Token",
    "Em Suas integrações → sua aplicação → Credenciais de produção (começa com APP_USR-).",
  ),
  webhookSecret: Type.Optional(
    secret(
      "Assinatura secreta dos avisos",
      "Em Suas integrações → sua aplicação → Webhooks. Com ela, avisos falsos são recusados.",
    ),
  ),
  baseUrl: baseUrl("Deixe em branco para usar o do Mercado Pago."),
});

const Notice = Type.Object({ type: Type.String(), data: Type.Object({ id: Id }) });

const PAGE = 100;
const MOST_PAGES = 100;
const DAY_MS = 86_400_000;
/** How far a signature's time may be from ours. A notice is sent again for hours; one that is replayed only makes us ask once more. */
const WINDOW_MS = DAY_MS;

type MercadoPagoApi = Api<Static<typeof Credentials>>;

/** A JSON number: the shortest form of a decimal of two digits is that decimal. */
const reais = (amount: Cents): number => Number(toDecimal(amount));

/** As documented: with the offset of Brasília, which has been constant since 2019. */
const brasiliaTime = (ms: number): string => new Date(ms - 3 * 3_600_000).toISOString().replace("Z", "-03:00");

const bodyOf = (input: ChargeInput, now: Date) => ({
  transaction_amount: reais(input.amount),
  payment_method_id: "pix",
  description: input.description,
  external_reference: input.reference,
  date_of_expiration: brasiliaTime(now.getTime() + input.expiresInSeconds * 1_000),
  payer: {
    email: input.payer.email,
    ...(input.payer.cpf !== null && { identification: { type: "CPF", number: input.payer.cpf } }),
  },
  ...(input.noticeUrl && { notification_url: input.noticeUrl }),
  ...(input.split && { application_fee: reais(input.split.amount) }),
});

export const mercadopago = defineGateway<typeof Credentials>({
  kind: "mercadopago",
  name: "Mercado Pago",
  baseUrl: "https://api.mercadopago.com",
  currency: "BRL",
  credentials: Credentials,
  needs: ["email"],
  minAmount: cents(1),
  expirySeconds: { min: 30 * 60, max: 30 * 86_400 },
  askEverySeconds: 10,
  findsByReference: true,
  noticesPerCharge: true,
  splits: true,
  headers: ({ accessToken }) => ({ authorization: `Bearer ${accessToken}` }),

  async check(api) {
    await search(api, { limit: "1" });
  },

  async charge(input, api) {
    if (input.payer.email === null) throw new GatewayError("refused", "payer_without_email");
    const answer = await api.call({
      method: "POST",
      path: "/v1/payments",
      headers: { "x-idempotency-key": input.reference },
      json: bodyOf(input, api.now),
      creates: true,
    });
    if (Value.Check(Refused, answer)) throw new GatewayError("refused", `status_${answer.status}`);
    const made = expectShape(answer, { shape: Created, errorInside: ErrorInside, creates: true });
    const brCode = made.point_of_interaction.transaction_data.qr_code;
    return { gatewayId: String(made.id), brCode, expiresAt: dateOrNull(made.date_of_expiration) };
  },

  async status({ gatewayId, reference }, api) {
    const id = gatewayId ?? (await idOf(reference, api));
    const answer = await api.call({ method: "GET", path: `/v1/payments/${encodeURIComponent(id)}` });
    return reportOf(expectShape(answer, { shape: Payment, errorInside: ErrorInside }));
  },

  async refund({ gatewayId, key }, api) {
    const path = `/v1/payments/${encodeURIComponent(gatewayId)}/refunds`;
    const headers = { "x-idempotency-key": key };
    const answer = await api.call({ method: "POST", path, headers, json: {}, creates: true });
    expectShape(answer, { shape: Type.Object({ id: Id }), errorInside: ErrorInside, creates: true });
  },

  statement,
  webhook: { verify, read },
});

async function search(api: MercadoPagoApi, query: Record<string, string>) {
  const answer = await api.call({ method: "GET", path: "/v1/payments/search", query });
  return expectShape(answer, { shape: Found, errorInside: ErrorInside });
}

/** One that came to something goes before the others; there is more than one only when somebody else used our reference. */
async function idOf(reference: string, api: MercadoPagoApi): Promise<string> {
  const { results } = await search(api, { external_reference: reference });
  const found = results.find(({ status }) => status === "approved") ?? results[0];
  if (!found) throw new GatewayError("not_found", "not_found_by_reference");
  return String(found.id);
}

/**
 * Whatever changed since `from`, also after `to`: a later change must not hide what a payment did within the period. The order is that of
 * creation, so that nothing leaves a page while others are read.
 */
async function statement({ from, to }: { from: Date; to: Date }, api: MercadoPagoApi): Promise<StatementLine[]> {
  const payments = new Map<string, Paid>();
  const end = new Date(api.now.getTime() + DAY_MS).toISOString();
  const range = { range: "date_last_updated", begin_date: from.toISOString(), end_date: end };
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const offset = page * PAGE;
    const paging = { sort: "date_created", criteria: "asc", limit: String(PAGE), offset: String(offset) };
    const { results, paging: whole } = await search(api, { ...range, ...paging });
    for (const payment of results) payments.set(String(payment.id), payment);
    if (results.length === 0 || offset + results.length >= whole.total)
      return [...payments.values()].flatMap(linesOf).filter(({ at }) => at >= from && at < to);
  }
  throw new GatewayError("refused", "statement_too_long");
}

/** The older kind of notice (IPN), which is sent besides and signed by nobody. It says nothing that the other does not. */
const isOld = ({ query }: RawNotice): boolean => "topic" in query;

function verify(notice: RawNotice, { webhookSecret }: Static<typeof Credentials>, now: Date): Verdict {
  if (webhookSecret === undefined || isOld(notice)) return "unsigned";
  const pairs = (notice.headers["x-signature"] ?? "").split(",").map((pair) => pair.trim().split("=", 2));
  const { ts = "", v1 = "" } = Object.fromEntries(pairs) as Record<string, string | undefined>;
  if (!/^\d{1,16}$/.test(ts)) return "forged";
  // Documented in milliseconds, while the official SDK reads seconds.
  const signedMs = Number(ts) > 1e11 ? Number(ts) : Number(ts) * 1_000;
  if (Math.abs(now.getTime() - signedMs) > WINDOW_MS) return "forged";
  const id = notice.query["data.id"] ?? "";
  const isSigned = [id, id.toLowerCase()].some((one) =>
    matchesHash(v1, hashToken(sign(one, ts, notice, webhookSecret))),
  );
  return isSigned ? "authentic" : "forged";
}

/** What is missing from a notice is left out of what is signed. */
function sign(id: string, ts: string, { headers }: RawNotice, secret: string): string {
  const parts = { id, "request-id": headers["x-request-id"] ?? "", ts };
  const signed = Object.entries(parts).map(([name, value]) => (value === "" ? "" : `${name}:${value};`));
  return createHmac("sha256", secret).update(signed.join("")).digest("hex");
}

/** The id in the address is the signed one and goes before the body's. Orders and the rest are not made by us. */
function read(value: unknown, notice: RawNotice): Hint[] {
  if (isOld(notice) || !Value.Check(Notice, value)) return [];
  const gatewayId = notice.query["data.id"] ?? String(value.data.id);
  if ((notice.query.type ?? value.type) !== "payment" || !Value.Check(Id, gatewayId)) return [{ about: "other" }];
  return [{ about: "charge", gatewayId, reference: null }];
}
