// When a gateway fails, the seller's next one is used, and there is still one charge that can be paid; whatever is paid late is honoured.

import { expect, setDefaultTimeout, test } from "bun:test";
import { limits } from "#src/kernel/limits.ts";
import { until } from "../../support/until.ts";
import { alertsOf, booksSum, chargesOf, countIn, delivered, openStory, PRODUCT, type Story } from "./support.ts";

setDefaultTimeout(60_000);

const live = async (story: Story, chatId: number) =>
  (await chargesOf(story, chatId)).filter(({ state }) => state === "pending" || state === "creating");

for (const fault of [
  { name: "a page in HTML", kind: "html" },
  { name: "an error inside 200", kind: "error_inside" },
  { name: "500", kind: "status", status: 500 },
  { name: "429", kind: "status", status: 429 },
  { name: "401", kind: "status", status: 401 },
  { name: "another amount", kind: "other_amount" },
  { name: "another id", kind: "other_id" },
] as const)
  test(`the first gateway answers ${fault.name}: the second one makes the charge`, async () => {
    await using story = await openStory();
    const { shop, one } = story;
    const second = await shop.addAccount(20);
    const { name, ...input } = fault;
    await shop.sandbox.control.fault({ ...input, route: "charge", token: shop.account.token });
    const { gatewayId } = await shop.buy(one, 1);
    expect(await live(story, 1)).toMatchObject([{ account_id: second.accountId, gateway_id: gatewayId }]);
    expect(await countIn(story, 1, "Seu PIX está pronto")).toBe(1);
    expect(await countIn(story, 1, "Não consegui")).toBe(0);
    await shop.sandbox.control.pay({ id: gatewayId });
    await delivered(story, 1);
    await story.quiet();
    expect(await countIn(story, 1, PRODUCT)).toBe(1);
    expect(await booksSum(story)).toBe(0);
  });

test("refused credentials turn the account off, and the seller is told", async () => {
  await using story = await openStory();
  const { shop, one, world } = story;
  await shop.addAccount(20);
  await shop.sandbox.control.fault({ kind: "status", status: 401, route: "charge", token: shop.account.token });
  await shop.buy(one, 1);
  await story.quiet();
  const [account] = await world.sql`SELECT status FROM gateway_account WHERE id = ${shop.account.accountId}`;
  expect(account?.status).toBe("refused");
  expect(await alertsOf(story)).toEqual(["account.refused"]);
});

test("an unknown first charge that is paid late is honoured, and the second payment is kept as owed back", async () => {
  await using story = await openStory();
  const { shop, one, world } = story;
  await shop.addAccount(20);
  const { control } = shop.sandbox;
  await control.fault({ kind: "lost_answer", route: "charge", token: shop.account.token, times: 1 });
  const second = await shop.buy(one, 1);
  await story.later(limits.lostChargeMs);
  const [first] = await chargesOf(story, 1);
  // Another charge of the order can be paid, so this one is not shown, too.
  expect(first).toMatchObject({ state: "unknown" });
  expect(await countIn(story, 1, "Seu PIX está pronto")).toBe(1);
  await control.pay({ id: first?.gateway_id ?? "" });
  await delivered(story, 1);
  await control.pay({ id: second.gatewayId });
  await until("the second payment is known", async () =>
    (await chargesOf(story, 1)).every((one) => one.state === "paid"),
  );
  await story.quiet();
  expect(await chargesOf(story, 1)).toMatchObject([{ is_double: false }, { is_double: true }]);
  expect(await countIn(story, 1, PRODUCT)).toBe(1);
  expect(await alertsOf(story)).toContain("charge.twice");
  const owed =
    await world.sql`SELECT amount, credit FROM transfer WHERE charge_id = ${second.chargeId} AND kind = 'payment'`;
  expect([...owed]).toEqual([{ amount: 1990, credit: "refund_due" }]);
  expect(await booksSum(story)).toBe(0);
});

test("when all fail, the customer is told once, the seller is alerted, and a new tap tries again", async () => {
  await using story = await openStory();
  const { shop, one, world } = story;
  await shop.addAccount(20);
  await shop.sandbox.control.fault({ kind: "status", status: 400, route: "charge", done: false, times: 2 });
  await shop.tapBuy(one, 1);
  await until("he is told", async () => (await countIn(story, 1, "Não consegui")) === 1);
  await story.quiet();
  expect(await alertsOf(story)).toEqual(["order.no_charge"]);
  world.clock.advance(limits.sameTextMs);
  await shop.buy(one, 1);
  expect(await live(story, 1)).toHaveLength(1);
  const [orders] = await world.sql`SELECT count(*)::int AS count FROM orders`;
  expect(orders?.count).toBe(1);
});

test("no account at all: told, alerted, nothing made", async () => {
  await using story = await openStory();
  const { shop, one, world } = story;
  await world.sql`UPDATE gateway_account SET status = 'paused'`;
  await shop.tapBuy(one, 1);
  await until("he is told", async () => (await countIn(story, 1, "Não consegui")) === 1);
  await story.quiet();
  expect(await alertsOf(story)).toEqual(["order.no_account"]);
  expect(await chargesOf(story, 1)).toEqual([]);
});

test("a silent first gateway costs at most the budget", async () => {
  await using story = await openStory();
  const { shop, one } = story;
  const second = await shop.addAccount(20);
  await shop.sandbox.control.fault({ kind: "hang", route: "charge", token: shop.account.token });
  const beganMs = performance.now();
  await shop.buy(one, 1);
  expect(performance.now() - beganMs).toBeLessThan(limits.chargeBudgetMs);
  expect(await live(story, 1)).toMatchObject([{ account_id: second.accountId }]);
});
