// The database's side of a decision: all of it is saved or nothing, once, and only while everything is as it was when it was read.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { ChargeId, OrderId } from "#src/kernel/ids.ts";
import { openLog } from "#src/kernel/log.ts";
import { openReader } from "#src/payments/read.ts";
import { type Decided, type FactRow, openSaver, type Saver } from "#src/payments/save.ts";
import { shopFunnel } from "../support/shop.ts";
import { OPENING_MS, openWorld, type TestBot, type World } from "../support/world.ts";
import { minute } from "./payment-scene.ts";

let world: World;
let bot: TestBot;
let saver: Saver;
let other: Saver;
let base: Record<string, unknown>;
let accountId: number;
const kept: FactRow[] = [];

beforeAll(async () => {
  world = await openWorld();
  bot = await world.addBot(shopFunnel);
  const open = () =>
    openSaver({
      ...{ sql: world.sql, log: openLog("silent", 2), signal: new AbortController().signal },
      onFacts: (rows) => kept.push(...rows),
    });
  [saver, other] = [open(), open()];
  const [offer] = await world.sql`
    SELECT offer.id, tenant_id FROM offer JOIN bot ON bot.id = offer.bot_id WHERE bot.id = ${bot.botId}`;
  base = { tenant_id: offer?.tenant_id, bot_id: bot.botId, offer_id: offer?.id };
  const [account] = await world.sql`
    INSERT INTO gateway_account (tenant_id, gateway, credentials_sealed, key_hash, key_sealed)
    VALUES (${offer?.tenant_id}, 'sandbox', '', '\\x01', '') RETURNING id`;
  accountId = Number(account?.id);
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose]());

let chats = 0;
let names = 0;
const save = (rest: Partial<Decided>, by = saver) => by.save({ botId: bot.botId, at: minute(1), ...rest });
const times = { wanted_at: minute(0), due_at: minute(1), opened_at: minute(0) };
const newOrder = (chatId: number) => ({ ...base, ...times, chat_id: chatId });
const newCharge = (orderId: unknown, chatId: number) => ({
  ...{ order_id: orderId, account_id: accountId, bot_id: bot.botId, chat_id: chatId, gateway: "sandbox" },
  ...{ reference: `ref${++names}`, key: `key${names}`, currency: "BRL", amount: 1990, expires_at: minute(30) },
  ...{ split_amount: 0, check_at: null },
});

/** An order of a new customer with a charge that is being made. */
async function openSale() {
  const chatId = ++chats;
  const { orderId } = await save({ newOrder: newOrder(chatId) });
  const { chargeId } = await save({ newCharge: newCharge(orderId, chatId) });
  return { chatId, orderId: orderId as OrderId, chargeId: chargeId as ChargeId };
}

type Sale = Awaited<ReturnType<typeof openSale>>;
const transferOf = ({ chargeId }: Sale) => ({
  ...{ tenant_id: base.tenant_id, account_id: accountId, charge_id: chargeId, kind: "payment", mark: 1990 },
  ...{ debit: "gateway", credit: "sales", amount: 1990, currency: "BRL" },
});
const deliveryOf = ({ orderId, chatId }: Sale, secret: string) => ({
  ...{ order_id: orderId, n: 0, bot_id: bot.botId, chat_id: chatId, expires_at: minute(60) },
  ...{ token_hash: `\\x${Buffer.from(`${secret}${orderId}`).toString("hex")}`, token_sealed: secret },
});
const factFor = ({ orderId, chatId }: Sale) =>
  ({
    ...{ kind: "order.refunded", byBank: false, order: orderId, product: "Guia", amount: 1990, currency: "BRL" },
    ...{ chatId, firstName: "Alice", lastName: null },
  }) as never;
