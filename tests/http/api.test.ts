// The API for sellers: who may ask, what is listed and in which pages, and that nobody ever sees what is another's.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { askApi, openSellers, type Seller, type SellersStory } from "../support/api.ts";
import { until } from "../support/until.ts";
import { OPENING_MS } from "../support/world.ts";

let story: SellersStory;
let orderId = 0;
let chargeId = 0;
let alertIds: number[] = [];

beforeAll(async () => {
  story = await openSellers();
  const bought = await story.shop.buy(story.one, 1);
  ({ orderId, chargeId } = bought);
  await story.shop.sandbox.control.pay({ id: bought.gatewayId });
  await until("it is paid", async () => (await stateOf()) === "paid");
  await fill();
}, OPENING_MS);
afterAll(() => story[Symbol.asyncDispose]());

async function stateOf(): Promise<string> {
  const [row] = await story.world.sql`SELECT state FROM charge WHERE id = ${chargeId}`;
  return row?.state;
}

/** Five alerts (the second and fourth were seen), three orphans, three days of reconciliation. */
async function fill(): Promise<void> {
  const { world, shop } = story;
  const { tenantId, account } = shop;
  const now = world.clock.now();
  await world.sql`
    INSERT INTO alert (tenant_id, kind, about, sentence, at, seen_at)
    SELECT ${tenantId}::bigint, 'test', 'n:' || n, 'Alerta ' || n || '.', ${now}::timestamptz, CASE WHEN n % 2 = 0 THEN ${now}::timestamptz END
    FROM generate_series(1, 5) AS n`;
  // The operator's own is nobody's.
  await world.sql`INSERT INTO alert (tenant_id, kind, about, sentence, at) VALUES (NULL, 'test', 'o', 'Do operador.', ${now})`;
  const rows = await world.sql`SELECT id FROM alert WHERE kind = 'test' AND tenant_id = ${tenantId} ORDER BY id`;
  alertIds = rows.map(({ id }) => id);
  await world.sql`
    INSERT INTO notice (gateway, account_id, body, body_hash, headers, query, verdict, received_at, state, reason)
    SELECT 'sandbox', ${account.accountId}::bigint, convert_to('{"n":' || n || ',"cpf":"529.982.247-25"}', 'UTF8'), decode(lpad(n::text, 2, '0'), 'hex'),
      '{}', '{}', 'authentic', ${now}::timestamptz, 'orphan', 'unknown_charge' FROM generate_series(1, 3) AS n`;
  await world.sql`
    INSERT INTO reconciliation (tenant_id, account_id, day, method, gateway_amount, ledger_amount, unexplained, findings, at)
    SELECT ${tenantId}::bigint, ${account.accountId}::bigint, '2026-02-20'::date + n, 'statement', 100 * n, 100, 100 * (n - 1), '[]', ${now}::timestamptz
    FROM generate_series(1, 3) AS n`;
}

type Item = Record<string, unknown> & { id: number };

/** The items of all pages of a list. */
async function readAll(seller: Seller, path: string, limit: number): Promise<Item[][]> {
  const pages: Item[][] = [];
  let next: unknown = "";
  while (typeof next === "string" && pages.length < 20) {
    const join = path.includes("?") ? "&" : "?";
    const { status, body } = await seller.get(`${path}${join}limit=${limit}${next === "" ? "" : `&after=${next}`}`);
    expect(status).toBe(200);
    pages.push(body.items as Item[]);
    next = body.next;
  }
  return pages;
}

const idsOf = (pages: Item[][]) => pages.map((page) => page.map(({ id }) => id));

test.each<[string, Record<string, string>]>([
  ["no key", {}],
  ["another scheme", { authorization: "Basic YWxpY2U6MTIz" }],
  ["an empty key", { authorization: "Bearer " }],
  ["a key of another form", { authorization: "Bearer 123" }],
  ["a key of nobody", { authorization: `Bearer gb_${"A".repeat(43)}` }],
])("401 with %s, on every resource", async (_, headers) => {
  for (const [method, path] of routes()) {
    const answer = await askApi(story.one, path, { method, headers });
    expect([answer.status, answer.type]).toEqual([401, "application/problem+json"]);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(answer.body.detail).toMatch(/^[A-Z][^\n]{10,}\.$/);
  }
});

const routes = (): [method: string, path: string][] => [
  ["GET", `/orders/${orderId}/trace`],
  ["POST", `/orders/${orderId}/refund`],
  ["GET", "/alerts"],
  ["POST", `/alerts/${alertIds[0]}/seen`],
  ["GET", "/notices?state=orphan"],
  ["GET", "/reconciliations"],
];

test("Bob asks for Alice's things on every route: 404, and lists are empty", async () => {
  const { world, bob } = story;
  for (const [method, path] of routes()) {
    const { status, body } = await (method === "GET" ? bob.get(path) : bob.post(path));
    const isList = !/\/\d/.test(path);
    expect([path, status]).toEqual([path, isList ? 200 : 404]);
    if (isList) expect(body).toEqual({ items: [], next: null });
  }
  const [row] = await world.sql`SELECT refund_at FROM charge WHERE id = ${chargeId}`;
  expect(row?.refund_at).toBeNull();
  const unseen = await world.sql`SELECT id FROM alert WHERE seen_at IS NULL AND id = ANY(${alertIds}::bigint[])`;
  expect(unseen).toHaveLength(3);
});

