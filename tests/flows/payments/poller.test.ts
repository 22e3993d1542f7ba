// A payment whose notice never comes is found by asking, within a minute; whoever asks, no charge is forgotten and none asked twice at once.

import { expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../../support/until.ts";
import { alertsOf, chargesOf, countIn, delivered, deliveriesOf, openStory, PRODUCT, type Story } from "./support.ts";

setDefaultTimeout(60_000);

const MINUTE_MS = 60_000;

async function openDeaf(processes = 1): Promise<Story> {
  const story = await openStory({ processes });
  await story.shop.sandbox.control.merchant({ token: story.shop.account.token, notice_faults: { lose: 1 } });
  return story;
}

/** Pays, then sweeps every other second; how long it took until the delivery was on its way, by the story's clock. */
async function secondsToDelivery(story: Story, chatId: number, gatewayId: string): Promise<number> {
  await story.shop.sandbox.control.pay({ id: gatewayId });
  for (let seconds = 0; seconds <= 120; seconds += 2) {
    if ((await deliveriesOf(story, chatId)).length > 0) return seconds;
    await story.later(2_000);
  }
  return Number.POSITIVE_INFINITY;
}

for (const ageMs of [0, 19_000, 3 * MINUTE_MS, 20 * MINUTE_MS])
  test(`the notice is lost, the charge ${ageMs / 1_000} s old: delivered within 60 s of the payment`, async () => {
    await using story = await openDeaf();
    const { gatewayId } = await story.shop.buy(story.one, 1);
    for (let past = 0; past < ageMs; past += 10_000) await story.later(Math.min(10_000, ageMs - past));
    expect(await secondsToDelivery(story, 1, gatewayId)).toBeLessThanOrEqual(60);
    await delivered(story, 1);
    expect(await countIn(story, 1, PRODUCT)).toBe(1);
  });

test("the gateway fails for a while in between: delivered within 60 s of its return", async () => {
  await using story = await openDeaf();
  const { gatewayId } = await story.shop.buy(story.one, 1);
  await story.shop.sandbox.control.fault({ kind: "status", status: 500, route: "status", times: 4 });
  await story.shop.sandbox.control.pay({ id: gatewayId });
  for (let n = 0; n < 4; n++) await story.later(45_000);
  expect(await secondsToDelivery(story, 1, gatewayId).catch(() => 0)).toBeLessThanOrEqual(60);
  await delivered(story, 1);
});

test("two processes that sweep at once ask about each charge once, and everybody is delivered once", async () => {
  await using story = await openDeaf(2);
  const { shop, one, all, world } = story;
  const people = Array.from({ length: 30 }, (_, n) => n + 1);
  for (const chatId of people) await shop.buy(one, chatId);
  await shop.sandbox.control.payAll();
  world.clock.advance(MINUTE_MS);
  await Promise.all([...all, ...all].map((running) => running.sweep()));
  for (const chatId of people) await delivered(story, chatId);
  await story.quiet();
  const [asked] = await world.sql<{ checks: number }[]>`SELECT max(checks) AS checks FROM charge`;
  expect(asked?.checks).toBe(1);
  expect(await Promise.all(people.map((chatId) => countIn(story, chatId, PRODUCT)))).toEqual(people.map(() => 1));
});

test("behind more charges than one look finds, the last one is asked about, too", async () => {
  await using story = await openDeaf();
  const { shop, one, world } = story;
  const { gatewayId, chargeId } = await shop.buy(one, 1);
  const due = new Date(world.clock.now().getTime() + 1_000);
  await world.sql`
    INSERT INTO charge (order_id, account_id, bot_id, chat_id, gateway, reference, key, gateway_id, currency, amount, state, expires_at, check_at, created_at)
    SELECT order_id, account_id, bot_id, chat_id, gateway, 'r' || n, 'k' || n, 'gone' || n, currency, amount, 'expired', created_at, ${due}, created_at
    FROM charge, generate_series(1, 1100) AS n WHERE id = ${chargeId}`;
  await shop.sandbox.control.pay({ id: gatewayId });
  world.clock.advance(30_000);
  for (let n = 0; n < 3; n++) await story.sweep();
  await delivered(story, 1);
  const [left] = await world.sql`SELECT count(*)::int AS count FROM charge WHERE checks = 0`;
  expect(left?.count).toBe(0);
});

test("one account's gateway hangs: charges of the others are asked about meanwhile", async () => {
  await using story = await openDeaf();
  const { shop, one, world } = story;
  const second = await shop.addAccount(5);
  await shop.sandbox.control.merchant({ token: second.token, notice_faults: { lose: 1 } });
  for (let chatId = 1; chatId <= 5; chatId++) await shop.buy(one, chatId);
  await world.sql`UPDATE gateway_account SET status = 'paused' WHERE id = ${second.accountId}`;
  const { gatewayId } = await shop.buy(one, 6);
  expect((await chargesOf(story, 6))[0]?.account_id).toBe(shop.account.accountId);
  await shop.sandbox.control.fault({ kind: "hang", ms: 3_000, route: "status", token: second.token });
  await shop.sandbox.control.pay({ id: gatewayId });
  world.clock.advance(30_000);
  const beganMs = performance.now();
  await one.sweep();
  await delivered(story, 6);
  expect(performance.now() - beganMs).toBeLessThan(2_500);
  await story.quiet();
});

test.each([
  ["a page in HTML", { kind: "html" }],
  ["an error inside 200", { kind: "error_inside" }],
  ["another id", { kind: "other_id" }],
  ["a word that nobody knows", { kind: "strange_word", word: "em_analise" }],
  ["a broken connection", { kind: "lost_answer" }],
] as const)(
  "asked about what is paid, the gateway answers %s: nothing changes until it answers rightly",
  async (_, fault) => {
    await using story = await openDeaf();
    const { shop, one } = story;
    const { gatewayId } = await shop.buy(one, 1);
    await shop.sandbox.control.fault({ ...fault, route: "status", times: 1 });
    await shop.sandbox.control.pay({ id: gatewayId });
    await story.later(30_000);
    expect(await chargesOf(story, 1)).toMatchObject([{ state: "pending", gateway_id: gatewayId }]);
    expect(await deliveriesOf(story, 1)).toEqual([]);
    await until("it is asked again", async () => {
      await story.later(10_000);
      return (await deliveriesOf(story, 1)).length === 1;
    });
  },
);

test("asked, the gateway does not accept the credentials any more: the seller is told, once", async () => {
  await using story = await openDeaf();
  const { shop, one } = story;
  await shop.buy(one, 1);
  await shop.sandbox.control.fault({ kind: "status", status: 401, route: "status", times: 3 });
  for (let n = 0; n < 3; n++) await story.later(45_000);
  expect(await alertsOf(story)).toEqual(["account.deaf"]);
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "pending" }]);
});
