// The PIX API of the Central Bank's standard, which many banks offer; set up for Efí. Charges, received PIX, refunds, their words and natures,
// paging and the notices follow the standard's specification; `x-skip-mtls-checking`, the "/pix" that Efí puts behind a notice address, and
// the secret in its query follow Efí's documentation. Unverified: the bounds of an expiry; which field carries the bank's fee, so none is
// reported; how often a notice is sent again. The token is asked for under the account's base URL; a bank with another host for tokens
// cannot be used. The txid is our reference, so a charge is never made twice, and is found by it.

import { createPrivateKey, X509Certificate } from "node:crypto";
import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { cents, toDecimal } from "../../kernel/money.ts";
import { hashToken, matchesHash, newToken } from "../../kernel/secret.ts";
import {
  Charge,
  Created,
  ErrorInside,
  endOf,
  Listed,
  type Pix,
  Return,
  receiptOf,
  reportOf,
  returnsOf,
  Token,
  Txid,
} from "./bacen-pix-answers.ts";
import { baseUrl, credentialsOf, secret, text } from "./credential-fields.ts";
import type { Verdict } from "./gateway.ts";
import { type Api, defineGateway, GatewayError, type Hint, type RawNotice, type Report } from "./gateway.ts";
import { expectShape } from "./read-answer.ts";

/** A certificate with its chain, or a key. */
const PEM_LENGTH = 20_000;

const Credentials = credentialsOf({
  clientId: text("Client ID", "Na Efí: API → Aplicações → sua aplicação."),
  clientSecret: secret("Client Secret", "Na Efí: API → Aplicações → sua aplicação."),
  pixKey: text("Chave Pix", "A chave que recebe, cadastrada nesta conta."),
  certificate: Type.Optional(text("Certificado (PEM)", "A parte BEGIN CERTIFICATE do certificado da API.", PEM_LENGTH)),
  privateKey: Type.Optional(
    secret("Chave privada (PEM)", "A parte BEGIN PRIVATE KEY do certificado da API.", PEM_LENGTH),
  ),
  noticeSecret: Type.Optional(
    secret("Segredo dos avisos", "Vai no endereço dos avisos, em hmac=. É criado ao registrar os avisos."),
  ),
  baseUrl: baseUrl("Em branco, o da Efí. Testes na Efí: https://pix-h.api.efipay.com.br"),
  tokenPath: Type.Optional(text("Caminho do token", "Em branco, o da Efí: /oauth/token")),
  apiPath: Type.Optional(text("Caminho da API Pix", "Em branco, o da Efí: /v2")),
});

const PAGE = 100;
const MOST_PAGES = 100;
/** So long after it came in can a PIX be given back. */
const RETURN_MS = 90 * 86_400_000;

type Own = Static<typeof Credentials>;

const api = ({ apiPath }: Own, path: string): string => (apiPath ?? "/v2") + path;