test("a cursor of Alice's shows Bob nothing of hers", async () => {
  const { body } = await story.alice.get("/alerts?limit=1");
  expect((await story.bob.get(`/alerts?after=${body.next}`)).body).toEqual({ items: [], next: null });
});

describe("alerts", () => {
  test("unseen ones first, each part from the newest to the oldest, page by page", async () => {
    const { world, alice } = story;
    const [a, b, c, d, e] = alertIds;
    const whole = [e, c, a, d, b] as number[];
    expect(idsOf(await readAll(alice, "/alerts", 100))).toEqual([whole]);
    expect(idsOf(await readAll(alice, "/alerts", 2))).toEqual([whole.slice(0, 2), whole.slice(2, 4), whole.slice(4)]);
    expect(idsOf(await readAll(alice, "/alerts", 3))).toEqual([whole.slice(0, 3), whole.slice(3)]);
    expect(idsOf(await readAll(alice, "/alerts", 5))).toEqual([whole]);
    const [first] = (await readAll(alice, "/alerts", 100))[0] ?? [];
    expect(first).toEqual({
      ...{ id: e as number, kind: "test", about: "n:5", sentence: "Alerta 5." },
      ...{ at: world.clock.now().toISOString(), seenAt: null },
    });
  });

  test("seen once, it stays seen at the first time", async () => {
    const { world, alice } = story;
    const id = alertIds[4];
    const at = world.clock.now().toISOString();
    const { status, body } = await alice.post(`/alerts/${id}/seen`);
    expect([status, body.id, body.seenAt]).toEqual([200, id, at]);
    world.clock.advance(1_000);
    expect((await alice.post(`/alerts/${id}/seen`)).body.seenAt).toBe(at);
    for (const nobody of ["0", "abc", "999999"]) expect((await alice.post(`/alerts/${nobody}/seen`)).status).toBe(404);
  });
});

test("orphans: the newest first, with documents covered, page by page", async () => {
  const pages = await readAll(story.alice, "/notices?state=orphan", 2);
  const items = pages.flat();
  expect(pages.map((page) => page.length)).toEqual([2, 1]);
  expect(items.map(({ body }) => JSON.parse(String(body)))).toEqual(
    [3, 2, 1].map((n) => ({ n, cpf: "***.***.***-**" })),
  );
  expect(items[0]).toMatchObject({
    ...{ gateway: "sandbox", accountId: story.shop.account.accountId, verdict: "authentic", state: "orphan" },
    ...{ why: "unknown_charge", encoding: "text", repeats: 0 },
  });
});

test("reconciliations: the newest first, page by page", async () => {
  const items = (await readAll(story.alice, "/reconciliations", 2)).flat();
  expect(items.map(({ day, unexplained }) => [day, unexplained])).toEqual([
    ["2026-02-23", 200],
    ["2026-02-22", 100],
    ["2026-02-21", 0],
  ]);
  expect(items[0]).toMatchObject({ method: "statement", gateway: "sandbox", gatewayAmount: 300, findings: [] });
});

test.each([
  ["/alerts?limit=0", "limit must be a whole number from 1 to 100."],
  ["/alerts?limit=101", "limit must be a whole number from 1 to 100."],
  ["/alerts?limit=1e1", "limit must be a whole number from 1 to 100."],
  ["/alerts?after=AAAA", "after must be the `next` of the page before."],
  ["/alerts?after=%00", "after must be the `next` of the page before."],
  ["/alerts?after=MTIz", "after must be the `next` of the page before."],
  ["/reconciliations?after=OTk5OTk5OTk5OTk5OTk5OTk5OTk", "after must be the `next` of the page before."],
  ["/alerts?tenant=1", 'There is no parameter "tenant" here.'],
  ["/notices", "state must be orphan."],
  ["/notices?state=new", "state must be orphan."],
  ["/orders/1/trace?x=1", 'There is no parameter "x" here.'],
])("400 for %s", async (path, detail) => {
  const { status, type, body } = await story.alice.get(path);
  expect([status, type, body]).toEqual([400, "application/problem+json", { type: "about:blank", status: 400, detail }]);
});

test("what is nowhere is 404, with a key and without", async () => {
  expect((await story.alice.get("/secrets")).status).toBe(404);
  expect((await askApi(story.one, "/secrets")).status).toBe(404);
  expect((await story.alice.get(`/orders/${orderId}/refund`)).status).toBe(404);
});

describe("refund", () => {
  test("202, and the gateway gives it back", async () => {
    const { status, body } = await story.alice.post(`/orders/${orderId}/refund`);
    expect([status, body]).toEqual([202, { orderId, chargeId }]);
    await story.one.app.payments.work(await story.one.app.payments.takeDue());
    await until("it is given back", async () => (await stateOf()) === "refunded");
  });

  test("409 when nothing is left to give back, 404 for what is no order", async () => {
    const again = await story.alice.post(`/orders/${orderId}/refund`);
    expect([again.status, again.type]).toEqual([409, "application/problem+json"]);
    expect(again.body.detail).toBe(`Order ${orderId} has no payment that could be given back.`);
    for (const nobody of ["0", "abc", "999999"])
      expect((await story.alice.post(`/orders/${nobody}/refund`)).status).toBe(404);
  });
});
