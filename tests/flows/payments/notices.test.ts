// The door for notices: exactly 200 for what is authentic, 401 for what is forged, and every byte that was believed enough to be kept.

import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { createHmac } from "node:crypto";
import { limits } from "#src/kernel/limits.ts";
import { chargesOf, countIn, delivered, openStory, PRODUCT, type Story } from "./support.ts";

setDefaultTimeout(60_000);

let story: Story;
let chatId = 0;

beforeAll(async () => {
  story = await openStory({ processes: 2 });
}, 60_000);
beforeEach(() => void chatId++);
afterAll(() => story[Symbol.asyncDispose]());

type Sent = { body: string | Uint8Array; headers: Record<string, string> };

/** Signed as the sandbox signs, with the account's secret unless told. */
function signed(body: string | Uint8Array, secret = story.shop.account.noticeSecret, type = "application/json"): Sent {
  const timestamp = String(Math.floor(story.world.clock.now().getTime() / 1_000));
  const signature = createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest("hex");
  return {
    body,
    headers: { "content-type": type, "x-sandbox-timestamp": timestamp, "x-sandbox-signature": signature },
  };
}

const post = async ({ body, headers }: Sent, url = story.shop.account.webhookUrl): Promise<number> => {
  const answer = await fetch(url, { method: "POST", headers, body: body as string });
  await answer.arrayBuffer();
  return answer.status;
};

const noticeOf = (id: string, reference: string, event = crypto.randomUUID()) =>
  JSON.stringify({ id: event, type: "charge.paid", charge: { id, reference, status: "paid", paid_amount: 1990 } });

type Kept = { state: string; reason: string | null; body: Uint8Array; repeats: number; charges: number };
const noticesOf = async () => [
  ...(await story.world.sql<Kept[]>`
    SELECT state, reason, body, repeats, (SELECT count(*)::int FROM notice_charge WHERE notice_id = notice.id) AS charges
    FROM notice ORDER BY id`),
];
const lastNotice = async () => (await noticesOf()).at(-1);

test("forged in every way: 401, nothing kept, nothing changed", async () => {
  const { shop, one } = story;
  const { gatewayId } = await shop.buy(one, chatId);
  const before = (await noticesOf()).length;
  for (const wrong of ["unsigned", "signature", "merchant", "replayed", "body"] as const)
    expect((await shop.sandbox.control.forge({ id: gatewayId, wrong })).answer.status).toBe(401);
  const other = await shop.addAccount(30);
  const [charge] = await chargesOf(story, chatId);
  const body = noticeOf(gatewayId, charge?.reference ?? "");
  expect(await post(signed(body, other.noticeSecret))).toBe(401);
  expect(await post(signed(body), other.webhookUrl)).toBe(401);
  expect(await noticesOf()).toHaveLength(before);
  expect((await chargesOf(story, chatId))[0]).toMatchObject({ state: "pending" });
});

test("addresses that are nobody's", async () => {
  const root = `${story.one.http.url}/webhook/payment`;
  const { webhookUrl } = story.shop.account;
  const notice = signed(noticeOf("ch_1", "r"));
  const statuses = [];
  for (const url of [
    `${root}/nobody`,
    `${root}/nobody/x`,
    `${root}/sandbox`,
    `${root}/sandbox/wrong`,
    `${root}/sandbox/%`,
    `${root}/sandbox/%00`,
    `${root}/sandbox/null`,
    `${root}/sandbox/1`,
    webhookUrl.replace("/sandbox/", "/asaas/"),
    webhookUrl.replace("/sandbox/", "/pushinpay/"),
  ])
    statuses.push(await post(notice, url));
  expect(statuses.slice(0, 2)).toEqual([404, 404]);
  expect(statuses.slice(2).filter((status) => status !== 401 && status !== 404 && status !== 400)).toEqual([]);
  // A signature is proof enough: it is kept, wherever it was sent to.
  expect([await post(notice, `${webhookUrl}/wrong`), await post(notice, `${webhookUrl}/%00`)]).toEqual([200, 200]);
});

test("too long is 413, however it is sent", async () => {
  const long = new Uint8Array(10 * 1024 * 1024);
  expect(await post(signed(long))).toBe(413);
  const stream = new ReadableStream({
    start(controller) {
      for (let n = 0; n < 10; n++) controller.enqueue(new Uint8Array(64 * 1024));
      controller.close();
    },
  });
  const answer = await fetch(story.shop.account.webhookUrl, { method: "POST", body: stream });
  expect(answer.status).toBe(413);
});

