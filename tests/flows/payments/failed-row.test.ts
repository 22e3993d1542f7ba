// A paid order whose delivery could not even be prepared, because its row failed: the seller is told, and it can be delivered again.

import { expect, setDefaultTimeout, test } from "bun:test";
import type { ChargeId } from "#src/kernel/ids.ts";
import { limits } from "#src/kernel/limits.ts";
import { openLog } from "#src/kernel/log.ts";
import { confirm } from "#src/payments/confirm.ts";
import { endForgottenDeliveries } from "#src/payments/deliveries.ts";
import { openSaver } from "#src/payments/save.ts";
import { until } from "../../support/until.ts";
import { alertsOf, countIn, delivered, deliveriesOf, openStory, PRODUCT, tap } from "./support.ts";

setDefaultTimeout(60_000);

/** A sale that was paid, and whose fact nobody has dealt with yet. */
async function openUndelivered() {
  const story = await openStory();
  const { shop, one, world } = story;
  const bought = await shop.buy(one, 1);
  await story.quiet();
  await shop.sandbox.control.merchant({ token: shop.account.token, notice_faults: { lose: 1 } });
  await shop.sandbox.control.pay({ id: bought.gatewayId });
  const { context } = one.app.payments;
  const options = { sql: one.app.sql, log: openLog("silent", 2), signal: context.signal, onFacts: () => undefined };
  await confirm({ ...context, saver: openSaver(options) }, bought.chargeId as ChargeId, "poll");
  const check = () => endForgottenDeliveries(world.sql, world.clock.now());
  return { ...story, ...bought, check, [Symbol.asyncDispose]: story[Symbol.asyncDispose] };
}

const DELIVERY = "SELECT slot, row_id FROM delivery";

test("failed with its reason and an alert, once; and delivered when it is asked for again", async () => {
  await using story = await openUndelivered();
  const { one, world, shop } = story;
  await world.sql.unsafe(`UPDATE inbox SET body = '{"kind": "fact.of_tomorrow", "chatId": 1}'
    WHERE (slot, id) IN (${DELIVERY})`);
  await until("its row has failed", async () => {
    world.clock.advance(limits.sendBackoffMaxMs);
    await one.sweep();
    const [row] = await world.sql.unsafe(`SELECT outcome FROM inbox WHERE (slot, id) IN (${DELIVERY})`);
    return row?.outcome === "failed";
  });
  expect(await deliveriesOf(story, 1)).toMatchObject([{ state: "queued" }]);
  expect(await story.check()).toBe(1);
  expect(await deliveriesOf(story, 1)).toMatchObject([{ state: "failed", reason: "row_failed", message_id: null }]);
  expect(await alertsOf(story)).toEqual(["delivery.failed"]);
  const [alert] = await world.sql`SELECT tenant_id, sentence FROM alert`;
  expect(alert?.tenant_id).toBe(shop.tenantId);
  expect(alert?.sentence).toContain(`O pedido nº ${story.orderId} está pago e não pôde ser entregue`);
  expect(await story.check()).toBe(0);
  expect(await alertsOf(story)).toHaveLength(1);

  await tap(story, one, 1, story.key);
  await delivered(story, 1);
  expect(await countIn(story, 1, PRODUCT)).toBe(1);
});

test("while its row is only late, it stays queued", async () => {
  await using story = await openUndelivered();
  const { one, world } = story;
  world.clock.advance(limits.paymentAgainMs + 1);
  expect(await story.check()).toBe(0);
  expect(await deliveriesOf(story, 1)).toMatchObject([{ state: "queued" }]);
  await one.sweep();
  await delivered(story, 1);
  expect(await alertsOf(story)).toEqual([]);
});
