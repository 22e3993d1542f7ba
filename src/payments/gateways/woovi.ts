// Woovi (OpenPix): PIX without any datum of the payer; amounts in cents. Calls, fields, words, paging, both public keys and the signature
// follow its documentation and the types of its official SDK. Unverified: the longest expiry; whether a charge that does not exist is
// answered with 404 or with 400 and words; the sign of a refund in the list of transactions, and whether it names its charge; which way of
// splitting suits a platform, so there is none. A dispute's notice names only the end-to-end id, and a charge says nothing of disputes: a
// chargeback is not seen here. The public key is one for all of Woovi: a good signature says "from Woovi", not "for this seller"; for that
// there is the token which the seller gives to his webhook.

import { verify as isSignedBy } from "node:crypto";
import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { type Cents, cents, fromCents } from "../../kernel/money.ts";
import { hashToken, matchesHash } from "../../kernel/secret.ts";
import { baseUrl, credentialsOf, secret, text } from "./credential-fields.ts";
import type { ReportState, StatementLine, Verdict } from "./gateway.ts";
import { type Api, defineGateway, GatewayError, type Hint, type RawNotice } from "./gateway.ts";
import { dateOrNull, expectShape, textOrNull } from "./read-answer.ts";

const Credentials = credentialsOf({
  appId: secret("AppID", "No painel da Woovi, em API/Plugins → sua aplicação de API."),
  noticeToken: Type.Optional(
    secret("Authorization dos avisos", "O valor do campo Authorization do webhook, se você preencheu um."),
  ),
  publicKey: Type.Optional(
    text(
      "Chave pública (PEM)",
      "Só se a Woovi trocar a chave com que assina os avisos; em branco, a publicada.",
      5_000,
    ),
  ),
  baseUrl: baseUrl("Só para testes: https://api.woovi-sandbox.com/api/v1"),
});

