// A process that dies in the middle of a sale, wherever that is: others go on with it, and nobody gets or pays anything twice.

import { expect, setDefaultTimeout, test } from "bun:test";
import type { ChargeId } from "#src/kernel/ids.ts";
import { limits } from "#src/kernel/limits.ts";
import { openLog } from "#src/kernel/log.ts";
import { confirm } from "#src/payments/confirm.ts";
import type { Context } from "#src/payments/context.ts";
import { doRequests } from "#src/payments/requests.ts";
import { openSaver } from "#src/payments/save.ts";
import { until } from "../../support/until.ts";
import {
  booksSum,
  chargesOf,
  countIn,
  delivered,
  deliveriesOf,
  keepTap,
  openStory,
  PRODUCT,
  type Story,
} from "./support.ts";

setDefaultTimeout(60_000);

const never = (): Promise<never> => new Promise(() => undefined);

/** A tap whose request is done by a process that stands still for ever where `context` says. */
async function dieOver(story: Story, chatId: number, change: (context: Context) => Partial<Context>): Promise<void> {
  const { row, context } = await keepTap(story, chatId);
  void doRequests({ ...context, ...change(context) }, [row]);
  await until("its charge is kept", async () => (await chargesOf(story, chatId)).length === 1);
}

test("dead before the gateway is called: it is asked, knows of nothing, and the charge is made after all", async () => {
  await using story = await openStory({ start: { workers: [] } });
  await dieOver(story, 1, () => ({ makeGate: { pass: never, waiting: () => 0 } }));
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "creating" }]);
  const two = await story.world.start();
  story.world.clock.advance(limits.paymentAgainMs);
  await until("it is made after all", async () => {
    await two.sweep();
    story.world.clock.advance(limits.unknownLookMs);
    return (await chargesOf(story, 1)).at(-1)?.state === "pending";
  });
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "failed", reason: "not_found" }, { state: "pending" }]);
  expect(await story.shop.sandbox.control.charges()).toHaveLength(1);
  await story.shop.sandbox.control.payAll();
  await delivered(story, 1);
});

test("dead between the gateway's answer and keeping it: the charge is found again, one at the gateway", async () => {
  await using story = await openStory({ start: { workers: [] } });
  const { shop, world } = story;
  const answered = Promise.withResolvers<void>();
  await dieOver(story, 1, (context) => ({
    makeGate: {
      waiting: () => 0,
      async pass(key, work) {
        await context.makeGate.pass(key, work);
        answered.resolve();
        return never();
      },
    },
  }));
  await answered.promise;
  const two = await world.start();
  world.clock.advance(limits.paymentAgainMs);
  await until("the charge is found and shown", async () => {
    await two.sweep();
    return (await chargesOf(story, 1))[0]?.state === "pending";
  });
  const made = await shop.sandbox.control.charges();
  expect(made).toHaveLength(1);
  await until("it is shown", async () => (await countIn(story, 1, "Seu PIX está pronto")) === 1);
  await shop.sandbox.control.payAll();
  world.clock.advance(limits.youngCheckMs);
  await two.sweep();
  await delivered(story, 1);
  expect(await countIn(story, 1, PRODUCT)).toBe(1);
});

test("dead between the settlement and the messages: delivered once by whoever finds it", async () => {
  await using story = await openStory();
  const { shop, one, world } = story;
  const { chargeId, gatewayId } = await shop.buy(one, 1);
  await shop.sandbox.control.merchant({ token: shop.account.token, notice_faults: { lose: 1 } });
  await shop.sandbox.control.pay({ id: gatewayId });
  const log = openLog("silent", 2);
  const { signal } = one.app.payments.context;
  const saver = openSaver({ sql: one.app.sql, log, signal, onFacts: () => undefined });
  await confirm({ ...one.app.payments.context, saver }, chargeId as ChargeId, "poll");
  expect(await deliveriesOf(story, 1)).toMatchObject([{ state: "queued" }]);
  world.clock.advance(limits.factAgainMs);
  await until("it is delivered", async () => {
    await one.sweep();
    return (await deliveriesOf(story, 1))[0]?.state === "sent";
  });
  await story.quiet();
  expect(await countIn(story, 1, PRODUCT)).toBe(1);
  expect(await booksSum(story)).toBe(0);
});

test("dead after the notice was kept: settled by whoever finds it", async () => {
  await using story = await openStory();
  const { shop, one, world } = story;
  const { gatewayId } = await shop.buy(one, 1);
  const deaf = await world.start({ workers: [] });
  await one.stop();
  // The address of a process that keeps notices and does nothing with them.
  const url = new URL(deaf.http.url);
  const [charge] = shop.sandbox.world.charges.all();
  if (charge?.noticeUrl) charge.noticeUrl = charge.noticeUrl.replace(new URL(charge.noticeUrl).origin, url.origin);
  await shop.sandbox.control.pay({ id: gatewayId });
  await until("the notice is kept", async () => (await world.sql`SELECT 1 FROM notice`).length === 1);
  await deaf.stop();
  const two = await world.start();
  world.clock.advance(limits.paymentAgainMs);
  await two.sweep();
  await delivered(story, 1);
  expect(await countIn(story, 1, PRODUCT)).toBe(1);
  expect((await chargesOf(story, 1))[0]).toMatchObject({ state: "paid" });
});
