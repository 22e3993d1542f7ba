// Redaction: whatever secret or personal thing stands in a line, wherever and however, it is gone, and the line is still the same JSON.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { redactLine, redactTokens } from "#src/kernel/redact.ts";

const cpf = "529.982.247-25";
const botToken = "123456789:AAFq-3xYz_0123456789abcdefghijklmno";
const ownToken = Buffer.alloc(32, 0x5a).toString("base64url");
const secretKey = Buffer.alloc(32, 0xfb).toString("base64");

/** Each in a sentence as a library, a vendor or a person would write it; the second word must not be left. */
const SECRETS: [sentence: string, secret: string][] = [
  [`fetch https://api.telegram.org/bot${botToken}/getMe failed`, "AAFq"],
  ["connect postgres://alice:hunter2@db.example.com:5432/grimbots", "hunter2"],
  ["connect redis://:p@ss:w/rd@127.0.0.1", "w/rd"],
  ["smtps://ops%40example.com:hunter2@mail.example.com", "hunter2"],
  [`authorization: Bearer ${ownToken}`, ownToken],
  ["Authorization: Basic YWxpY2U6aHVudGVyMg==", "YWxpY2U"],
  ["GET /x?api_key=hunter2&a=1", "hunter2"],
  ["x-webhook-secret: hunter2", "hunter2"],
  ["SECRET_KEY=hunter2", "hunter2"],
  ['{"client_secret":"hunter2","a":1}', "hunter2"],
  ['{"password":"hun\\"ter2"}', "ter2"],
  [`the key gb_${ownToken} is unknown`, ownToken],
  [`SECRET_KEY ${secretKey}`, secretKey.slice(0, 20)],
  [`/delivery/${ownToken} failed`, ownToken],
  ["Client_Id_0123456789abcdef0123456789abcdef01234567 refused", "0123456789abcdef"],
  ["token 3f2504e0-4f89-41d3-9a0c-0305e82c3301 refused", "4f89"],
  ["-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg+/kq\nhkiG9w0\n-----END PRIVATE KEY-----", "MIIE"],
];

/** What only lines are freed from. */
const PERSONAL: [sentence: string, secret: string][] = [
  ['"postgres://alice:hun"ter2@db/x" cannot be parsed as a URL', 'hun"ter2'],
  [`the payer ${cpf} is refused`, "247-25"],
  ["the payer 52998224725 is refused", "52998224725"],
  ["cpf:52998224725", "52998224725"],
  ["CNPJ 11.222.333/0001-81 and 11222333000181", "333"],
  ["mail to ana@example.com bounced", "ana@"],
  ["mail to José.Silva+pix@exemplo.com.br bounced", "Silva"],
  ["call +55 11 98765-4321 or (11) 98765-4321 or 5511987654321 or 11987654321", "8765"],
  ['{"cpf":52998224725,"payer":{"name":"Ana Souza"}}', "Ana"],
  ['{"document":"52998224725"}', "52998224725"],
  ['{"text":"quero \\"comprar\\" agora"}', "agora"],
  ['invalid input syntax for type bigint: "Ana Souza"', "Ana"],
  ['value "Ana" is out of range for type integer', "Ana"],
  ['JSON Parse error: Unexpected identifier "Ana"', "Ana"],
  ["Failed query: insert into tenant values ($1)\nparams: Ana Souza,ana@example.com", "Ana"],
  ["Key (email)=(ana@example.com) already exists.", "ana"],
];

/** As the log writes it: in the sentence, in a field, in the JSON of a field's text, and behind every kind of escape. */
function linesWith(text: string): string[] {
  const base = { level: "error", time: "2026-03-01T12:00:00.000Z", pid: 7, fact: "a.b" };
  return [
    { ...base, msg: text },
    { ...base, reason: `before\n${text}\nafter`, msg: "x" },
    { ...base, reason: `\t${text}`, list: [text] },
    { ...base, reason: `\u0001 ${text}` },
    { ...base, reason: `ação “${text}”` },
  ].map((value) => JSON.stringify(value));
}

