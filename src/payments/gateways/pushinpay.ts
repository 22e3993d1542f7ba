// PushinPay: PIX without any datum of the payer; amounts in cents. Calls, fields, words and the legal notice follow its official
// documentation. No official page confirms the refund's path and the words "refunded" and "chargeback", which public integrations use; a
// query's 404, which they see with an empty list as its body; and the header "x-pushinpay-token", a name that the seller chooses himself
// in the panel. Ids change case between answers and notices, so they are reported in lower case. One query a minute for a charge.

import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { cents, fromCents } from "../../kernel/money.ts";
import { hashToken, matchesHash } from "../../kernel/secret.ts";
import { baseUrl, credentialsOf, secret } from "./credential-fields.ts";
import { defineGateway, GatewayError, type Hint, type RawNotice, type ReportState } from "./gateway.ts";
import { expectShape, textOrNull } from "./read-answer.ts";

const Credentials = credentialsOf({
  token: secret("Token da API", "No painel da PushinPay, em Configurações → Integrações."),
  noticeToken: Type.Optional(
    secret(
      "Token dos avisos",
      "O valor do cabeçalho x-pushinpay-token, se você criou um nas configurações de webhook do painel.",
    ),
  ),
  baseUrl: baseUrl("Só para o ambiente de testes: https://api-sandbox.pushinpay.com.br/api"),
});

const Id = Type.String({ minLength: 1, maxLength: 100 });
const Charge = Type.Object({ id: Id, qr_code: Type.String({ minLength: 1 }) });
const Transaction = Type.Object({
  id: Id,
  status: Type.String({ maxLength: 100 }),
  value: Type.Unknown(),
  qr_code: Type.Optional(Type.Unknown()),
  end_to_end_id: Type.Optional(Type.Unknown()),
});
const ErrorInside = Type.Union([
  Type.Object({ errors: Type.Object({}) }),
  Type.Object({ error: Type.String() }),
  Type.Object({ message: Type.String(), id: Type.Optional(Type.Undefined()) }),
]);

const STATES: ReadonlyMap<string, ReportState> = new Map([
  ["created", "pending"],
  ["paid", "paid"],
  ["expired", "expired"],
  ["canceled", "failed"],
  ["refunded", "refunded"],
  ["chargeback", "chargeback"],
]);

export const pushinpay = defineGateway<typeof Credentials>({
  kind: "pushinpay",
  name: "PushinPay",
  baseUrl: "https://api.pushinpay.com.br/api",
  currency: "BRL",
  credentials: Credentials,
  needs: [],
  minAmount: cents(50),
  expirySeconds: null,
  askEverySeconds: 60,
  findsByReference: false,
  noticesPerCharge: true,
  splits: true,
  legalNotice:
    "A PUSHIN PAY atua exclusivamente como processadora de pagamentos e não possui qualquer responsabilidade pela entrega, suporte, conteúdo, qualidade ou cumprimento das obrigações relacionadas aos produtos ou serviços oferecidos pelo vendedor.",
  headers: ({ token }) => ({ authorization: `Bearer ${token}`, "content-type": "application/json" }),

  async check(api) {
    try {
      await api.call({ method: "GET", path: `/transactions/${crypto.randomUUID()}` });
    } catch (error) {
      // Nobody's charge: that it is looked for at all shows that the token is good.
      if (!(error instanceof GatewayError && error.meaning === "not_found")) throw error;
    }
  },

  async charge(input, api) {
    const json = {
      value: input.amount,
      ...(input.noticeUrl && { webhook_url: input.noticeUrl }),
      ...(input.split && { split_rules: [{ value: input.split.amount, account_id: input.split.recipient }] }),
    };
    const answer = await api.call({ method: "POST", path: "/pix/cashIn", json, creates: true });
    const { id, qr_code } = expectShape(answer, { shape: Charge, errorInside: ErrorInside, creates: true });
    return { gatewayId: id.toLowerCase(), brCode: qr_code, expiresAt: null };
  },

  async status({ gatewayId }, api) {
    if (gatewayId === null) throw new GatewayError("refused", "not_found_by_reference");
    const answer = await api.call({ method: "GET", path: `/transactions/${encodeURIComponent(gatewayId)}` });
    const found = expectShape(answer, { shape: Transaction, errorInside: ErrorInside });
    const amount = fromCents(found.value) ?? null;
    const state = STATES.get(found.status) ?? "unknown";
    return {
      gatewayId: found.id.toLowerCase(),
      reference: null,
      state,
      word: found.status,
      currency: "BRL",
      amount,
      refunded: state === "refunded" && amount !== null ? amount : cents(0),
      fee: null,
      endToEndId: textOrNull(found.end_to_end_id),
      paidAt: null,
      brCode: textOrNull(found.qr_code),
    };
  },

  async refund({ gatewayId }, api) {
    const path = `/transactions/${encodeURIComponent(gatewayId)}/refund`;
    const answer = await api.call({ method: "POST", path, creates: true });
    if (Value.Check(Type.Object({ errors: Type.Object({}) }), answer))
      throw new GatewayError("refused", "error_inside");
  },

  webhook: { verify, read },
});

function verify({ headers }: RawNotice, { noticeToken }: Static<typeof Credentials>) {
  if (noticeToken === undefined) return "unsigned";
  const isSame = matchesHash(headers["x-pushinpay-token"] ?? "", hashToken(noticeToken));
  return isSame ? "authentic" : "forged";
}

/** JSON and form bodies carry the same fields. */
function read(value: unknown): Hint[] {
  if (!Value.Check(Type.Object({ id: Id }), value)) return [];
  return [{ about: "charge", gatewayId: value.id.toLowerCase(), reference: null }];
}
