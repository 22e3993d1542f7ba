// The Central Bank's PIX API by itself: several PIX in a notice, refunds and disputes in a charge, registration, statements, and tokens.

import { describe, expect, test } from "bun:test";
import { cents } from "#src/kernel/money.ts";
import { bacenPix } from "#src/payments/gateways/bacen-pix.ts";
import type { Api, HttpRequest, Report } from "#src/payments/gateways/gateway.ts";
import { bacenPixFake } from "./fakes/bacen-pix.ts";
import { jsonNotice } from "./fakes/vendor-server.ts";
import { errorOf, openStage } from "./stage.ts";

const NOW = new Date("2026-11-22T12:00:00Z");
const TXID = "ca1b8194ccf14c518b5d46adbb28684e";
const E2E = "E09089356202508221544APIb936fb54";
const CREDENTIALS = { clientId: "id", clientSecret: "secret", pixKey: "71cdf9ba-c695-4e3c-b010-abb521a3f1be" };

/** An account whose answers are these; keeps what it was asked. */
function answering(answer: (request: HttpRequest) => unknown, credentials: object = CREDENTIALS) {
  const asked: HttpRequest[] = [];
  const call = async (request: HttpRequest) => {
    asked.push(request);
    return answer(request);
  };
  return { asked, api: { credentials, now: NOW, call } as Api<never> };
}

const COB = {
  calendario: { criacao: "2026-11-22T11:50:00Z", expiracao: 1_800 },
  txid: TXID,
  status: "ATIVA",
  valor: { original: "19.90" },
  pixCopiaECola: "000201",
};
const RECEIVED = { endToEndId: E2E, txid: TXID, valor: "19.90", horario: "2026-11-22T11:55:00.000Z" };
const giveBack = (valor: string, changes: object = {}) => ({ id: "d1", valor, status: "DEVOLVIDO", ...changes });

const reportOf = (changes: object): Promise<Report> =>
  bacenPix.status({ gatewayId: TXID, reference: TXID }, answering(() => ({ ...COB, ...changes })).api);
const paidWith = (...devolucoes: object[]) => reportOf({ status: "CONCLUIDA", pix: [{ ...RECEIVED, devolucoes }] });

describe("a charge", () => {
  test("that stays ATIVA after its time is expired", async () => {
    expect((await reportOf({})).state).toBe("pending");
    const over = { criacao: "2026-11-22T11:29:59Z", expiracao: 1_800 };
    expect((await reportOf({ calendario: over })).state).toBe("expired");
    expect((await reportOf({ calendario: { criacao: "soon", expiracao: "1800" } })).state).toBe("pending");
  });

  test("that was taken back is failed, or expired when its time was over", async () => {
    expect((await reportOf({ status: "REMOVIDA_PELO_USUARIO_RECEBEDOR" })).state).toBe("failed");
    expect((await reportOf({ status: "REMOVIDA_PELO_PSP" })).state).toBe("failed");
    const over = { criacao: "2026-11-21T11:29:59Z", expiracao: 1_800 };
    expect((await reportOf({ status: "REMOVIDA_PELO_PSP", calendario: over })).state).toBe("expired");
    expect((await reportOf({ status: "Concluida" })).state).toBe("unknown");
  });

  test("reports what came in, not what was asked for", async () => {
    const less = await reportOf({ status: "CONCLUIDA", pix: [{ ...RECEIVED, valor: "0.01" }] });
    expect(less).toMatchObject({ state: "paid", amount: 1, endToEndId: E2E, paidAt: new Date(RECEIVED.horario) });
    const odd = await reportOf({ status: "CONCLUIDA", pix: [{ ...RECEIVED, valor: "19,90" }] });
    expect(odd).toMatchObject({ state: "paid", amount: null });
  });

  test("counts refunds that were done, and only those", async () => {
    expect(await paidWith(giveBack("5.00"), giveBack("4.90", { status: "EM_PROCESSAMENTO" }))).toMatchObject({
      state: "paid",
      refunded: 500,
    });
    expect(await paidWith(giveBack("19.90", { status: "NAO_REALIZADO" }))).toMatchObject({
      state: "paid",
      refunded: 0,
    });
    expect(await paidWith(giveBack("5.00"), giveBack("14.90"))).toMatchObject({ state: "refunded", refunded: 1990 });
  });

  test("whose payer's bank asked for it back is a chargeback", async () => {
    for (const natureza of ["MED_FRAUDE", "MED_OPERACIONAL", "MED_PIX_AUTOMATICO"])
      expect(await paidWith(giveBack("19.90", { natureza }))).toMatchObject({ state: "chargeback", refunded: 1990 });
    const begun = giveBack("19.90", { natureza: "MED_FRAUDE", status: "EM_PROCESSAMENTO" });
    expect(await paidWith(begun)).toMatchObject({ state: "chargeback", refunded: 0 });
    const declined = giveBack("19.90", { natureza: "MED_FRAUDE", status: "NAO_REALIZADO" });
    expect(await paidWith(declined)).toMatchObject({ state: "paid", refunded: 0 });
    expect(await paidWith(giveBack("19.90", { natureza: "ORIGINAL" }))).toMatchObject({ state: "refunded" });
  });
});