describe.each([...SECRETS, ...PERSONAL])("of %p", (sentence, secret) => {
  test("the secret is gone and the line is JSON", () => {
    for (const line of linesWith(sentence)) {
      const written = redactLine(line);
      expect(JSON.stringify(JSON.parse(written))).not.toContain(JSON.stringify(secret).slice(1, -1));
      expect(JSON.parse(written)).toMatchObject({ level: "error", pid: 7, fact: "a.b", time: expect.any(String) });
    }
  });
});

test.each(SECRETS)("outside a log, too: %p", (sentence, secret) => {
  expect(redactTokens(sentence)).not.toContain(secret);
});

test.each([
  "There is a tenant with the e-mail alice@example.com already.",
  "postgres://alice@db.example.com:5432/grimbots",
  "These are no credentials for asaas (fields: apiKey):\n- /apiKey: Expected required property",
  "Set SECRET_KEY to 32 random bytes in base64 (openssl rand -base64 32).",
  'duplicate key value violates unique constraint "inbox_0000000017_slot_bot_id_update_id_key"',
  "connect ENOENT /var/lib/grimbots/postgres/socket/.s.PGSQL.5432",
])("%p stays as it is", (text) => {
  expect(redactTokens(text)).toBe(text);
});

test("the fields that we write stay as they are", () => {
  const line = JSON.stringify({
    ...{ level: "info", time: "2026-03-01T12:00:00.000Z", pid: 7, fact: "charge.moved", botId: 12_345_678_901 },
    ...{ chargeId: 55_119_876_543_21, slot: 1, updateId: 987_654_321, gatewayAmount: 99_999_999_999, opened: false },
    ...{
      url: "http://127.0.0.1:8080",
      workers: ["tasks", "clock"],
      until: "2026-03-01T12:00:00.000Z",
      dropped: [1, 2],
    },
    ...{ reason: "connect ECONNREFUSED 127.0.0.1:6379", msg: "a charge moved, or something was odd about it" },
  });
  expect(redactLine(line)).toBe(line);
});

const secretOf = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
const digits = (length: number) => fc.stringMatching(new RegExp(`^[1-9]\\d{${length - 1}}$`));
const word = fc.string({ unit: "binary", maxLength: 30 });

test("property: any of our tokens, any bot's token, any CPF, in any text, at any place, and the line stays JSON", () => {
  const hidden = fc.oneof(
    secretOf.map((bytes) => bytes.toString("base64url")),
    secretOf.map((bytes) => bytes.toString("base64")),
    secretOf.map((bytes) => bytes.toString("hex")),
    fc.tuple(digits(9), fc.stringMatching(/^[\w-]{35}$/)).map(([id, half]) => `${id}:${half}`),
    digits(11).map((n) => `${n.slice(0, 3)}.${n.slice(3, 6)}.${n.slice(6, 9)}-${n.slice(9)}`),
    digits(11),
    fc.emailAddress({ size: "small" }).filter((address) => /^[\w.]{3,}@/.test(address)),
    fc.webUrl().chain((url) => secretOf.map((key) => url.replace("://", `://alice:${key.toString("base64url")}@`))),
  );
  fc.assert(
    fc.property(word, hidden, word, (before, secret, after) => {
      const line = JSON.stringify({ fact: "a.b", reason: `${before} ${secret} ${after}`, msg: "x" });
      const written = redactLine(line);
      const told = JSON.parse(written) as { reason: string; fact: string };
      const [, half = secret] = /^\d{9}:(.+)$/.exec(secret) ?? [];
      expect(told.fact).toBe("a.b");
      expect(told.reason).not.toContain(half);
    }),
    { numRuns: 500 },
  );
});

test("property: any line stays JSON with the same fields", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue()), word, (fields, msg) => {
      const line = JSON.stringify({ fact: "a.b", ...fields, msg });
      expect(Object.keys(JSON.parse(redactLine(line)))).toEqual(Object.keys(JSON.parse(line)));
    }),
    { numRuns: 300 },
  );
});

test("a long line costs little: nothing grows with its square", () => {
  const line = JSON.stringify({
    fact: "a.b",
    reason: `${"a".repeat(50_000)} ${"x@".repeat(10_000)} ${"1".repeat(20_000)}`,
  });
  const beganMs = performance.now();
  redactLine(line);
  expect(performance.now() - beganMs).toBeLessThan(1_000);
});
