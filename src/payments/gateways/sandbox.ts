// The sandbox gateway that ships with the program (src/sandbox-gateway): no money moves. For trying out, the demo and tests. Amounts in
// cents; it knows our references, so that a charge of which we heard nothing can be found.

import { createHmac } from "node:crypto";
import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { cents, fromCents } from "../../kernel/money.ts";
import { hashToken, matchesHash } from "../../kernel/secret.ts";
import { credentialsOf, secret } from "./credential-fields.ts";
import type { StatementLine, Verdict } from "./gateway.ts";
import { defineGateway, GatewayError, type Hint, type RawNotice, type Report, type ReportState } from "./gateway.ts";
import { dateOrNull, expectShape, textOrNull } from "./read-answer.ts";

const Credentials = credentialsOf({
  token: secret("Token da API", "O campo token que o sandbox responde ao criar um lojista."),
  noticeSecret: secret("Segredo dos avisos", "O campo noticeSecret da mesma resposta."),
  baseUrl: Type.String({
    title: "Endereço do sandbox",
    description: "O endereço que o comando grimbots sandbox-gateway mostra, como http://127.0.0.1:8082.",
    pattern: "^https?://",
  }),
});
const Amount = Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER });
const Id = Type.String({ minLength: 1, maxLength: 100 });
const Odd = Type.Optional(Type.Unknown());
const Word = Type.String({ minLength: 1, maxLength: 100 });
const Charge = Type.Object({
  ...{ id: Id, reference: Id, status: Word, currency: Word, br_code: Type.String({ minLength: 1 }) },
  ...{ amount: Amount, paid_amount: Amount, refunded_amount: Amount, fee: Odd },
  ...{ expires_at: Odd, end_to_end_id: Odd, paid_at: Odd },
});
const Found = Type.Object({ data: Type.Array(Charge) });
const Line = Type.Object({ type: Word, charge_id: Id, reference: Id, amount: Amount, at: Word });
const Page = Type.Object({ data: Type.Array(Line), has_more: Type.Boolean() });
const Notice = Type.Object({ type: Type.String(), charge: Type.Object({ id: Id, reference: Id }) });
const errorInside = Type.Object({ error: Type.Object({}) });
const STATES = new Map<string, ReportState>([
  ["waiting", "pending"],
  ["paid", "paid"],
  ["failed", "failed"],
  ["expired", "expired"],
  ["refunded", "refunded"],
  ["disputed", "chargeback"],
]);
/** A notice is signed when it is sent; one that is older, or comes from the future, is a replay. */
const REPLAY_SECONDS = 300;

export const sandbox = defineGateway<typeof Credentials>({
  kind: "sandbox",
  name: "Sandbox (de mentira)",
  // Every account names its own: no host plays this part for everybody.
  baseUrl: "http://sandbox.invalid",
  currency: "BRL",
  credentials: Credentials,
  needs: [],
  minAmount: cents(1),
  expirySeconds: { min: 1, max: 604_800 },
  askEverySeconds: 1,
  findsByReference: true,
  noticesPerCharge: true,
  splits: true,
  headers: ({ token }) => ({ authorization: `Bearer ${token}` }),

  async check(api) {
    expectShape(await api.call({ method: "GET", path: "/v1/me" }), { shape: Type.Object({ name: Id }), errorInside });
  },

  async charge({ reference, amount, description, expiresInSeconds, noticeUrl, payer, split }, api) {
    const known = Object.fromEntries(Object.entries(payer).filter(([, value]) => value !== null));
    const own = { reference, amount, currency: "BRL", description, expires_in: expiresInSeconds, payer: known };
    const json = { ...own, ...(noticeUrl && { notice_url: noticeUrl }), ...(split && { split }) };
    const answer = await api.call({ method: "POST", path: "/v1/charges", json, creates: true });
    const made = expectShape(answer, { shape: Charge, errorInside, creates: true });
    // Whatever this answer is about, ours is found by its reference.
    if (made.reference !== reference || made.amount !== amount)
      throw new GatewayError("unknown", "another_charge_answered");
    return { gatewayId: made.id, brCode: made.br_code, expiresAt: dateOrNull(made.expires_at) };
  },

  async status({ gatewayId, reference }, api) {
    if (gatewayId !== null) {
      const answer = await api.call({ method: "GET", path: `/v1/charges/${encodeURIComponent(gatewayId)}` });
      return reportOf(expectShape(answer, { shape: Charge, errorInside }));
    }
    const answer = await api.call({ method: "GET", path: "/v1/charges", query: { reference } });
    const [found] = expectShape(answer, { shape: Found, errorInside }).data;
    if (!found) throw new GatewayError("not_found", "no_such_reference");
    return reportOf(found);
  },

  async refund({ gatewayId, amount, key }, api) {
    const path = `/v1/charges/${encodeURIComponent(gatewayId)}/refund`;
    const answer = await api.call({ method: "POST", path, json: { key, amount }, creates: true });
    expectShape(answer, { shape: Type.Object({ id: Id, key: Type.Literal(key) }), errorInside, creates: true });
  },

  async statement({ from, to }, api) {
    const lines: StatementLine[] = [];
    const period = { from: from.toISOString(), to: to.toISOString() };
    for (let page = 1; page <= 1_000; page++) {
      const answer = await api.call({ method: "GET", path: "/v1/statement", query: { ...period, page: String(page) } });
      const { data, has_more } = expectShape(answer, { shape: Page, errorInside });
      lines.push(...data.flatMap(lineOf));
      if (!has_more) return lines;
    }
    throw new GatewayError("refused", "statement_too_long");
  },
  webhook: { verify, read },
});

/** Fees and splits are the gateway's own business: what the customer paid and got back is what counts here. */
function lineOf({ type, charge_id: gatewayId, reference, amount, at }: Static<typeof Line>): StatementLine[] {
  const when = dateOrNull(at);
  if (when === null) throw new GatewayError("away", "wrong_shape");
  if (type === "fee" || type === "split") return [];
  return [{ gatewayId, reference, amount: cents(amount), at: when }];
}

function reportOf(charge: Static<typeof Charge>): Report {
  return {
    gatewayId: charge.id,
    reference: charge.reference,
    state: STATES.get(charge.status) ?? "unknown",
    word: charge.status,
    currency: charge.currency,
    amount: cents(charge.paid_amount > 0 ? charge.paid_amount : charge.amount),
    refunded: cents(charge.refunded_amount),
    fee: fromCents(charge.fee) ?? null,
    endToEndId: textOrNull(charge.end_to_end_id),
    paidAt: dateOrNull(charge.paid_at),
    brCode: charge.br_code,
  };
}

function verify({ body, headers }: RawNotice, { noticeSecret }: Static<typeof Credentials>, now: Date): Verdict {
  const timestamp = headers["x-sandbox-timestamp"] ?? "";
  const isFresh = /^\d{1,12}$/.test(timestamp) && Math.abs(now.getTime() / 1_000 - Number(timestamp)) <= REPLAY_SECONDS;
  const signature = createHmac("sha256", noticeSecret).update(`${timestamp}.`).update(body).digest("hex");
  const isSigned = matchesHash(headers["x-sandbox-signature"] ?? "", hashToken(signature));
  return isFresh && isSigned ? "authentic" : "forged";
}

function read(value: unknown): Hint[] {
  if (!Value.Check(Notice, value)) return [];
  return [{ about: "charge", gatewayId: value.charge.id, reference: value.charge.reference }];
}
