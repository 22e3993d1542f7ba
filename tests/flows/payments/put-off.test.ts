// A request of a customer's that fails again and again: tried with pauses that grow, then refused, and nobody is left without a word.

import { expect, setDefaultTimeout, test } from "bun:test";
import type { RowKey } from "#src/inbox/line.ts";
import type { PaymentBody } from "#src/kernel/effect.ts";
import { limits } from "#src/kernel/limits.ts";
import type { Context } from "#src/payments/context.ts";
import { payerPlace } from "#src/payments/payer.ts";
import { doRequests } from "#src/payments/requests.ts";
import type { Decided } from "#src/payments/save.ts";
import { until } from "../../support/until.ts";
import { testKeyring } from "../../support/world.ts";
import { alertsOf, chargesOf, countIn, openStory, type Story } from "./support.ts";

setDefaultTimeout(60_000);

const FAILED = "Não consegui gerar";

/** Nobody but the test does requests. */
const open = () => openStory({ start: { workers: [] } });

const effectOf = async ({ world }: Story) => {
  const [row] =
    await world.sql`SELECT slot, row_id, state, reason, attempts, due_at FROM effect WHERE kind = 'payment'`;
  return row;
};

const requestIn = (story: Story) =>
  until("the request is kept", async () => {
    const row = await effectOf(story);
    return row && ({ slot: row.slot, id: row.row_id } as RowKey);
  });

/** Does the request with a saver that takes nothing which is not a refusal. */
const failing = ({ saver }: Context) => ({
  saver: {
    ...saver,
    save: (decided: Decided) =>
      decided.refused === undefined ? Promise.reject(new Error("no such column")) : saver.save(decided),
  },
});

/** Tries until it is refused; the pauses after each try that failed. */
async function tryToTheEnd(story: Story, row: RowKey): Promise<number[]> {
  const { context } = story.one.app.payments;
  const pauses: number[] = [];
  for (let n = 1; n <= limits.requestAttempts; n++) {
    expect(await doRequests({ ...context, ...failing(context) }, [row])).toBe(0);
    const { due_at, attempts, state } = (await effectOf(story)) ?? {};
    if (state !== "pending") break;
    expect(attempts).toBe(n);
    pauses.push(due_at.getTime() - story.world.clock.now().getTime());
    story.world.clock.advance(pauses.at(-1) ?? 0);
  }
  return pauses;
}

/** A request of customer 1 that stands in its row as if he had made it. */
async function keepRequest({ world, shop }: Story, body: PaymentBody): Promise<RowKey> {
  const row = { slot: 1, id: 900_001 } as RowKey;
  await world.sql`
    INSERT INTO effect (slot, row_id, n, kind, policy, bot_id, chat_id, body, created_at)
    VALUES (${row.slot}, ${row.id}, 0, 'payment', 'reply', ${shop.bot.botId}, 1, ${JSON.stringify(body)}::text::jsonb, ${world.clock.now()})`;
  return row;
}

test("a tap on a buy button: eight tries in ten minutes, then he is told that it cannot be paid now, and the seller that it was so", async () => {
  await using story = await open();
  const { shop, one, world } = story;
  await shop.tapBuy(one, 1);
  const row = await requestIn(story);
  const pauses = await tryToTheEnd(story, row);
  expect(pauses.map((ms) => ms / limits.requestAgainMs)).toEqual([1, 2, 4, 8, 16, 32, 64]);
  expect(await effectOf(story)).toMatchObject({ state: "refused", reason: "no such column", due_at: null });
  await until("he is told", async () => (await countIn(story, 1, FAILED)) === 1);
  expect(await alertsOf(story)).toEqual(["request.refused"]);
  const [alert] = await world.sql`SELECT tenant_id, sentence FROM alert`;
  expect(alert?.tenant_id).toBe(shop.tenantId);
  expect(alert?.sentence).toContain("tocou no botão de compra");
  expect(await chargesOf(story, 1)).toEqual([]);

  // It is over; what he is offered is to tap again, and that is a new request.
  expect(await doRequests(one.app.payments.context, [row])).toBe(0);
  const offered = (await shop.bot.sent(1)).at(-1)?.payload.reply_markup;
  expect(JSON.stringify(offered)).toContain(await shop.buyKey());
});

test("it works after all before the last try: done, and nobody is told anything", async () => {
  await using story = await open();
  const { shop, one } = story;
  await shop.tapBuy(one, 1);
  const row = await requestIn(story);
  const { context } = one.app.payments;
  for (let n = 1; n < limits.requestAttempts; n++) await doRequests({ ...context, ...failing(context) }, [row]);
  expect(await doRequests(context, [row])).toBe(1);
  expect(await effectOf(story)).toMatchObject({ state: "done", reason: null });
  expect(await alertsOf(story)).toEqual([]);
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "pending" }]);
});

test("what he told for his payment: told about the order that waited for it", async () => {
  await using story = await open();
  const { shop, one, world } = story;
  await shop.tapBuy(one, 1);
  expect(await doRequests(one.app.payments.context, [await requestIn(story)])).toBe(1);
  await world.sql`DELETE FROM effect WHERE kind = 'payment'`;
  const sealed = testKeyring.seal("52998224725", payerPlace(shop.bot.botId, 1 as never));
  await tryToTheEnd(story, await keepRequest(story, { ask: "payer", field: "cpf", sealed }));
  await until("he is told", async () => (await countIn(story, 1, FAILED)) === 1);
  expect(await alertsOf(story)).toEqual(["request.refused"]);
});

test.each<PaymentBody>([
  { ask: "verify", key: "key" },
  { ask: "orders" },
  { ask: "stars", payload: "p", amount: 1, currency: "XTR", paymentId: "x", isRefund: false },
])("%o: his money may have moved, so he is not told that nothing was charged; the seller is", async (body) => {
  await using story = await open();
  await tryToTheEnd(story, await keepRequest(story, body));
  expect(await effectOf(story)).toMatchObject({ state: "refused", attempts: limits.requestAttempts - 1 });
  expect(await alertsOf(story)).toEqual(["request.refused"]);
  expect(await countIn(story, 1, FAILED)).toBe(0);
});
