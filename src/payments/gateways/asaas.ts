// Asaas: PIX for a payer with name and CPF, in three steps (customer, payment, QR code); amounts in reais. The notices and their token, the
// list of refunds in a payment, and its states DONE, PENDING and CANCELLED follow its documentation. Unverified: the paths and fields of the
// three steps, of the search and of the refund, the smallest amount, the split, and the words of a payment, which follow public
// integrations. A payment takes a day and no hour as its end, and gives days as its dates: expiry is ours alone, and neither the time of a
// payment nor a statement (which goes by days) is reported. A payment is not made only once by itself: one whose answer was lost is looked
// for by our reference. A second customer for the same person does no harm.

import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { type Cents, cents, fromDecimal, toDecimal } from "../../kernel/money.ts";
import { hashToken, matchesHash } from "../../kernel/secret.ts";
import { baseUrl, credentialsOf, secret } from "./credential-fields.ts";
import type { RawNotice, Report, ReportState, Verdict } from "./gateway.ts";
import { type Api, type ChargeInput, defineGateway, GatewayError, type Hint } from "./gateway.ts";
import { expectShape, textOrNull } from "./read-answer.ts";

const Credentials = credentialsOf({
  apiKey: secret("Chave da API", "No Asaas, em Integrações → Chaves de API (começa com $aact_)."),
  noticeToken: Type.Optional(
    secret("Token dos avisos", "O token de autenticação que você deu ao webhook, em Integrações → Webhooks."),
  ),
  baseUrl: baseUrl("Só para testes: https://api-sandbox.asaas.com/v3"),
});

const Id = Type.String({ pattern: "^[A-Za-z0-9_-]{1,100}$" });
const Customer = Type.Object({ id: Id });
const Refund = Type.Object({ status: Type.String(), value: Type.Unknown() });
const Payment = Type.Object({
  id: Id,
  status: Type.String({ minLength: 1, maxLength: 100 }),
  value: Type.Unknown(),
  netValue: Type.Optional(Type.Unknown()),
  externalReference: Type.Optional(Type.Unknown()),
  deleted: Type.Optional(Type.Unknown()),
  refunds: Type.Optional(Type.Unknown()),
});
const Payments = Type.Object({ data: Type.Array(Payment) });
const QrCode = Type.Object({ payload: Type.String({ minLength: 1 }) });
const ErrorInside = Type.Object({ errors: Type.Array(Type.Unknown(), { minItems: 1 }) });
const Notice = Type.Object({ event: Type.String(), payment: Type.Object({ id: Id }) });

const STATES: ReadonlyMap<string, ReportState> = new Map([
  ["PENDING", "pending"],
  ["AWAITING_RISK_ANALYSIS", "pending"],
  ["RECEIVED", "paid"],
  ["CONFIRMED", "paid"],
  ["RECEIVED_IN_CASH", "paid"],
  ["OVERDUE", "expired"],
  ["REFUNDED", "refunded"],
  ["REFUND_REQUESTED", "refunded"],
  ["REFUND_IN_PROGRESS", "refunded"],
  ["CHARGEBACK_REQUESTED", "chargeback"],
  ["CHARGEBACK_DISPUTE", "chargeback"],
  ["AWAITING_CHARGEBACK_REVERSAL", "chargeback"],
]);

type Own = Static<typeof Credentials>;

/** A JSON number: the shortest form of a decimal of two digits is that decimal. */
const reais = (amount: Cents): number => Number(toDecimal(amount));

const pathOf = (id: string, rest = ""): string => `/payments/${encodeURIComponent(id)}${rest}`;

export const asaas = defineGateway<typeof Credentials>({
  kind: "asaas",
  name: "Asaas",
  baseUrl: "https://api.asaas.com/v3",
  currency: "BRL",
  credentials: Credentials,
  needs: ["cpf"],
  minAmount: cents(500),
  expirySeconds: null,
  askEverySeconds: 30,
  findsByReference: true,
  noticesPerCharge: false,
  splits: true,
  headers: ({ apiKey }) => ({ access_token: apiKey }),

  async check(api) {
    await list(api, { limit: "1" });
  },

  async charge(input, api) {
    const customer = await makeCustomer(input, api);
    const json = bodyOf(input, customer, api.now);
    const answer = await api.call({ method: "POST", path: "/payments", json, creates: true });
    const { id } = expectShape(answer, { shape: Payment, errorInside: ErrorInside, creates: true });
    try {
      return { gatewayId: id, brCode: await askQrCode(id, api), expiresAt: null };
    } catch (cause) {
      // The payment exists, whatever became of its code: only our reference leads back to it.
      throw new GatewayError("unknown", "payment_without_code", { cause });
    }
  },

  async status({ gatewayId, reference }, api) {
    if (gatewayId === null) return findReport(reference, api);
    const answer = await api.call({ method: "GET", path: pathOf(gatewayId) });
    return reportOf(expectShape(answer, { shape: Payment, errorInside: ErrorInside }), null);
  },

  async refund({ gatewayId }, api) {
    const answer = await api.call({ method: "POST", path: pathOf(gatewayId, "/refund"), json: {}, creates: true });
    expectShape(answer, { shape: Payment, errorInside: ErrorInside, creates: true });
  },

  webhook: { verify, read },
});

