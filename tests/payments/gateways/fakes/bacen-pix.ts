// A bank's fake by the Central Bank's standard, as Efí has it: amounts as text in reais, a token for everything, our txid, received PIX.

import type { GatewayFake, RunningFake } from "../fake.ts";
import { centsOf, createBook, distorted, type VendorCharge, type Words } from "./charge-book.ts";
import { jsonNotice, startVendor, type VendorRequest } from "./vendor-server.ts";

const CLIENT_ID = "Client_Id_5c1d8f2e0b7a4e638d94f3a6c2b1e7d0";
const CLIENT_SECRET = "Client_Secret_b0a4c5e26d1f4f0e9c3b2a7d8e9f1c05";
const NOTICE_SECRET = "aviso-9c1b7e5d2a3f";
const PIX_KEY = "71cdf9ba-c695-4e3c-b010-abb521a3f1be";

const WORDS: Words = {
  paid: "CONCLUIDA",
  expired: "ATIVA",
  failed: "REMOVIDA_PELO_USUARIO_RECEBEDOR",
  refunded: "CONCLUIDA",
  partly_refunded: "CONCLUIDA",
  chargeback: "CONCLUIDA",
  strange_word: "EM_ANALISE",
};

type Extra = { nature: string; isOver: boolean };
type Cob = VendorCharge & Extra;