test.each([
  ["a half of a surrogate pair", '{"a":"\\ud800"}'],
  ["a NUL", '{"a":"\\u0000"}'],
  ["%", "%"],
  ["null", "null"],
  ["nothing", ""],
  ["an array", "[[[]]]"],
  ["a number", "1e999"],
  ["a prototype", '{"__proto__":{"charge":{"id":"1","reference":"2"},"type":"x"}}'],
  ["nested a thousand deep", `${'{"charge":'.repeat(1_000)}1${"}".repeat(1_000)}`],
  ["nested a hundred thousand deep", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
  ["our internal ids", JSON.stringify({ type: "charge.paid", charge: { id: "1", reference: "1" } })],
  ["an id with a NUL", JSON.stringify({ type: "charge.paid", charge: { id: "ch_\u0000", reference: "r\u0000" } })],
  ["an id with half a pair", JSON.stringify({ type: "charge.paid", charge: { id: "ch_\ud800", reference: "r" } })],
  ["an id of 100 KB", JSON.stringify({ type: "charge.paid", charge: { id: "x".repeat(99_000), reference: "r" } })],
])("authentic, but %s: 200, kept, looked at, and nothing changes", async (_, body) => {
  expect(await post(signed(body))).toBe(200);
  await story.quiet();
  const kept = await lastNotice();
  expect(Buffer.from(kept?.body ?? []).toString("latin1")).toBe(Buffer.from(body).toString("latin1"));
  expect(["ignored", "orphan"]).toContain(kept?.state ?? "");
  expect(kept?.charges).toBe(0);
});

test("bytes that are no UTF-8 are kept byte for byte", async () => {
  const body = new Uint8Array([0x7b, 0xff, 0xfe, 0x00, 0xc3, 0x28, 0x7d]);
  expect(await post(signed(body))).toBe(200);
  await story.quiet();
  expect([...((await lastNotice())?.body ?? [])]).toEqual([...body]);
});

test("a form is kept as it came", async () => {
  const body = "id=ch_1&status=paid&nome=Jos%E9+%25";
  expect(await post(signed(body, undefined, "application/x-www-form-urlencoded"))).toBe(200);
  await story.quiet();
  expect(Buffer.from((await lastNotice())?.body ?? []).toString()).toBe(body);
});

test("fifty copies at once at two processes, and one an hour later: one delivery", async () => {
  const { shop, one, all } = story;
  const { gatewayId } = await shop.buy(one, chatId);
  await shop.sandbox.control.merchant({ token: shop.account.token, notice_faults: { lose: 1 } });
  await shop.sandbox.control.pay({ id: gatewayId });
  await shop.sandbox.control.merchant({ token: shop.account.token, notice_faults: null });
  const [charge] = await chargesOf(story, chatId);
  const body = noticeOf(gatewayId, charge?.reference ?? "");
  const urls = all.map(({ http }) => shop.account.webhookUrl.replace(one.http.url, http.url));
  const copies = Array.from({ length: 50 }, (_, n) => post(signed(body), urls[n % 2]));
  expect(new Set(await Promise.all(copies))).toEqual(new Set([200]));
  await delivered(story, chatId);
  await story.later(60 * 60_000);
  expect(await post(signed(body))).toBe(200);
  await story.quiet();
  expect(await countIn(story, chatId, PRODUCT)).toBe(1);
  expect(await lastNotice()).toMatchObject({ state: "settled", charges: 1 });
});

test("doubled and out of order: one delivery, and what is paid stays paid", async () => {
  const { shop, one } = story;
  await shop.sandbox.control.merchant({ token: shop.account.token, notice_faults: { double: 1, out_of_order: 1 } });
  const { gatewayId } = await shop.buy(one, chatId);
  await shop.sandbox.control.pay({ id: gatewayId });
  await delivered(story, chatId);
  expect(await shop.sandbox.control.idle()).toEqual({ idle: true });
  await shop.sandbox.control.merchant({ token: shop.account.token, notice_faults: null });
  await story.quiet();
  expect(await countIn(story, chatId, PRODUCT)).toBe(1);
  expect((await chargesOf(story, chatId))[0]).toMatchObject({ state: "paid" });
});

test("about a charge that nobody knows: an orphan, listed; matched once the charge is known", async () => {
  const { shop, one, world } = story;
  const { gatewayId, chargeId } = await shop.buy(one, chatId);
  const [charge] = await chargesOf(story, chatId);
  // As if the answer that names the charge had not come yet.
  await world.sql`UPDATE charge SET gateway_id = NULL, reference = ${`hidden${chargeId}`} WHERE id = ${chargeId}`;
  expect(await post(signed(noticeOf(gatewayId, charge?.reference ?? "")))).toBe(200);
  await story.quiet();
  expect(await lastNotice()).toMatchObject({ state: "orphan", reason: "unknown_charge", charges: 0 });
  await world.sql`UPDATE charge SET gateway_id = ${gatewayId}, reference = ${charge?.reference ?? ""} WHERE id = ${chargeId}`;
  await story.later(limits.noticeRepeatMs);
  expect(await lastNotice()).toMatchObject({ state: "settled", charges: 1 });
});