/** `notificationDisabled`: Asaas would write to the payer itself. */
async function makeCustomer({ payer }: ChargeInput, api: Api<Own>): Promise<string> {
  if (payer.name === null || payer.cpf === null) throw new GatewayError("refused", "payer_without_name_or_cpf");
  const json = {
    name: payer.name,
    cpfCnpj: payer.cpf,
    ...(payer.email !== null && { email: payer.email }),
    notificationDisabled: true,
  };
  const answer = await api.call({ method: "POST", path: "/customers", json });
  return expectShape(answer, { shape: Customer, errorInside: ErrorInside }).id;
}

function bodyOf(input: ChargeInput, customer: string, now: Date) {
  const end = new Date(now.getTime() + input.expiresInSeconds * 1_000);
  return {
    customer,
    billingType: "PIX",
    value: reais(input.amount),
    // The day in Brasília, whose offset has been constant since 2019.
    dueDate: new Date(end.getTime() - 3 * 3_600_000).toISOString().slice(0, 10),
    description: input.description,
    externalReference: input.reference,
    ...(input.split && { split: [{ walletId: input.split.recipient, fixedValue: reais(input.split.amount) }] }),
  };
}

async function askQrCode(id: string, api: Api<Own>): Promise<string> {
  const answer = await api.call({ method: "GET", path: pathOf(id, "/pixQrCode") });
  return expectShape(answer, { shape: QrCode, errorInside: ErrorInside }).payload;
}

async function list(api: Api<Own>, query: Record<string, string>) {
  const answer = await api.call({ method: "GET", path: "/payments", query });
  return expectShape(answer, { shape: Payments, errorInside: ErrorInside }).data;
}

/** One that came to something goes before the others, should there be two. */
async function findReport(reference: string, api: Api<Own>): Promise<Report> {
  const found = await list(api, { externalReference: reference });
  const payment = found.find(({ status }) => STATES.get(status) === "paid") ?? found[0];
  if (!payment) throw new GatewayError("not_found", "not_found_by_reference");
  const report = reportOf(payment, null);
  return report.state === "pending" ? { ...report, brCode: await findQrCode(payment.id, api) } : report;
}

/** A payment that has no code is one all the same. */
async function findQrCode(id: string, api: Api<Own>): Promise<string | null> {
  try {
    return await askQrCode(id, api);
  } catch (error) {
    if (error instanceof GatewayError && (error.meaning === "refused" || error.meaning === "not_found")) return null;
    throw error;
  }
}

function reportOf(payment: Static<typeof Payment>, brCode: string | null): Report {
  const amount = fromDecimal(payment.value) ?? null;
  const net = fromDecimal(payment.netValue);
  const isDeleted = payment.deleted === true;
  return {
    gatewayId: payment.id,
    reference: textOrNull(payment.externalReference),
    state: isDeleted ? "failed" : (STATES.get(payment.status) ?? "unknown"),
    word: isDeleted ? `${payment.status} deleted` : payment.status,
    currency: "BRL",
    amount,
    refunded: refundedOf(payment, amount),
    fee: amount !== null && net !== undefined && net <= amount ? cents(amount - net) : null,
    endToEndId: null,
    paidAt: null,
    brCode,
  };
}

/** A payment that is REFUNDED was given back whole, also where its refunds are not listed. */
function refundedOf({ status, refunds }: Static<typeof Payment>, amount: Cents | null): Cents {
  if (status === "REFUNDED" && amount !== null) return amount;
  const listed = Value.Check(Type.Array(Refund), refunds) ? refunds : [];
  const done = listed.flatMap((refund) => (refund.status === "DONE" ? [fromDecimal(refund.value) ?? 0] : []));
  return cents(done.reduce<number>((sum, value) => sum + value, 0));
}

function verify({ headers }: RawNotice, { noticeToken }: Own): Verdict {
  if (noticeToken === undefined) return "unsigned";
  return matchesHash(headers["asaas-access-token"] ?? "", hashToken(noticeToken)) ? "authentic" : "forged";
}

/** Also a payment that was deleted: asked for, it says so. */
function read(value: unknown): Hint[] {
  if (Value.Check(Notice, value) && value.event.startsWith("PAYMENT_")) {
    const { id, externalReference } = value.payment as { id: string; externalReference?: unknown };
    return [{ about: "charge", gatewayId: id, reference: textOrNull(externalReference) }];
  }
  return Value.Check(Type.Object({ event: Type.String() }), value) ? [{ about: "other" }] : [];
}
