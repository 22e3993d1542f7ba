// The dossier of a whole sale, by the API and by the command: complete, in order of time, and without a secret.

import { afterAll, beforeAll, expect, test } from "bun:test";
import path from "node:path";
import { Value } from "@sinclair/typebox/value";
import { TOKEN_PLACE } from "#src/payments/context.ts";
import { Trace, type TraceEvent } from "#src/payments/trace-shape.ts";
import { openSellers, type SellersStory } from "../support/api.ts";
import { until } from "../support/until.ts";
import { OPENING_MS, testKeyring, testSecretKey } from "../support/world.ts";

const CHAT = 1;
const CPF = "529.982.247-25";

let story: SellersStory;
let orderId = 0;
let chargeId = 0;
let pageToken = "";

beforeAll(async () => {
  story = await openSellers();
  await sell();
}, OPENING_MS);
afterAll(() => story[Symbol.asyncDispose]());

async function sell(): Promise<void> {
  const { world, one, shop } = story;
  await shop.bot.write(one, CHAT, "/start anuncio-7");
  await one.settle();
  world.clock.advance(1_000);
  const bought = await shop.buy(one, CHAT);
  ({ orderId, chargeId } = bought);
  world.clock.advance(1_000);
  await shop.sandbox.control.pay({ id: bought.gatewayId });
  const delivery = await until("it is delivered", async () => {
    const [row] = await world.sql`SELECT state, token_sealed FROM delivery WHERE order_id = ${orderId}`;
    return row?.state === "sent" && row;
  });
  pageToken = testKeyring.open(delivery.token_sealed, TOKEN_PLACE);
  // As gateways do that tell who paid.
  await until("the notice is settled", async () => {
    const rows = await world.sql`
      UPDATE notice SET body = body || convert_to(${` {"payer":{"document":"${CPF}"},"access_token":"${"k".repeat(20)}"}`}, 'UTF8')
      WHERE state = 'settled' RETURNING id`;
    return rows.length > 0;
  });
  await shop.bot.write(one, CHAT, `meu CPF é ${CPF}`);
  world.clock.advance(1_000);
  await fetch(`${one.http.url}/delivery/${pageToken}`);
  await one.settle();
}

const kindsOf = (events: TraceEvent[]) => [...new Set(events.map(({ kind }) => kind))];

test("it holds every part of the sale, in order of time", async () => {
  const { status, type, headers, body } = await story.alice.get(`/orders/${orderId}/trace`);
  expect([status, type, headers.get("cache-control")]).toEqual([200, "application/json", "no-store"]);
  expect([...Value.Errors(Trace, body)].map(({ path, message }) => `${path}: ${message}`)).toEqual([]);
  const { order, events } = body as unknown as Trace;
  expect(order).toMatchObject({ id: orderId, chatId: CHAT, state: "paid", product: "Guia" });
  const times = events.map(({ at }) => at);
  expect(times).toEqual(times.toSorted());
  expect(kindsOf(events).toSorted()).toEqual(
    (
      ["charge", "click", "delivery", "evidence", "message", "notice", "opened", "start", "transfer"] as const
    ).toSorted(),
  );
  expect(events.find(({ kind }) => kind === "click")).toMatchObject({ payload: "anuncio-7" });
  expect(events.find(({ kind }) => kind === "charge")).toMatchObject({
    ...{ chargeId, gateway: "sandbox", state: "paid", amount: 1990, paidAmount: 1990, fee: 19 },
  });
  expect(events.findLast(({ kind }) => kind === "evidence")).toMatchObject({ from: "pending", to: "paid" });
  expect(events.filter(({ kind }) => kind === "transfer")).toHaveLength(2);
  expect(events.find(({ kind }) => kind === "delivery")).toMatchObject({ state: "sent", times: 1 });
  expect(events.at(-1)?.kind).toBe("opened");
});

test("every message that went out has its number and its latency", async () => {
  const { body } = await story.alice.get(`/orders/${orderId}/trace`);
  const messages = (body as unknown as Trace).events.filter((event) => event.kind === "message");
  const out = messages.filter(({ direction }) => direction === "out");
  expect(out.length).toBeGreaterThanOrEqual(5);
  for (const message of out) {
    expect(message.messageId).toBeGreaterThan(0);
    expect(message.latencyMs).toBeGreaterThanOrEqual(0);
  }
  const incoming = messages.filter(({ direction }) => direction === "in");
  expect(incoming[0]).toMatchObject({ text: "/start anuncio-7", latencyMs: null });
});