/** As published in the documentation, where their SHA-256 begins with 9dce6187 and 7c8efa31. */
const LIVE_KEY = `-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC/+NtIkjzevvqD+I3MMv3bLXDt
pvxBjY4BsRrSdca3rtAwMcRYYvxSnd7jagVLpctMiOxQO8ieUCKLSWHpsMAjO/zZ
WMKbqoG8MNpi/u3fp6zz0mcHCOSqYsPUUG19buW8bis5ZZ2IZgBObWSpTvJ0cnj6
HKBAA82Jln+lGwS1MwIDAQAB
-----END PUBLIC KEY-----`;
const SANDBOX_KEY = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAoZwBaFwmstKqy9VAqqxi
SbCWgJR3dd5CTtDi6Fwthtd2owFkZIMqTqKg3Bq5ExjuOxE+v/1gIWFqR9jNjbtY
umwPq+wXQhvx9TrQgrrFMVZ6tMPcwzj8Nknw182N/HMIQsV6B+8JWWzf/cN4ZZVS
sRZfQvoVgFM7PSvSvc/h6v0X2Lkzjypvw7ZRkfxoc+z7B0p3vdQmLSKxPRpLzdLL
VlJ+CJA2aATKVQR5feiuWHKdOlvCT7IRhal0hxUAjc7rxho5eHgaxWO5rITke8wS
IjYIpuw38vMobYSxXb6iuj5Zrjpe2GV8vwuGud8H2dngYhkqbGuY5f4j1kfcN7gC
8QIDAQAB
-----END PUBLIC KEY-----`;

const Id = Type.String({ minLength: 1, maxLength: 200 });
const Charge = Type.Object({
  correlationID: Id,
  status: Type.String({ minLength: 1, maxLength: 100 }),
  value: Type.Unknown(),
  fee: Type.Optional(Type.Unknown()),
  brCode: Type.Optional(Type.Unknown()),
  expiresDate: Type.Optional(Type.Unknown()),
  paidAt: Type.Optional(Type.Unknown()),
});
const Answer = Type.Object({ charge: Charge });
const Created = Type.Object({
  charge: Type.Composite([Charge, Type.Object({ brCode: Type.String({ minLength: 1 }) })]),
});
const Refund = Type.Object({ status: Type.String(), value: Type.Unknown() });
const Named = Type.Object({ correlationID: Id });
const Transactions = Type.Object({
  pageInfo: Type.Object({ hasNextPage: Type.Boolean() }),
  transactions: Type.Array(Type.Object({ type: Type.String(), value: Type.Unknown(), time: Type.Unknown() })),
});
const ErrorInside = Type.Union([
  Type.Object({ error: Type.String() }),
  Type.Object({ errors: Type.Array(Type.Unknown(), { minItems: 1 }) }),
]);

const STATES: ReadonlyMap<string, ReportState> = new Map([
  ["ACTIVE", "pending"],
  ["COMPLETED", "paid"],
  ["EXPIRED", "expired"],
]);

const PAGE = 100;
const MOST_PAGES = 100;

type Own = Static<typeof Credentials>;

const pathOf = (id: string, rest = ""): string => `/charge/${encodeURIComponent(id)}${rest}`;

export const woovi = defineGateway<typeof Credentials>({
  kind: "woovi",
  name: "Woovi (OpenPix)",
  baseUrl: "https://api.woovi.com/api/v1",
  currency: "BRL",
  credentials: Credentials,
  needs: [],
  minAmount: cents(1),
  expirySeconds: { min: 15 * 60, max: 30 * 86_400 },
  askEverySeconds: 10,
  findsByReference: true,
  noticesPerCharge: false,
  splits: false,
  headers: ({ appId }) => ({ authorization: appId }),

  async check(api) {
    const answer = await api.call({ method: "GET", path: "/charge", query: { limit: "1" } });
    expectShape(answer, { shape: Type.Object({ pageInfo: Type.Object({}) }), errorInside: ErrorInside });
  },

  async charge({ reference, amount, description, expiresInSeconds }, api) {
    const json = { correlationID: reference, value: amount, comment: description, expiresIn: expiresInSeconds };
    const query = { return_existing: "true" };
    const answer = await api.call({ method: "POST", path: "/charge", query, json, creates: true });
    const { charge } = expectShape(answer, { shape: Created, errorInside: ErrorInside, creates: true });
    return { gatewayId: charge.correlationID, brCode: charge.brCode, expiresAt: dateOrNull(charge.expiresDate) };
  },

  async status({ gatewayId, reference }, api) {
    const answer = await asked(api.call({ method: "GET", path: pathOf(gatewayId ?? reference) }));
    const { charge } = expectShape(answer, { shape: Answer, errorInside: ErrorInside });
    const amount = fromCents(charge.value) ?? null;
    const state = STATES.get(charge.status) ?? "unknown";
    const refunded = state === "paid" ? await askRefunded(charge.correlationID, api) : cents(0);
    return {
      gatewayId: charge.correlationID,
      reference: charge.correlationID,
      state: amount !== null && refunded > 0 && refunded >= amount ? "refunded" : state,
      word: charge.status,
      currency: "BRL",
      amount,
      refunded,
      fee: fromCents(charge.fee) ?? null,
      endToEndId: null,
      paidAt: dateOrNull(charge.paidAt),
      brCode: textOrNull(charge.brCode),
    };
  },

  async refund({ gatewayId, amount, key }, api) {
    const json = { correlationID: key, value: amount };
    const answer = await api.call({ method: "POST", path: pathOf(gatewayId, "/refund"), json, creates: true });
    const shape = Type.Object({ refund: Refund });
    const { refund } = expectShape(answer, { shape, errorInside: ErrorInside, creates: true });
    if (refund.status === "REJECTED") throw new GatewayError("refused", "refund_rejected");
  },

  async statement({ from, to }, api) {
    const found: StatementLine[] = [];
    const period = { start: from.toISOString(), end: to.toISOString(), limit: String(PAGE) };
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const query = { ...period, skip: String(page * PAGE) };
      const answer = await api.call({ method: "GET", path: "/transaction", query });
      const { pageInfo, transactions } = expectShape(answer, { shape: Transactions, errorInside: ErrorInside });
      found.push(...transactions.flatMap(linesOf));
      if (!pageInfo.hasNextPage) return found.filter(({ at }) => at >= from && at < to);
    }
    throw new GatewayError("refused", "statement_too_long");
  },

  webhook: { verify, read },
});

/** A charge that nobody made may come as a refusal in words. */
async function asked(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    const isAbsent = error instanceof GatewayError && error.meaning === "refused";
    if (isAbsent && /not found|n[aã]o encontrad/i.test(error.message))
      throw new GatewayError("not_found", error.message, { cause: error });
    throw error;
  }
}

/** A charge stays COMPLETED whatever is given back of it. An AppID that may not read refunds, or finds none, leaves them at nothing. */
async function askRefunded(id: string, api: Api<Own>): Promise<Cents> {
  try {
    const answer = await api.call({ method: "GET", path: pathOf(id, "/refund") });
    const shape = Type.Object({ refunds: Type.Array(Refund) });
    const { refunds } = expectShape(answer, { shape, errorInside: ErrorInside });
    const done = refunds.flatMap(({ status, value }) => (status === "CONFIRMED" ? [fromCents(value) ?? 0] : []));
    return cents(done.reduce<number>((sum, value) => sum + value, 0));
  } catch (error) {
    const isNone = error instanceof GatewayError && (error.meaning === "not_found" || error.meaning === "credentials");
    if (isNone) return cents(0);
    throw error;
  }
}

/** Withdrawals and fees are not of charges. */
function linesOf(transaction: Static<typeof Transactions>["transactions"][number]): StatementLine[] {
  const { type, value, time, charge, endToEndId } = transaction as typeof transaction & Record<string, unknown>;
  const [amount, at] = [fromCents(value), dateOrNull(time)];
  const reference = Value.Check(Named, charge) ? charge.correlationID : null;
  const gatewayId = reference ?? textOrNull(endToEndId);
  if (!amount || !at || gatewayId === null || !["PAYMENT", "REFUND"].includes(type)) return [];
  const size = Math.abs(amount);
  return [{ gatewayId, reference, amount: cents(type === "REFUND" ? -size : size), at }];
}

function verify({ body, headers }: RawNotice, { noticeToken, publicKey, baseUrl }: Own): Verdict {
  const isForUs = noticeToken === undefined || matchesHash(headers.authorization ?? "", hashToken(noticeToken));
  const key = publicKey ?? (baseUrl?.includes("woovi-sandbox.com") ? SANDBOX_KEY : LIVE_KEY);
  return isForUs && isSigned(body, key, headers["x-webhook-signature"] ?? "") ? "authentic" : "forged";
}

function isSigned(body: Uint8Array, key: string, signature: string): boolean {
  try {
    return isSignedBy("RSA-SHA256", body, key, Buffer.from(signature, "base64"));
  } catch {
    // A key that a seller entered wrongly proves nothing.
    return false;
  }
}

/** The delivery that tests a new webhook names an event and no charge. A dispute, a withdrawal and the like are about something else. */
function read(value: unknown): Hint[] {
  if (!Value.Check(Type.Object({ event: Type.String() }), value) || "data_criacao" in value) return [];
  const { charge, pix } = value as { charge?: unknown; pix?: { charge?: unknown } | null };
  const named = [charge, pix?.charge].find((one) => Value.Check(Named, one));
  if (!Value.Check(Named, named)) return [{ about: "other" }];
  return [{ about: "charge", gatewayId: named.correlationID, reference: named.correlationID }];
}
