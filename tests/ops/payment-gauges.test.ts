// What the metrics of payments count, by which index, and that repaired things leave them.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { metrics } from "#src/kernel/metrics.ts";
import { readPaymentGauges } from "#src/ops/payment-gauges.ts";
import { openStory, type Story } from "../support/story.ts";
import { OPENING_MS } from "../support/world.ts";

let story: Story;
beforeAll(async () => {
  story = await openStory();
}, OPENING_MS);
afterAll(() => story[Symbol.asyncDispose]());

async function read() {
  await readPaymentGauges(story.world);
  const { undelivered, orphanNotices, alertsUnseen, unexplained, chargesOpen } = metrics;
  const value = async (gauge: typeof undelivered) => (await gauge.get()).values[0]?.value;
  const charges = (await chargesOpen.get()).values.filter((one) => one.value > 0);
  return {
    undelivered: await value(undelivered),
    orphans: await value(orphanNotices),
    unseen: await value(alertsUnseen),
    unexplained: await value(unexplained),
    charges: Object.fromEntries(charges.map((one) => [one.labels.state, one.value])),
  };
}

test("nothing is counted where nothing is, and every state has its sample", async () => {
  expect(await read()).toEqual({ undelivered: 0, orphans: 0, unseen: 0, unexplained: 0, charges: {} });
  expect((await metrics.chargesOpen.get()).values).toHaveLength(6);
});

test("what waits is counted, and what is repaired is not", async () => {
  const { world, one, shop } = story;
  const { orderId } = await shop.buy(one, 1);
  const { sql } = world;
  const now = world.clock.now();
  await sql`INSERT INTO delivery (order_id, n, bot_id, chat_id, token_hash, token_sealed, expires_at, state, created_at)
    VALUES (${orderId}, 0, ${shop.bot.botId}, 1, 'x', 'x', ${now}, 'failed', ${now})`;
  await sql`INSERT INTO alert (tenant_id, kind, about, sentence, at, seen_at)
    VALUES (${shop.tenantId}, 'a', '1', 'Um.', ${now}, NULL), (NULL, 'a', '2', 'Dois.', ${now}, NULL), (NULL, 'a', '3', 'Três.', ${now}, ${now})`;
  await sql`INSERT INTO notice (gateway, account_id, body, body_hash, headers, query, verdict, received_at, state)
    VALUES ('sandbox', NULL, '', 'a', '{}', '{}', 'authentic', ${now}, 'orphan'), ('sandbox', NULL, '', 'b', '{}', '{}', 'authentic', ${now}, 'ignored')`;
  await sql`INSERT INTO reconciliation (tenant_id, account_id, day, method, gateway_amount, ledger_amount, unexplained, findings, at)
    VALUES (${shop.tenantId}, ${shop.account.accountId}, '2026-02-01', 'charges', 0, 0, 900, '[]', ${now}),
      (${shop.tenantId}, ${shop.account.accountId}, '2026-02-02', 'charges', 0, 0, 70, '[]', ${now})`;
  // The order is not paid: nothing is owed yet.
  expect(await read()).toEqual({ undelivered: 0, orphans: 1, unseen: 2, unexplained: 70, charges: { pending: 1 } });
  await sql`UPDATE orders SET state = 'paid' WHERE id = ${orderId}`;
  expect((await read()).undelivered).toBe(1);
  await sql`UPDATE delivery SET state = 'sent' WHERE order_id = ${orderId}`;
  await sql`UPDATE charge SET state = 'paid', check_at = NULL WHERE order_id = ${orderId}`;
  await sql`UPDATE alert SET seen_at = ${now}`;
  expect(await read()).toEqual({ undelivered: 0, orphans: 1, unseen: 0, unexplained: 70, charges: {} });
});

test.each([
  ["delivery_open", `SELECT count(*) FROM delivery WHERE state IN ('queued', 'failed')`],
  ["notice_orphan", `SELECT count(*) FROM notice WHERE state = 'orphan'`],
  ["alert_unseen", "SELECT count(*) FROM alert WHERE seen_at IS NULL"],
  ["charge_due", "SELECT state, count(*) FROM charge WHERE check_at IS NOT NULL GROUP BY state"],
])("%s is what is read", async (index, statement) => {
  const plan = await story.world.sql.unsafe(`EXPLAIN ${statement}`);
  expect(JSON.stringify(plan)).toContain(index);
});
