// SigiloPay and the brands on the same platform (AmploPay, VizzionPay, OasyFy, NeonPay, Wiven, Applyfy, EvolutPay and others): PIX, amounts
// in reais, the brand is the base URL. No official page confirms anything here: all of it follows public integrations, some of which say to
// have been written from a brand's documentation. Weakest: the split, and whether a query by our identifier works in every brand, so we
// never ask that way. The notices' proof is a secret that each charge has of its own, in the body. An account keeps twenty notice addresses
// at most, so all charges share one. The platform's firewall refuses callers that do not name a browser.

import { Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { type Cents, cents, fromDecimal, toDecimal } from "../../kernel/money.ts";
import { baseUrl, credentialsOf, secret, text } from "./credential-fields.ts";
import { type ChargeInput, defineGateway, GatewayError, type Hint, type Payer, type ReportState } from "./gateway.ts";
import { dateOrNull, expectShape, textOrNull } from "./read-answer.ts";

const Credentials = credentialsOf({
  publicKey: text("Chave pública", "No painel, em Integrações → API (x-public-key)."),
  secretKey: secret("Chave secreta", "Aparece uma vez, ao criar a chave pública (x-secret-key)."),
  baseUrl: baseUrl("O da sua marca, por exemplo https://app.amplopay.com/api/v1; em branco, o da SigiloPay."),
});

const Id = Type.String({ minLength: 1, maxLength: 100 });
const Charge = Type.Object({
  transactionId: Id,
  webhookToken: Type.Optional(Type.Unknown()),
  pix: Type.Object({ code: Type.String({ minLength: 1 }), expiresAt: Type.Optional(Type.Unknown()) }),
});
const Transaction = Type.Object({
  id: Id,
  clientIdentifier: Type.Optional(Type.Unknown()),
  status: Type.String({ maxLength: 100 }),
  amount: Type.Unknown(),
  currency: Type.Optional(Type.Unknown()),
  payedAt: Type.Optional(Type.Unknown()),
});
const ErrorInside = Type.Object({ errorCode: Type.String() });
const RefusedCharge = Type.Object({
  status: Type.Union([Type.Literal("FAILED"), Type.Literal("REJECTED"), Type.Literal("CANCELED")]),
});
const Notice = Type.Object({ token: Type.Optional(Type.Unknown()), transaction: Type.Object({}) });

const STATES: ReadonlyMap<string, ReportState> = new Map([
  ["PENDING", "pending"],
  ["COMPLETED", "paid"],
  ["FAILED", "failed"],
  ["CANCELED", "failed"],
  ["REFUNDED", "refunded"],
  ["CHARGED_BACK", "chargeback"],
]);

/** A JSON number: the shortest form of a decimal of two digits is that decimal. */
const reais = (amount: Cents): number => Number(toDecimal(amount));

/** Only what was given. */
const clientOf = ({ name, cpf, email }: Payer) => ({
  ...(name !== null && { name }),
  ...(email !== null && { email }),
  ...(cpf !== null && { document: cpf }),
});

const bodyOf = ({ reference, amount, payer, split, noticeUrl }: ChargeInput) => ({
  identifier: reference,
  amount: reais(amount),
  client: clientOf(payer),
  ...(split && { splits: [{ producerId: split.recipient, amount: reais(split.amount) }] }),
  ...(noticeUrl && { callbackUrl: noticeUrl }),
});

export const sigiloFamily = defineGateway<typeof Credentials>({
  kind: "sigilo_family",
  name: "SigiloPay, AmploPay e outras da mesma plataforma",
  baseUrl: "https://app.sigilopay.com.br/api/v1",
  currency: "BRL",
  credentials: Credentials,
  needs: ["cpf", "email"],
  minAmount: cents(1),
  expirySeconds: null,
  askEverySeconds: 10,
  findsByReference: false,
  noticesPerCharge: false,
  tokensInNotices: true,
  splits: true,
  headers: ({ publicKey, secretKey }) => ({
    "x-public-key": publicKey,
    "x-secret-key": secretKey,
    "user-agent": "Mozilla/5.0 (compatible; grimbots)",
  }),

  async check(api) {
    const answer = await api.call({ method: "GET", path: "/gateway/producer/credentials" });
    expectShape(answer, { shape: Type.Object({ permissions: Type.Unknown() }), errorInside: ErrorInside });
  },

  async charge(input, api) {
    const request = { method: "POST", path: "/gateway/pix/receive", json: bodyOf(input), creates: true } as const;
    const answer = await api.call(request);
    if (Value.Check(RefusedCharge, answer)) throw new GatewayError("refused", `status_${answer.status}`);
    const { transactionId, webhookToken, pix } = expectShape(answer, {
      shape: Charge,
      errorInside: ErrorInside,
      creates: true,
    });
    const noticeToken = textOrNull(webhookToken);
    return {
      gatewayId: transactionId,
      brCode: pix.code,
      expiresAt: dateOrNull(pix.expiresAt),
      ...(noticeToken !== null && { noticeToken }),
    };
  },

  async status({ gatewayId }, api) {
    if (gatewayId === null) throw new GatewayError("refused", "not_found_by_reference");
    const answer = await api.call({ method: "GET", path: "/gateway/transactions", query: { id: gatewayId } });
    const found = expectShape(answer, { shape: Transaction, errorInside: ErrorInside });
    const amount = fromDecimal(found.amount) ?? null;
    const state = STATES.get(found.status) ?? "unknown";
    return {
      gatewayId: found.id,
      reference: textOrNull(found.clientIdentifier),
      state,
      word: found.status,
      currency: textOrNull(found.currency) ?? "BRL",
      amount,
      refunded: state === "refunded" && amount !== null ? amount : cents(0),
      fee: null,
      endToEndId: null,
      paidAt: dateOrNull(found.payedAt),
      brCode: null,
    };
  },

  webhook: { verify: () => "unsigned", read },
});

/** Our identifier comes under two names, and may be missing. Without a transaction a notice is about a withdrawal or an account. */
function read(value: unknown): Hint[] {
  if (!Value.Check(Notice, value)) return [];
  const { id, identifier, clientIdentifier } = value.transaction as Record<string, unknown>;
  const gatewayId = idOrNull(id);
  const reference = idOrNull(identifier) ?? idOrNull(clientIdentifier);
  if (gatewayId === null && reference === null) return [];
  const token = textOrNull(value.token);
  return [{ about: "charge", gatewayId, reference, ...(token !== null && { token }) }];
}

const idOrNull = (value: unknown): string | null => (Value.Check(Id, value) ? value : null);