export const bacenPix = defineGateway<typeof Credentials>({
  kind: "bacen_pix",
  name: "Efí e outros bancos com a API Pix do Banco Central",
  baseUrl: "https://pix.api.efipay.com.br",
  currency: "BRL",
  credentials: Credentials,
  needs: [],
  minAmount: cents(1),
  expirySeconds: { min: 60, max: 30 * 86_400 },
  askEverySeconds: 10,
  findsByReference: true,
  noticesPerCharge: false,
  splits: false,
  tls: ({ certificate, privateKey }) =>
    certificate && privateKey ? { cert: certificate, key: privateKey } : undefined,
  headers: (_credentials, token) => (token === undefined ? {} : { authorization: `Bearer ${token}` }),

  async fetchToken({ credentials, call }) {
    const { clientId, clientSecret, tokenPath } = credentials;
    const grant = { grant_type: "client_credentials" };
    const answer = await call({
      method: "POST",
      path: tokenPath ?? "/oauth/token",
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}` },
      // Efí documents JSON; elsewhere the form of OAuth 2.0 itself holds.
      ...(tokenPath === undefined ? { json: grant } : { form: grant }),
      withoutToken: true,
    });
    const { access_token, expires_in } = expectShape(answer, { shape: Token, errorInside: ErrorInside });
    return { token: access_token, seconds: expires_in };
  },

  async check({ credentials, call, now }) {
    assertKeyPair(credentials);
    const period = { inicio: new Date(now.getTime() - 60_000).toISOString(), fim: now.toISOString() };
    const answer = await call({ method: "GET", path: api(credentials, "/cob"), query: period });
    expectShape(answer, { shape: Type.Object({ parametros: Type.Object({}) }), errorInside: ErrorInside });
  },

  async charge(input, { credentials, call }) {
    const json = {
      calendario: { expiracao: input.expiresInSeconds },
      valor: { original: toDecimal(input.amount) },
      chave: credentials.pixKey,
      solicitacaoPagador: input.description,
    };
    const path = api(credentials, `/cob/${encodeURIComponent(input.reference)}`);
    const answer = await call({ method: "PUT", path, json, creates: true });
    const made = expectShape(answer, { shape: Created, errorInside: ErrorInside, creates: true });
    return { gatewayId: made.txid, brCode: made.pixCopiaECola, expiresAt: endOf(made) };
  },

  status: ({ gatewayId, reference }, opened) => askStatus(gatewayId ?? reference, opened),

  async refund({ gatewayId, amount, endToEndId, key }, opened) {
    const received = endToEndId ?? (await askStatus(gatewayId, opened)).endToEndId;
    if (received === null) throw new GatewayError("refused", "nothing_received");
    // Letters and digits only, 35 at most.
    const id = /^[A-Za-z0-9]{1,35}$/.test(key) ? key : hashToken(key).toString("hex").slice(0, 32);
    const path = api(opened.credentials, `/pix/${encodeURIComponent(received)}/devolucao/${id}`);
    const json = { valor: toDecimal(amount) };
    const answer = await opened.call({ method: "PUT", path, json, creates: true });
    const { status } = expectShape(answer, { shape: Return, errorInside: ErrorInside, creates: true });
    if (status === "NAO_REALIZADO") throw new GatewayError("refused", "refund_not_done");
  },

  async statement({ from, to }, opened) {
    const received = await listPix(opened, { from, to });
    // A refund is listed with its PIX, which may have come long before the period.
    const returned = await listPix(opened, { from: new Date(from.getTime() - RETURN_MS), to, isReturned: true });
    const lines = [...received.flatMap(receiptOf), ...returned.flatMap(returnsOf)];
    return lines.filter(({ at }) => at >= from && at < to);
  },

  async register(noticeUrl, { credentials, call }) {
    const noticeSecret = credentials.noticeSecret ?? newToken();
    // `ignorar` swallows the "/pix" that is put behind the address.
    const query = `hmac=${encodeURIComponent(noticeSecret)}&ignorar=`;
    const webhookUrl = `${noticeUrl}${noticeUrl.includes("?") ? "&" : "?"}${query}`;
    const path = api(credentials, `/webhook/${encodeURIComponent(credentials.pixKey)}`);
    await call({ method: "PUT", path, headers: { "x-skip-mtls-checking": "true" }, json: { webhookUrl } });
    return { noticeSecret };
  },

  webhook: { verify, read },
});

/** A certificate that cannot be used would else fail as a connection does. */
function assertKeyPair({ certificate, privateKey }: Own): void {
  if (certificate === undefined && privateKey === undefined) return;
  try {
    if (new X509Certificate(certificate ?? "").checkPrivateKey(createPrivateKey(privateKey ?? ""))) return;
  } catch (cause) {
    throw new GatewayError("credentials", "certificate_unreadable", { cause });
  }
  throw new GatewayError("credentials", "certificate_without_its_key");
}

async function askStatus(txid: string, { credentials, call, now }: Api<Own>): Promise<Report> {
  const answer = await call({ method: "GET", path: api(credentials, `/cob/${encodeURIComponent(txid)}`) });
  return reportOf(expectShape(answer, { shape: Charge, errorInside: ErrorInside }), now);
}

type Listing = { from: Date; to: Date; isReturned?: boolean };

async function listPix({ credentials, call }: Api<Own>, { from, to, isReturned }: Listing) {
  const found: Static<typeof Pix>[] = [];
  const period = {
    inicio: from.toISOString(),
    fim: to.toISOString(),
    ...(isReturned && { devolucaoPresente: "true" }),
  };
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const paging = { "paginacao.paginaAtual": String(page), "paginacao.itensPorPagina": String(PAGE) };
    const answer = await call({ method: "GET", path: api(credentials, "/pix"), query: { ...period, ...paging } });
    const { parametros, pix } = expectShape(answer, { shape: Listed, errorInside: ErrorInside });
    found.push(...(pix ?? []));
    if (page + 1 >= parametros.paginacao.quantidadeDePaginas) return found;
  }
  throw new GatewayError("refused", "statement_too_long");
}

function verify({ query }: RawNotice, { noticeSecret }: Own): Verdict {
  if (noticeSecret === undefined) return "unsigned";
  return matchesHash(query.hmac ?? "", hashToken(noticeSecret)) ? "authentic" : "forged";
}

/** One body may tell of several PIX, received or given back. One without a txid was paid to the key itself. */
function read(value: unknown): Hint[] {
  if (!Value.Check(Type.Object({ pix: Type.Array(Type.Unknown()) }), value)) return [];
  return value.pix.map((pix) =>
    Value.Check(Type.Object({ txid: Txid }), pix)
      ? { about: "charge", gatewayId: pix.txid, reference: pix.txid }
      : { about: "other" },
  );
}
