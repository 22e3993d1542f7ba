// SyncPay: PIX; amounts in reais; a token that lives an hour. No official page confirms anything here: its documentation was not
// readable, so all of it follows several independent public integrations that agree with one another and say to have been measured against
// production. Weakest of all: that "reference_id" in the answer to a query is the "identifier" of the charge, the least amount of R$ 1, and
// that the payer may be left out, which we do always. Dates in answers name no zone and no event, so none is reported.

import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { cents, fromDecimal, toDecimal } from "../../kernel/money.ts";
import { baseUrl, credentialsOf, secret, text } from "./credential-fields.ts";
import { type Api, defineGateway, GatewayError, type Hint, type RawNotice, type ReportState } from "./gateway.ts";
import { expectShape, textOrNull } from "./read-answer.ts";

const Credentials = credentialsOf({
  clientId: text("Client ID", "No painel da SyncPay, em Chaves de API."),
  clientSecret: secret("Client Secret", "Aparece ao lado do Client ID."),
  baseUrl: baseUrl("Só se a SyncPay indicar outro endereço para a sua conta."),
});

const Id = Type.String({ minLength: 1, maxLength: 100 });
const Token = Type.Object({
  access_token: Type.String({ minLength: 1 }),
  expires_in: Type.Optional(Type.Unknown()),
});
const Charge = Type.Object({ identifier: Id, pix_code: Type.String({ minLength: 1 }) });
const Transaction = Type.Object({
  data: Type.Object({
    reference_id: Id,
    status: Type.String({ maxLength: 100 }),
    amount: Type.Unknown(),
    currency: Type.Optional(Type.Unknown()),
    pix_code: Type.Optional(Type.Unknown()),
  }),
});
const ErrorInside = Type.Union([
  Type.Object({ errors: Type.Union([Type.Object({}), Type.Array(Type.Unknown())]) }),
  Type.Object({ error: Type.String() }),
  Type.Object({ message: Type.String({ pattern: "^(?!.*success).*$" }), identifier: Type.Optional(Type.Undefined()) }),
]);

/** The older, upper-case words still occur. "med" is the dispute procedure of the Central Bank. */
const STATES: ReadonlyMap<string, ReportState> = new Map([
  ["pending", "pending"],
  ["WAITING_FOR_APPROVAL", "pending"],
  ["completed", "paid"],
  ["PAID_OUT", "paid"],
  ["failed", "failed"],
  ["CANCELLED", "failed"],
  ["cancelled", "failed"],
  ["EXPIRED", "expired"],
  ["expired", "expired"],
  ["refunded", "refunded"],
  ["med", "chargeback"],
]);

/** What the token is taken to live when the answer does not say. */
const TOKEN_SECONDS = 3_600;

/** Throws `credentials` also for a refusal: this request holds nothing else that could be wrong; and a 404 here says nothing of a charge. */
async function fetchToken(api: Api<Static<typeof Credentials>>): Promise<{ token: string; seconds: number }> {
  const json = { client_id: api.credentials.clientId, client_secret: api.credentials.clientSecret };
  try {
    const request = { method: "POST", path: "/api/partner/v1/auth-token", json, withoutToken: true } as const;
    const { access_token, expires_in } = expectShape(await api.call(request), {
      shape: Token,
      errorInside: ErrorInside,
    });
    const seconds = typeof expires_in === "number" && expires_in > 0 ? expires_in : TOKEN_SECONDS;
    return { token: access_token, seconds };
  } catch (error) {
    if (!(error instanceof GatewayError && ["refused", "not_found"].includes(error.meaning))) throw error;
    throw new GatewayError("credentials", error.message, { cause: error });
  }
}

export const syncpay = defineGateway<typeof Credentials>({
  kind: "syncpay",
  name: "SyncPay",
  baseUrl: "https://api.syncpayments.com.br",
  currency: "BRL",
  credentials: Credentials,
  needs: [],
  minAmount: cents(100),
  expirySeconds: null,
  askEverySeconds: 10,
  findsByReference: false,
  noticesPerCharge: true,
  splits: false,
  headers: (_, token) => (token === undefined ? {} : { authorization: `Bearer ${token}` }),
  fetchToken,

  async check(api) {
    await fetchToken(api);
  },

  async charge(input, api) {
    const json = {
      // A JSON number: the shortest form of a decimal of two digits is that decimal.
      amount: Number(toDecimal(input.amount)),
      description: input.description,
      ...(input.noticeUrl && { webhook_url: input.noticeUrl }),
    };
    const answer = await api.call({ method: "POST", path: "/api/partner/v1/cash-in", json, creates: true });
    const { identifier, pix_code } = expectShape(answer, { shape: Charge, errorInside: ErrorInside, creates: true });
    return { gatewayId: identifier, brCode: pix_code, expiresAt: null };
  },

  async status({ gatewayId }, api) {
    if (gatewayId === null) throw new GatewayError("refused", "not_found_by_reference");
    const path = `/api/partner/v1/transaction/${encodeURIComponent(gatewayId)}`;
    const { data } = expectShape(await api.call({ method: "GET", path }), {
      shape: Transaction,
      errorInside: ErrorInside,
    });
    const amount = fromDecimal(data.amount) ?? null;
    const state = STATES.get(data.status) ?? "unknown";
    return {
      gatewayId: data.reference_id,
      reference: null,
      state,
      word: data.status,
      currency: textOrNull(data.currency) ?? "BRL",
      amount,
      refunded: state === "refunded" && amount !== null ? amount : cents(0),
      fee: null,
      endToEndId: null,
      paidAt: null,
      brCode: textOrNull(data.pix_code),
    };
  },

  webhook: { verify: () => "unsigned", read },
});

/** The kind stands in the header "event" alone, and a withdrawal's body looks like a sale's. Older bodies wrap all in "data". */
function read(value: unknown, { headers }: RawNotice): Hint[] {
  if (headers.event?.toLowerCase().startsWith("cashout")) return [{ about: "other" }];
  const charge = Value.Check(Type.Object({ data: Type.Object({}) }), value) ? value.data : value;
  if (!Value.Check(Type.Object({ id: Id }), charge)) return [];
  return [{ about: "charge", gatewayId: charge.id, reference: null }];
}