const alertAbout = ({ chargeId }: Sale) => ({
  ...{ tenantId: base.tenant_id as never, kind: "charge.over", about: `charge:${chargeId}`, sentence: "…" },
});
/** A payment with everything that may come with one. */
const paidOf = (sale: Sale, versions = { order: 1, charge: 1 }): Partial<Decided> => ({
  order: { id: sale.orderId, version: versions.order, set: { state: "paid", paid_at: minute(1), due_at: null } },
  charge: { id: sale.chargeId, version: versions.charge, set: { state: "paid", paid_amount: 1990 } },
  ...{ transfers: [transferOf(sale)], deliveries: [deliveryOf(sale, "a")], alerts: [alertAbout(sale)] },
  evidence: [{ charge_id: sale.chargeId, source: "poll", verdict: "paid", from_state: "creating", to_state: "paid" }],
  facts: [{ body: factFor(sale), deliveryOf: { orderId: sale.orderId, n: 0 } }],
});

async function countsOf({ chargeId, orderId, chatId }: Sale) {
  const [row] = await world.sql`
    SELECT (SELECT count(*) FROM transfer WHERE charge_id = ${chargeId})::int AS transfers,
      (SELECT count(*) FROM evidence WHERE charge_id = ${chargeId})::int AS evidence,
      (SELECT count(*) FROM delivery WHERE order_id = ${orderId})::int AS deliveries,
      (SELECT count(*) FROM alert WHERE about = ${`charge:${chargeId}`})::int AS alerts,
      (SELECT count(*) FROM inbox WHERE update_id < 0 AND (body::jsonb ->> 'chatId')::bigint = ${chatId})::int AS facts`;
  return { ...row };
}
const NOTHING = { transfers: 0, evidence: 0, deliveries: 0, alerts: 0, facts: 0 };
const ONE = { transfers: 1, evidence: 1, deliveries: 1, alerts: 1, facts: 1 };

describe("a decision is saved", () => {
  test("whole, with its facts as rows of the inbox that are handed on", async () => {
    const sale = await openSale();
    const before = kept.length;
    expect(await save(paidOf(sale))).toMatchObject({ saved: true, chargeId: sale.chargeId });
    expect(await countsOf(sale)).toEqual(ONE);
    const payment = await openReader(world.sql).find(sale.chargeId);
    expect(payment?.order).toMatchObject({ state: "paid", version: 2 });
    expect(payment?.charge).toMatchObject({
      state: "paid",
      version: 2,
      paidAmount: 1990,
      reference: expect.any(String),
    });
    const [fact] = kept.slice(before);
    expect(Number(fact?.updateId)).toBeLessThan(0);
    const [delivery] =
      await world.sql`SELECT state, slot, row_id, times FROM delivery WHERE order_id = ${sale.orderId}`;
    expect({ ...delivery }).toEqual({ state: "queued", slot: fact?.slot, row_id: fact?.id, times: 1 });
  });

  test.each([
    ["order", { order: 2, charge: 1 }],
    ["charge", { order: 1, charge: 2 }],
  ])("not at all when its %s has changed", async (_, versions) => {
    const sale = await openSale();
    expect(await save(paidOf(sale, versions))).toMatchObject({ saved: false });
    expect(await countsOf(sale)).toEqual(NOTHING);
  });

  test("not at all when what asked for it is done, and else that is done with it", async () => {
    const sale = await openSale();
    const rowId = 900_000 + sale.chatId;
    await world.sql`INSERT INTO effect (slot, row_id, n, kind, policy, bot_id, chat_id, body, created_at)
      VALUES (1, ${rowId}, 0, 'payment', 'reply', ${bot.botId}, ${sale.chatId}, '{}', ${minute(0)})`;
    const effect = [1, rowId, 0] as never;
    expect(await save({ ...paidOf(sale), effect })).toMatchObject({ saved: true });
    const again = { ...paidOf(sale, { order: 2, charge: 2 }), effect };
    expect(await save(again)).toMatchObject({ saved: false });
    expect(await countsOf(sale)).toEqual(ONE);
  });

  test("by exactly one of two who decided at the same time", async () => {
    const sale = await openSale();
    const both = await Promise.all([save(paidOf(sale)), save(paidOf(sale), other)]);
    expect(both.filter(({ saved }) => saved)).toHaveLength(1);
    expect(await countsOf(sale)).toEqual(ONE);
  });

  test("also when another one of the same commit cannot be", async () => {
    const [good, bad] = [await openSale(), await openSale()];
    const broken = { ...paidOf(bad), transfers: [{ ...transferOf(bad), amount: 0 }] };
    const [first, second] = await Promise.allSettled([save(broken), save(paidOf(good))]);
    expect([first?.status, second?.status]).toEqual(["rejected", "fulfilled"]);
    expect([await countsOf(bad), await countsOf(good)]).toEqual([NOTHING, ONE]);
  });
});

