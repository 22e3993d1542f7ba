// The "verify" button: it answers whoever the charge is for and nobody else, asks the gateway now and then, and delivers nothing twice.

import { expect, setDefaultTimeout, test } from "bun:test";
import { limits } from "#src/kernel/limits.ts";
import { openLogBook } from "../../support/log-book.ts";
import { chargesOf, countIn, delivered, deliveriesOf, openStory, PRODUCT, type Story, tap } from "./support.ts";

setDefaultTimeout(60_000);

const PENDING = "Seu pagamento ainda não apareceu";

/** A story with one charge that can be paid, whose notices are lost; `asked`: how often the gateway was asked about it. */
async function openBought(start = {}) {
  const story = await openStory({ start });
  const charge = await story.shop.buy(story.one, 1);
  await story.shop.sandbox.control.merchant({ token: story.shop.account.token, notice_faults: { lose: 1 } });
  return { ...story, charge, [Symbol.asyncDispose]: story[Symbol.asyncDispose] };
}

/** Paid, and delivered after a tap; the next one may send it again. */
async function openDelivered() {
  const story = await openBought();
  await story.shop.sandbox.control.pay({ id: story.charge.gatewayId });
  await tap(story, story.one, 1, story.charge.key);
  await delivered(story, 1);
  await story.quiet();
  story.world.clock.advance(limits.verifyAgainMs);
  return story;
}

async function checksOf({ world }: Story): Promise<number> {
  const [row] = await world.sql<{ checks: number }[]>`SELECT sum(checks)::int AS checks FROM charge`;
  return row?.checks ?? -1;
}

test("paid, and the notice lost: the tap delivers", async () => {
  await using story = await openBought();
  await story.shop.sandbox.control.pay({ id: story.charge.gatewayId });
  await tap(story, story.one, 1, story.charge.key);
  await delivered(story, 1);
  await story.quiet();
  expect(await countIn(story, 1, PRODUCT)).toBe(1);
});

test("somebody else's charge: nothing is told, asked or changed, and the log says so", async () => {
  const book = openLogBook();
  await using story = await openBought({ log: book.log });
  await story.shop.sandbox.control.pay({ id: story.charge.gatewayId });
  await story.shop.bot.write(story.one, 2, "/start");
  await story.quiet();
  const before = await story.shop.bot.sent(2);
  await tap(story, story.one, 2, story.charge.key);
  await story.quiet();
  expect(await story.shop.bot.sent(2)).toEqual(before);
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "pending" }]);
  expect(await checksOf(story)).toBe(0);
  expect(book.facts("verify.foreign")).toHaveLength(1);
});

test("a key that looks like a charge's and is none changes nothing", async () => {
  await using story = await openBought();
  for (const key of [
    "A".repeat(22),
    story.charge.key.split("").reverse().join(""),
    "%",
    "null",
    "1",
    String(story.charge.chargeId),
  ])
    await tap(story, story.one, 1, key);
  await story.quiet();
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "pending" }]);
  expect(await checksOf(story)).toBe(0);
});

test("not paid yet: told so; again within ten seconds the gateway is left alone, and he is told all the same", async () => {
  await using story = await openBought();
  const { world, one, charge } = story;
  await tap(story, one, 1, charge.key);
  await story.quiet();
  expect([await countIn(story, 1, PENDING), await checksOf(story)]).toEqual([1, 1]);
  world.clock.advance(limits.sameTextMs);
  await tap(story, one, 1, charge.key);
  await story.quiet();
  expect([await countIn(story, 1, PENDING), await checksOf(story)]).toEqual([2, 1]);
  world.clock.advance(limits.verifyAgainMs);
  await tap(story, one, 1, charge.key);
  await story.quiet();
  expect([await countIn(story, 1, PENDING), await checksOf(story)]).toEqual([3, 2]);
});

test("a burst of taps is one question and one answer", async () => {
  await using story = await openBought();
  await Promise.all(Array.from({ length: 20 }, () => tap(story, story.one, 1, story.charge.key)));
  await story.quiet();
  expect([await countIn(story, 1, PENDING), await checksOf(story)]).toEqual([1, 1]);
});

test("the gateway does not answer: he is told that nothing is known yet, and it is asked again", async () => {
  await using story = await openBought();
  await story.shop.sandbox.control.fault({ kind: "html", route: "status", times: 1 });
  await story.shop.sandbox.control.pay({ id: story.charge.gatewayId });
  await tap(story, story.one, 1, story.charge.key);
  await story.quiet();
  expect(await countIn(story, 1, PENDING)).toBe(1);
  expect(await deliveriesOf(story, 1)).toEqual([]);
  await story.later(limits.checkMs);
  await delivered(story, 1);
});

test("paid and delivered: the product is sent again, of one delivery", async () => {
  await using story = await openDelivered();
  const { world, one, charge } = story;
  await tap(story, one, 1, charge.key);
  await story.quiet();
  expect(await countIn(story, 1, PRODUCT)).toBe(2);
  expect(await deliveriesOf(story, 1)).toMatchObject([{ state: "sent", times: 2 }]);
  const [sales] = await world.sql`SELECT count(*)::int AS count FROM transfer WHERE kind = 'payment'`;
  expect(sales?.count).toBe(1);
});

test("a burst of taps on what is paid sends the product again once", async () => {
  await using story = await openDelivered();
  const { world, one, charge } = story;
  for (let n = 0; n < 3; n++) {
    await tap(story, one, 1, charge.key);
    world.clock.advance(limits.sameTextMs);
  }
  await story.quiet();
  expect(await countIn(story, 1, PRODUCT)).toBe(2);
});