describe("a notice", () => {
  const read = (value: unknown) => bacenPix.webhook.read(value, jsonNotice(value));

  test("of several PIX names each, one paid to the key itself among them", () => {
    const other = "0".repeat(32);
    const refunded = { ...RECEIVED, txid: other, devolucoes: [giveBack("19.90")] };
    expect(
      read({ pix: [RECEIVED, { ...RECEIVED, txid: undefined }, refunded, null, { ...RECEIVED, txid: "a/b" }] }),
    ).toEqual([
      { about: "charge", gatewayId: TXID, reference: TXID },
      { about: "other" },
      { about: "charge", gatewayId: other, reference: other },
      { about: "other" },
      { about: "other" },
    ]);
  });

  test("that only tests the address says nothing", () => {
    for (const value of [{ evento: "teste_webhook" }, {}, { pix: [] }, undefined]) expect(read(value)).toEqual([]);
  });

  test("is unsigned for a seller who has no secret", () => {
    expect(bacenPix.webhook.verify(jsonNotice({}), CREDENTIALS, NOW)).toBe("unsigned");
  });
});

test("registration puts the secret and what swallows the bank's suffix behind the address", async () => {
  const { api, asked } = answering(() => ({}));
  const kept = await bacenPix.register?.("https://bots.example.com/webhooks/gateways/conta/segredo", api);
  const { noticeSecret } = kept as { noticeSecret: string };
  expect(noticeSecret).toMatch(/^[\w-]{43}$/);
  const [{ path, headers, json } = {} as HttpRequest] = asked;
  expect(path).toBe(`/v2/webhook/${CREDENTIALS.pixKey}`);
  expect(headers).toEqual({ "x-skip-mtls-checking": "true" });
  const { webhookUrl } = json as { webhookUrl: string };
  const delivered = Object.fromEntries(new URL(`${webhookUrl}/pix`).searchParams);
  expect(delivered).toEqual({ hmac: noticeSecret, ignorar: "/pix" });
  const notice = jsonNotice({ pix: [RECEIVED] }, {}, delivered);
  expect(bacenPix.webhook.verify(notice, { ...CREDENTIALS, noticeSecret }, NOW)).toBe("authentic");
  const again = answering(() => ({}), { ...CREDENTIALS, noticeSecret: "meu segredo" });
  expect(await bacenPix.register?.("https://bots.example.com/w?a=1", again.api)).toEqual({
    noticeSecret: "meu segredo",
  });
  expect(again.asked[0]?.json).toEqual({ webhookUrl: "https://bots.example.com/w?a=1&hmac=meu%20segredo&ignorar=" });
});

