// The requests of the payment benchmark: what leaves is what the fake, the sandbox and the program's own adapter understand.

import { expect, test } from "bun:test";
import { sandbox } from "#src/payments/gateways/sandbox.ts";
import type { ChargeView } from "#src/sandbox-gateway/charge.ts";
import { noticeRequest, paidNotice, payRequest, tapsOf, unknownNotice } from "../../bench/payment-requests.ts";

const AT = new Date("2026-03-01T12:00:00Z");
const SECRET = "a secret of the sandbox";
const CREDENTIALS = { token: "t", noticeSecret: SECRET, baseUrl: "http://127.0.0.1:8082" };
const charge: ChargeView = {
  ...{ id: "ch_1", reference: "r1", status: "waiting", amount: 1_990, currency: "BRL", description: "Guia" },
  ...{
    br_code: "000201",
    created_at: AT.toISOString(),
    expires_at: AT.toISOString(),
    paid_amount: 0,
    refunded_amount: 0,
  },
  ...{ fee: null, end_to_end_id: null, paid_at: null, payer: null, split: null },
  notice_url: "http://127.0.0.1:8080/webhook/payment/sandbox/key/secret",
};

/** The request taken apart again. */
function read(request: string) {
  const [head = "", body = ""] = request.split("\r\n\r\n");
  const [line = "", ...fields] = head.split("\r\n");
  const headers = Object.fromEntries(fields.map((field) => field.toLowerCase().split(": ") as [string, string]));
  return { line, headers, body };
}

test("a notice is what the program takes for authentic, and names its charge", () => {
  const { line, headers, body } = read(noticeRequest(paidNotice(charge, "evt_1", AT), SECRET, AT.getTime() / 1_000));
  expect(line).toBe("POST /webhook/payment/sandbox/key/secret HTTP/1.1");
  expect(headers["content-length"]).toBe(String(Buffer.byteLength(body)));
  const notice = { body: Buffer.from(body), headers, query: {} };
  expect(sandbox.webhook.verify(notice, CREDENTIALS, AT)).toBe("authentic");
  expect(sandbox.webhook.read(JSON.parse(body), notice)).toMatchObject([{ gatewayId: "ch_1", reference: "r1" }]);
});

test("a repeat has the same bytes, signed anew", () => {
  const notice = paidNotice(charge, "evt_1", AT);
  const [one, other] = [1_772_366_400, 1_772_366_401].map((second) => read(noticeRequest(notice, SECRET, second)));
  expect(other?.body).toBe(one?.body ?? "");
  expect(other?.headers["x-sandbox-signature"]).not.toBe(one?.headers["x-sandbox-signature"] ?? "");
});

test("a notice about an unknown charge goes to the account's address and names nobody's charge", () => {
  const { url, body } = unknownNotice(charge, "http://127.0.0.1:8080/webhook/payment/sandbox/key", "evt_2", AT);
  expect(url).toBe("http://127.0.0.1:8080/webhook/payment/sandbox/key");
  expect(body).not.toContain("ch_1");
  expect(body).not.toContain('"r1"');
});

test("buyers are spread over the bots, and tap each bot's own button", () => {
  const bots = ["one", "two"].map((token, n) => ({ botId: n, token, secretToken: "s", buyKey: `key-${token}` }));
  const tap = tapsOf("http://127.0.0.1:8081", bots);
  const { line, body } = read(tap(7));
  expect(line).toBe("POST /_/tap HTTP/1.1");
  expect(JSON.parse(body)).toMatchObject({ token: "two", user: { id: 7 }, data: "key-two" });
});

test("an order to pay names the charge", () => {
  expect(JSON.parse(read(payRequest("http://127.0.0.1:8082", "ch_1")).body)).toEqual({ id: "ch_1" });
});