test("no secret and no document is in it", async () => {
  const { shop, alice } = story;
  const { body } = await alice.get(`/orders/${orderId}/trace`);
  const text = JSON.stringify(body);
  expect(text).toContain("***.***.***-**");
  const secrets = [pageToken, shop.account.token, shop.account.noticeSecret, shop.bot.token, shop.bot.secret];
  for (const secret of [...secrets, CPF, "k".repeat(20), "v1."]) expect(text).not.toContain(secret);
});

test("a message that Telegram refused is there with the reason", async () => {
  const events = async () => ((await story.alice.get(`/orders/${orderId}/trace`)).body as unknown as Trace).events;
  const [effect] = await story.world.sql`
    UPDATE effect SET state = 'refused', reason = 'blocked', message_id = NULL
    WHERE (slot, row_id, n) = (SELECT slot, row_id, n FROM effect WHERE kind = 'send' AND chat_id = ${CHAT} ORDER BY slot, row_id, n LIMIT 1)
    RETURNING n`;
  expect(effect).toBeDefined();
  const refused = (await events()).find((event) => event.kind === "message" && event.messageId === null);
  expect(refused).toMatchObject({ state: "refused", why: "blocked", what: "sendMessage" });
});

test.each(["0", "abc", "9".repeat(30), "999999"])("404 for the order %s", async (id) => {
  const { status, type, body } = await story.alice.get(`/orders/${id}/trace`);
  expect([status, type, body.detail]).toEqual([404, "application/problem+json", "There is no such order."]);
});

test("Bob does not find Alice's order", async () => {
  expect((await story.bob.get(`/orders/${orderId}/trace`)).status).toBe(404);
});

const MAIN = path.join(import.meta.dir, "../../src/main.ts");

async function grimbots(args: string[]) {
  const env = { DATABASE_URL: story.world.databaseUrl, SECRET_KEY: testSecretKey, PATH: "/usr/bin:/bin" };
  const child = Bun.spawn([process.execPath, MAIN, ...args], { env, stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, stdout, stderr };
}

test("grimbots trace prints the same, and without --json a line per event", async () => {
  const { body } = await story.alice.get(`/orders/${orderId}/trace`);
  const { code, stdout } = await grimbots(["trace", String(orderId), "--json"]);
  expect([code, JSON.parse(stdout)]).toEqual([0, body]);
  const told = await grimbots(["trace", "--order", String(orderId)]);
  const lines = told.stdout.trimEnd().split("\n");
  expect(lines).toHaveLength((body as unknown as Trace).events.length + 1);
  expect(lines[0]).toContain(`Order ${orderId} of tenant ${story.shop.tenantId}`);
  expect(told.stdout).toContain("R$ 19,90");
  for (const line of lines.slice(1)) expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {2}[a-z]+ +\S/);
}, 30_000);

test("grimbots trace and refund say what is wrong in one sentence", async () => {
  expect(await grimbots(["trace", "999999"])).toEqual({ code: 1, stdout: "", stderr: "There is no order 999999.\n" });
  const wrong = await grimbots(["trace", "1", "2"]);
  expect(wrong).toEqual({ code: 2, stdout: "", stderr: "Unexpected argument '2'; see `grimbots trace --help`.\n" });
  expect((await grimbots(["trace"])).stderr).toBe("--order is missing; see `grimbots trace --help`.\n");
  expect((await grimbots(["refund", "999999"])).stderr).toBe("There is no order 999999.\n");
}, 30_000);

test("grimbots refund asks, and a running process gives it back", async () => {
  const { code, stdout } = await grimbots(["refund", "--order", String(orderId), "--json"]);
  expect([code, JSON.parse(stdout)]).toEqual([0, { orderId, chargeId }]);
  const [wish] = await story.world.sql`SELECT refund_at FROM charge WHERE id = ${chargeId}`;
  expect(wish?.refund_at).toBeInstanceOf(Date);
}, 30_000);