describe("once", () => {
  test("two taps on one button are one open order; after its payment the next tap is another", async () => {
    const sale = await openSale();
    const again = await save({ newOrder: newOrder(sale.chatId) });
    expect(again).toMatchObject({ saved: true, orderId: sale.orderId });
    // The tap made the order newer: who read it before decides again.
    expect(await save(paidOf(sale))).toMatchObject({ saved: false });
    expect(await save(paidOf(sale, { order: 2, charge: 1 }))).toMatchObject({ saved: true });
    const next = await save({ newOrder: newOrder(sale.chatId) });
    expect(next.orderId).not.toBe(sale.orderId);
  });

  test("an order has one charge that can be paid", async () => {
    const sale = await openSale();
    // Somebody else was faster: who wanted to make a second one reads again.
    expect(await save({ newCharge: newCharge(sale.orderId, sale.chatId) })).toMatchObject({ saved: false });
    await save({ charge: { id: sale.chargeId, version: 1, set: { state: "expired" } } });
    expect(await save({ newCharge: newCharge(sale.orderId, sale.chatId) })).toMatchObject({ saved: true });
  });

  test("a movement, a delivery and an alert that come again change nothing; the books stay as they are", async () => {
    const sale = await openSale();
    await save(paidOf(sale));
    const twice = { transfers: [transferOf(sale)], deliveries: [deliveryOf(sale, "b")], alerts: [alertAbout(sale)] };
    expect(await save(twice)).toMatchObject({ saved: true });
    expect(await countsOf(sale)).toEqual(ONE);
    const [row] = await world.sql`SELECT token_sealed FROM delivery WHERE order_id = ${sale.orderId}`;
    expect(row?.token_sealed).toBe("a");
    const [sum] = await world.sql`SELECT sum(amount)::int AS sum FROM ledger_entry`;
    expect(sum?.sum).toBe(0);
    const change = world.sql`UPDATE transfer SET amount = 1 WHERE charge_id = ${sale.chargeId}`;
    await expect(change.then(() => "changed")).rejects.toThrow();
  });
});

test("what is revoked stays so, whatever is told of it later", async () => {
  const sale = await openSale();
  await save(paidOf(sale));
  await save({ revoke: sale.orderId });
  await save({ facts: [{ body: factFor(sale), deliveryOf: { orderId: sale.orderId, n: 0 } }] });
  const [row] = await world.sql`SELECT state, times FROM delivery WHERE order_id = ${sale.orderId}`;
  expect({ ...row }).toEqual({ state: "revoked", times: 1 });
});

test("characters that PostgreSQL does not keep are left out, whoever sent them", async () => {
  const sale = await openSale();
  const report = { word: "pa\0id\ud800", nested: ["\udc00\0"] };
  const evidence = [
    { charge_id: sale.chargeId, source: "poll", verdict: "paid", from_state: "a", to_state: "b", report },
  ];
  const set = { end_to_end_id: "E\0\ud8001", reason: "\0" };
  expect(await save({ charge: { id: sale.chargeId, version: 1, set }, evidence })).toMatchObject({ saved: true });
  const [row] = await world.sql`
    SELECT report, end_to_end_id FROM evidence JOIN charge ON charge.id = charge_id WHERE charge_id = ${sale.chargeId}`;
  expect({ ...row }).toEqual({ report: { word: "paid\ufffd", nested: ["\ufffd"] }, end_to_end_id: "E\ufffd1" });
});
