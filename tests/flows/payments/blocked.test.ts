// What was paid and cannot be delivered: the seller is told, and it is delivered when the customer comes back.

import { expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../../support/until.ts";
import { alertsOf, booksSum, chargesOf, countIn, deliveriesOf, openStory, PRODUCT, type Story } from "./support.ts";

setDefaultTimeout(60_000);

/** He has a charge, blocks the bot, and pays. */
async function openBlocked(): Promise<Story> {
  const story = await openStory();
  const { shop, one, world } = story;
  const { gatewayId } = await shop.buy(one, 1);
  await story.quiet();
  await world.fake.control.fault({ kind: "403", token: shop.bot.token, chat_id: 1 });
  await shop.sandbox.control.pay({ id: gatewayId });
  await until("the delivery has failed", async () => (await deliveriesOf(story, 1))[0]?.state === "failed");
  await story.quiet();
  return story;
}

test("failed with its reason, one alert; the order stays paid and the books balance", async () => {
  await using story = await openBlocked();
  expect(await deliveriesOf(story, 1)).toMatchObject([{ state: "failed", reason: "blocked", message_id: null }]);
  expect(await alertsOf(story)).toEqual(["delivery.failed"]);
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "paid" }]);
  expect(await booksSum(story)).toBe(0);
  await story.later(10 * 60_000);
  expect(await alertsOf(story)).toEqual(["delivery.failed"]);
});

test("he comes back with /start: delivered, once", async () => {
  await using story = await openBlocked();
  const { shop, one, world } = story;
  await world.fake.control.clearFault();
  await shop.bot.write(one, 1, "/start");
  await until("it is delivered", async () => (await deliveriesOf(story, 1))[0]?.state === "sent");
  await story.quiet();
  world.clock.advance(60_000);
  await shop.bot.write(one, 1, "/start");
  await story.quiet();
  expect(await countIn(story, 1, PRODUCT)).toBe(1);
  const [delivery, ...others] = await deliveriesOf(story, 1);
  expect(others).toEqual([]);
  expect(delivery?.message_id).toBeGreaterThan(0);
});

test("he comes back by unblocking alone: delivered", async () => {
  await using story = await openBlocked();
  const { shop, one, world } = story;
  await world.fake.control.clearFault();
  const from = { id: 1, is_bot: false, first_name: "Alice" };
  const user = { id: 1_234, is_bot: true, first_name: "Loja" };
  await shop.bot.post(one, {
    my_chat_member: {
      chat: { id: 1, type: "private" },
      ...{ from, date: 1_772_366_400 },
      old_chat_member: { user, status: "kicked", until_date: 0 },
      new_chat_member: { user, status: "member" },
    },
  });
  await until("it is delivered", async () => (await deliveriesOf(story, 1))[0]?.state === "sent");
  await story.quiet();
  expect(await countIn(story, 1, PRODUCT)).toBe(1);
});

test("blocked again as he comes back: a second alert, and the next return delivers", async () => {
  await using story = await openBlocked();
  const { shop, one, world } = story;
  await shop.bot.write(one, 1, "/start");
  await until("it failed again", async () => (await alertsOf(story)).length === 2);
  await story.quiet();
  await world.fake.control.clearFault();
  world.clock.advance(60_000);
  await shop.bot.write(one, 1, "/start");
  await until("it is delivered", async () => (await deliveriesOf(story, 1))[0]?.state === "sent");
  await story.quiet();
  expect(await countIn(story, 1, PRODUCT)).toBe(1);
});

test("Telegram is away for a while: the delivery waits and arrives", async () => {
  await using story = await openStory();
  const { shop, one, world } = story;
  const { gatewayId } = await shop.buy(one, 1);
  await story.quiet();
  await world.fake.control.fault({ kind: "5xx", token: shop.bot.token, chat_id: 1, times: 3 });
  await shop.sandbox.control.pay({ id: gatewayId });
  await until("it is delivered", async () => {
    await story.later(10_000);
    return (await deliveriesOf(story, 1))[0]?.state === "sent";
  });
  expect(await countIn(story, 1, PRODUCT)).toBe(1);
  expect(await alertsOf(story)).toEqual([]);
});
