// Two hundred customers at once, at two processes: everybody pays and gets what he bought, exactly once, and the books say what the gateway says.

import { expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../../support/until.ts";
import { alertsOf, booksSum, chargesOf, openStory, PRODUCT, type Story } from "./support.ts";

setDefaultTimeout(120_000);

const PEOPLE = 200;
const people = Array.from({ length: PEOPLE }, (_, n) => n + 1);

async function countOf({ world }: Story, table: "charge" | "orders" | "delivery", state: string): Promise<number> {
  const [row] = await world.sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM ${world.sql(table)} WHERE state = ${state}`;
  return row?.count ?? -1;
}

/** How often the product went out to each chat. */
async function productsOf({ world, shop }: Story): Promise<number[]> {
  const calls = await world.fake.control.calls({ token: shop.bot.token, limit: 100_000 });
  const products = calls.filter(({ payload }) => String(payload.text ?? "").includes(PRODUCT));
  const counts = Map.groupBy(products, (call) => Number(call.chat_id));
  return people.map((chatId) => counts.get(chatId)?.length ?? 0);
}

test("everybody taps twice, pays once, and is delivered once", async () => {
  await using story = await openStory({ processes: 2 });
  const { shop, all } = story;
  await shop.sandbox.control.merchant({
    token: shop.account.token,
    auto_pay: { after_ms: 100, max_ms: 2_000 },
    notice_faults: { lose: 0.1, double: 0.2, out_of_order: 0.1 },
  });
  await Promise.all(people.flatMap((chatId) => all.map((to) => shop.tapBuy(to, chatId))));
  await until(
    "everybody is delivered",
    async () => {
      await story.later(2_000);
      return (await countOf(story, "delivery", "sent")) === PEOPLE;
    },
    90_000,
  );
  await story.quiet();
  expect(await countOf(story, "orders", "paid")).toBe(PEOPLE);
  expect(await countOf(story, "charge", "paid")).toBe(PEOPLE);
  expect(await shop.sandbox.control.charges({ status: "paid" })).toHaveLength(PEOPLE);
  expect(await productsOf(story)).toEqual(people.map(() => 1));
  const totals = await shop.sandbox.control.totals();
  const [books] = await story.world.sql<{ paid: number; fees: number }[]>`
    SELECT sum(amount) FILTER (WHERE kind = 'payment')::int AS paid, sum(amount) FILTER (WHERE kind = 'fee')::int AS fees FROM transfer`;
  expect({ ...books }).toEqual({ paid: totals.paid, fees: totals.fees });
  expect(await booksSum(story)).toBe(0);
  expect(await alertsOf(story)).toEqual([]);
});

test("one customer's taps at two processes at once: one order, one charge", async () => {
  await using story = await openStory({ processes: 2 });
  const { shop, all, world } = story;
  await shop.sandbox.control.fault({ kind: "latency", ms: 200, route: "charge" });
  await Promise.all(Array.from({ length: 20 }, (_, n) => shop.tapBuy(all[n % 2] ?? story.one, 1)));
  world.clock.advance(4_000);
  await Promise.all(Array.from({ length: 20 }, (_, n) => shop.tapBuy(all[n % 2] ?? story.one, 1)));
  await story.quiet();
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "pending" }]);
  expect(await shop.sandbox.control.charges()).toHaveLength(1);
  expect(await countOf(story, "orders", "open")).toBe(1);
});