describe("a refund", () => {
  const refund = (endToEndId: string | null, answer: object, key = "d4s2a9n7b5v3c1") => {
    const { api, asked } = answering(({ method }) =>
      method === "GET" ? { ...COB, status: "CONCLUIDA", pix: [RECEIVED] } : answer,
    );
    return { asked, done: bacenPix.refund?.({ gatewayId: TXID, amount: cents(1990), endToEndId, key }, api) };
  };
  const begun = { id: "d1", valor: "19.90", status: "EM_PROCESSAMENTO" };

  test("is made once for its key, which it shortens to what the standard allows", async () => {
    const { asked, done } = refund(E2E, begun);
    await done;
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ method: "PUT", json: { valor: "19.90" }, creates: true });
    expect(asked[0]?.path).toBe(`/v2/pix/${E2E}/devolucao/d4s2a9n7b5v3c1`);
    const long = "0192f6d2-7c1e-7a9e-8a4b-3d2c1b0a9f8e:refund";
    const paths = await Promise.all(
      [1, 2].map(async () => {
        const { asked: sent, done: over } = refund(E2E, begun, long);
        await over;
        return sent[0]?.path;
      }),
    );
    expect(paths[0]).toMatch(/\/devolucao\/[a-z0-9]{32}$/);
    expect(paths[1]).toBe(String(paths[0]));
  });

  test("looks up the PIX that it does not know, and is refused when the bank did not do it", async () => {
    const { asked, done } = refund(null, begun);
    await done;
    expect(asked.map(({ method }) => method)).toEqual(["GET", "PUT"]);
    const failed = refund(E2E, { ...begun, status: "NAO_REALIZADO" }).done ?? Promise.resolve();
    expect((await errorOf(failed)).meaning).toBe("refused");
  });
});

test("a statement holds what came in and what was given back within the period, of whatever day its PIX is", async () => {
  const period = { from: new Date("2026-11-20T00:00:00Z"), to: new Date("2026-11-21T00:00:00Z") };
  const at = "2026-11-20T10:00:00Z";
  const pages = [[{ ...RECEIVED, horario: at }], [{ ...RECEIVED, txid: undefined, horario: at, valor: "3.00" }]];
  const early = [
    { ...RECEIVED, horario: "2026-10-01T10:00:00Z", devolucoes: [giveBack("5.00", { horario: { liquidacao: at } })] },
    { ...RECEIVED, horario: at, devolucoes: [giveBack("1.00", { horario: { solicitacao: "2026-11-25T10:00:00Z" } })] },
    { ...RECEIVED, devolucoes: [giveBack("2.00", { status: "NAO_REALIZADO", horario: { liquidacao: at } })] },
  ];
  const { api, asked } = answering(({ query }) => {
    const isReturned = query?.devolucaoPresente === "true";
    const pix = isReturned ? early : pages[Number(query?.["paginacao.paginaAtual"])];
    return { parametros: { paginacao: { quantidadeDePaginas: isReturned ? 1 : 2 } }, pix };
  });
  const lines = await bacenPix.statement?.(period, api);
  expect(lines).toEqual([
    { gatewayId: TXID, reference: TXID, amount: cents(1990), at: new Date(at) },
    { gatewayId: E2E, reference: null, amount: cents(300), at: new Date(at) },
    { gatewayId: TXID, reference: TXID, amount: cents(-500), at: new Date(at) },
  ]);
  expect(asked.map(({ query }) => query?.inicio)).toEqual([
    "2026-11-20T00:00:00.000Z",
    "2026-11-20T00:00:00.000Z",
    "2026-08-22T00:00:00.000Z",
  ]);
});

describe("the token", () => {
  test("is asked for once in an operation, as Efí documents it", async () => {
    await using stage = await openStage(bacenPixFake);
    const { input, charged } = await stage.charge();
    expect(charged).toMatchObject({ gatewayId: input.reference, expiresAt: expect.any(Date) });
    const [first] = stage.fake.requests;
    expect(first).toMatchObject({ path: "/oauth/token", body: { grant_type: "client_credentials" } });
    expect(stage.fake.requests.map(({ method }) => method)).toEqual(["POST", "PUT"]);
  });

  test("comes from another path, with another API path, as a form", async () => {
    const own = { ...CREDENTIALS, tokenPath: "/auth/server/token", apiPath: "/api/v1" };
    const { api, asked } = answering(() => ({ access_token: "t", expires_in: 300 }), own);
    expect(await bacenPix.fetchToken?.(api)).toEqual({ token: "t", seconds: 300 });
    expect(asked[0]).toMatchObject({ path: "/auth/server/token", form: { grant_type: "client_credentials" } });
    const asking = answering(() => COB, own);
    await bacenPix.status({ gatewayId: TXID, reference: TXID }, asking.api);
    expect(asking.asked[0]?.path).toBe(`/api/v1/cob/${TXID}`);
  });
});
