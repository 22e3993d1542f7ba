// Connections to PostgreSQL break in the middle of sales: nothing is lost, made twice, or delivered twice.

import { expect, setDefaultTimeout, test } from "bun:test";
import { within } from "#src/kernel/within.ts";
import { until } from "../../support/until.ts";
import { booksSum, chargesOf, countIn, delivered, openStory, PRODUCT, type Story } from "./support.ts";

setDefaultTimeout(120_000);

/** Ends every session of the story's processes, but for those that hold a lease or listen. */
const cut = ({ world }: Story) =>
  world.sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'grimbots'`;

test("cut while the gateway makes the charge: its answer is kept all the same", async () => {
  await using story = await openStory();
  const { shop, one } = story;
  await shop.sandbox.control.fault({ kind: "latency", ms: 300, route: "charge" });
  await shop.tapBuy(one, 1);
  await until("the gateway is asked", async () => (await shop.sandbox.control.charges()).length === 1);
  await cut(story);
  await until("it is shown", async () => (await countIn(story, 1, "Seu PIX está pronto")) === 1);
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "pending" }]);
  await shop.sandbox.control.payAll();
  await delivered(story, 1);
});

test("cut again and again while forty customers buy and pay: each is delivered once, the books say what the gateway says", async () => {
  await using story = await openStory({ processes: 2 });
  const { shop, all } = story;
  const people = Array.from({ length: 40 }, (_, n) => n + 1);
  await shop.sandbox.control.settings({ retry_ms: 100, tries: 20 });
  const posts = people.map((chatId, n) =>
    until("the tap is kept", () => tapOnce(story, n % all.length, chatId), 30_000),
  );
  for (let made = 4; made <= 32; made += 4) {
    // Not so many, when the taps of those who are left wait for a sweep.
    await until("some are made", async () => (await shop.sandbox.control.charges()).length >= made, 500).catch(
      () => false,
    );
    await cut(story);
    await shop.sandbox.control.payAll();
  }
  await Promise.all(posts);
  await until(
    "everybody is delivered",
    async () => {
      await turn(story);
      await again(story, people);
      await shop.sandbox.control.payAll();
      const [row] = await story.world
        .sql`SELECT count(DISTINCT chat_id)::int AS count FROM delivery WHERE state = 'sent'`;
      return row?.count === people.length;
    },
    90_000,
  );
  // Who tapped twice has bought twice perhaps, and paid for the second just now: the last notices are under way, or put off.
  await until("what was paid is known and delivered", () => isSettled(story), 60_000);
  await story.quiet();
  const twice = await story.world.sql`SELECT 1 FROM charge WHERE is_double`;
  expect([...twice]).toEqual([]);
  const totals = await shop.sandbox.control.totals();
  const [books] = await story.world.sql`SELECT sum(amount)::int AS paid FROM transfer WHERE kind = 'payment'`;
  expect(books?.paid).toBe(totals.paid);
  expect(await booksSum(story)).toBe(0);
  const orders = await story.world.sql<{ chat_id: number; count: number }[]>`
    SELECT chat_id, count(*)::int AS count FROM orders WHERE state = 'paid' GROUP BY chat_id`;
  // Whoever was delivered more often has bought more often.
  const products = await Promise.all(orders.map(({ chat_id }) => countIn(story, chat_id, PRODUCT)));
  expect(products.filter((count, n) => count !== orders[n]?.count)).toEqual([]);
});

const tapOnce = ({ shop, all, one }: Story, process: number, chatId: number): Promise<boolean> =>
  shop.tapBuy(all[process] ?? one, chatId).then(
    () => true,
    () => false,
  );

/** Moves the clock and sweeps. What breaks off in the meantime is found by the next sweep only: this one is not held up by it. */
const turn = (story: Story): Promise<unknown> =>
  within(1_000, story.later(5_000), () => new Error("something is still under way")).catch(() => undefined);

/** Takes a turn; then whether no notice is under way, and we know of all that was paid at the gateway and have delivered it. */
async function isSettled(story: Story): Promise<boolean> {
  const { shop, world } = story;
  await turn(story);
  if (!(await shop.sandbox.control.idle({ timeout_ms: 1_000 })).idle) return false;
  const charges = await shop.sandbox.control.charges();
  const paid = charges.filter(({ status }) => status === "paid").map(({ reference }) => reference);
  const known = await world.sql<
    { reference: string }[]
  >`SELECT reference FROM charge WHERE state IN ('paid', 'refunded')`;
  const references = new Set(known.map(({ reference }) => reference));
  const [queued] = await world.sql`SELECT 1 FROM delivery WHERE state = 'queued' LIMIT 1`;
  return queued === undefined && paid.every((reference) => references.has(reference));
}

/** Those whose charge could not be made tap again, as they are told to. */
async function again(story: Story, people: number[]): Promise<void> {
  for (const chatId of people) {
    const charges = await chargesOf(story, chatId);
    const isLeft = charges.every(({ state }) => state === "failed");
    if (isLeft) await tapOnce(story, 0, chatId);
  }
}