const decimal = (cents: number): string => `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;

const returnsOf = ({ refundedCents, nature }: Cob) =>
  refundedCents === 0
    ? []
    : [
        {
          id: "d1",
          rtrId: "D09089356202508221644APIb936fb54",
          valor: decimal(refundedCents),
          natureza: nature,
          horario: { solicitacao: new Date().toISOString(), liquidacao: new Date().toISOString() },
          status: "DEVOLVIDO",
        },
      ];

const received = (charge: Cob) => ({
  endToEndId: charge.endToEndId,
  txid: charge.id,
  chave: PIX_KEY,
  valor: decimal(charge.paidCents ?? charge.cents),
  horario: charge.paidAt?.toISOString(),
  infoPagador: "Teste de pagamento em ambiente sandbox",
  ...(charge.refundedCents > 0 && { devolucoes: returnsOf(charge) }),
});

const shown = (charge: Cob) => ({
  calendario: {
    criacao: (charge.isOver ? new Date("2026-01-02T03:04:05Z") : charge.createdAt).toISOString(),
    expiracao: 1_800,
  },
  txid: charge.id,
  revisao: 0,
  loc: { id: 789, location: `pix.example.com/v2/${charge.id}`, tipoCob: "cob" },
  location: `pix.example.com/v2/${charge.id}`,
  status: charge.word,
  valor: { original: decimal(charge.cents) },
  chave: PIX_KEY,
  pixCopiaECola: charge.brCode,
  ...(charge.paidCents !== null && { pix: [received(charge)] }),
});

const problem = (status: number, nome: string) => ({ status, json: { nome, mensagem: `Falha: ${nome}` } });
const ERROR_INSIDE = { json: { nome: "chave_invalida", mensagem: "A chave informada não pertence à conta." } };

function routesOf() {
  const book = createBook<Extra>();
  const tokens = new Set<string>();
  const txids = new Set<string>();
  const basic = `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString("base64")}`;

  function giveToken({ headers, body }: VendorRequest) {
    const isGood = headers.authorization === basic;
    if (!isGood || (body as { grant_type?: unknown }).grant_type !== "client_credentials")
      return { status: 401, json: { error: "invalid_client", error_description: "Invalid or inactive credentials" } };
    const token = `eyJhbGciOiJIUzI1NiJ9.${crypto.randomUUID()}`;
    tokens.add(token);
    return { json: { access_token: token, token_type: "Bearer", expires_in: 3600, scope: "cob.write cob.read" } };
  }

  function make({ params, body, fault }: VendorRequest) {
    const { valor, chave } = body as { valor?: { original?: unknown }; chave?: unknown };
    const id = params.txid ?? "";
    const cents = centsOf(valor?.original, "string");
    if (!/^[a-zA-Z0-9]{26,35}$/.test(id)) return problem(400, "txid_invalido");
    if (cents === undefined || cents < 1 || chave !== PIX_KEY) return problem(400, "valor_invalido");
    if (book.get(id)) return problem(409, "txid_duplicado");
    if (fault === "error_inside") return ERROR_INSIDE;
    txids.add(id);
    const fresh = book.make({ id, cents, word: "ATIVA", reference: id, nature: "ORIGINAL", isOver: false });
    return { status: 201, json: shown(distorted(fresh, fault)) };
  }

  function ask({ params, fault }: VendorRequest) {
    const charge = book.get(params.txid ?? "");
    if (!charge) return problem(404, "cobranca_nao_encontrada");
    return fault === "error_inside" ? ERROR_INSIDE : { json: shown(distorted(charge, fault)) };
  }

  function giveBack({ params, body }: VendorRequest) {
    const txid = [...txids].find((id) => book.mustGet(id).endToEndId === params.e2e);
    const cents = centsOf((body as { valor?: unknown }).valor, "string");
    if (txid === undefined || cents === undefined) return problem(404, "pix_nao_encontrado");
    book.happen(txid, { what: "refunded", cents }, WORDS);
    return { status: 201, json: { ...returnsOf(book.mustGet(txid))[0], id: params.id, status: "EM_PROCESSAMENTO" } };
  }

  const list = ({ query }: VendorRequest) => ({
    json: {
      parametros: { inicio: query.get("inicio"), fim: query.get("fim"), paginacao: { quantidadeDePaginas: 1 } },
      cobs: [],
    },
  });
  return { book, tokens, giveToken, make, ask, giveBack, list };
}

async function start(): Promise<RunningFake> {
  const { book, tokens, giveToken, make, ask, giveBack, list } = routesOf();
  const vendor = startVendor({
    routes: [
      { method: "POST", path: "/oauth/token", isOpen: true, answer: giveToken },
      { method: "GET", path: "/v2/cob", answer: list },
      { method: "PUT", path: "/v2/cob/:txid", on: "charge", answer: make },
      { method: "GET", path: "/v2/cob/:txid", on: "status", answer: ask },
      { method: "PUT", path: "/v2/pix/:e2e/devolucao/:id", answer: giveBack },
    ],
    isAuthorized: ({ headers }) => tokens.has(headers.authorization?.replace(/^Bearer /, "") ?? ""),
    refusal: (_, mensagem) => ({ nome: "requisicao_invalida", mensagem }),
  });
  const query = { hmac: NOTICE_SECRET, ignorar: "/pix" };
  const noticeWith = (gatewayId: string, hmac: Record<string, string>) =>
    jsonNotice({ pix: [received(book.mustGet(gatewayId))] }, {}, hmac);
  return {
    credentials: {
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      pixKey: PIX_KEY,
      noticeSecret: NOTICE_SECRET,
      baseUrl: vendor.url,
    },
    wrongCredentials: { clientId: CLIENT_ID, clientSecret: `${CLIENT_SECRET}0`, pixKey: PIX_KEY, baseUrl: vendor.url },
    requests: vendor.requests,
    failNext: vendor.failNext,
    happen({ gatewayId }, happening) {
      const charge = book.mustGet(gatewayId);
      charge.isOver = happening.what === "expired";
      if (happening.what === "chargeback") Object.assign(charge, { nature: "MED_FRAUDE", refundedCents: charge.cents });
      return book.happen(gatewayId, happening, WORDS);
    },
    notice: ({ gatewayId }) => noticeWith(gatewayId, query),
    forged: ({ gatewayId }) => [
      { wrong: "no secret", notice: noticeWith(gatewayId, { ignorar: "/pix" }) },
      { wrong: "another secret", notice: noticeWith(gatewayId, { ...query, hmac: "aviso-9c1b7e5d2a3e" }) },
      { wrong: "a part of the secret", notice: noticeWith(gatewayId, { ...query, hmac: "aviso" }) },
      { wrong: "more than the secret", notice: noticeWith(gatewayId, { ...query, hmac: `${NOTICE_SECRET}/pix` }) },
    ],
    [Symbol.asyncDispose]: vendor.stop,
  };
}

export const bacenPixFake: GatewayFake = {
  kind: "bacen_pix",
  payer: { name: null, cpf: null, email: null },
  start,
};
