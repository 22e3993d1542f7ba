// A charge whose creation got no answer is asked about, never made again blindly; the customer gets exactly one that can be paid.

import { expect, setDefaultTimeout, test } from "bun:test";
import { limits } from "#src/kernel/limits.ts";
import { until } from "../../support/until.ts";
import { alertsOf, booksSum, chargesOf, countIn, delivered, openStory, PRODUCT, standing } from "./support.ts";

setDefaultTimeout(60_000);

test("the answer is lost: asked about, shown, paid, delivered; one charge at the gateway", async () => {
  await using story = await openStory();
  const { shop, one } = story;
  await shop.sandbox.control.fault({ kind: "lost_answer", route: "charge", times: 1 });
  await shop.tapBuy(one, 1);
  await until("its end is unknown", async () => (await chargesOf(story, 1))[0]?.state === "unknown");
  await story.quiet();
  console.log(await standing(story, 1), await alertsOf(story));
  await story.later(limits.lostChargeMs);
  const [charge, ...others] = await chargesOf(story, 1);
  expect(others).toEqual([]);
  expect(charge?.state).toBe("pending");
  expect(await countIn(story, 1, "Seu PIX está pronto")).toBe(1);
  expect(await shop.sandbox.control.charges()).toHaveLength(1);
  console.log(await standing(story, 1), await alertsOf(story));

  await shop.sandbox.control.pay({ id: charge?.gateway_id ?? "" });
  await delivered(story, 1);
  await story.quiet();
  expect(await countIn(story, 1, PRODUCT)).toBe(1);
  expect(await booksSum(story)).toBe(0);
});

test("tapped again while nobody knows whether the first charge exists: none is made blindly", async () => {
  await using story = await openStory();
  const { shop, one, world } = story;
  await shop.sandbox.control.fault({ kind: "lost_answer", route: "charge", times: 1 });
  await shop.tapBuy(one, 1);
  await until("its end is unknown", async () => (await chargesOf(story, 1))[0]?.state === "unknown");
  await story.quiet();
  world.clock.advance(limits.sameTextMs);
  await shop.tapBuy(one, 1);
  await story.quiet();
  await story.later(limits.lostChargeMs);
  console.log(await chargesOf(story, 1), await standing(story, 1));
  expect(await shop.sandbox.control.charges()).toHaveLength(1);
});

test("the call never arrived: asked about, and not found", async () => {
  await using story = await openStory();
  const { shop, one } = story;
  await shop.sandbox.control.fault({ kind: "lost_answer", route: "charge", times: 1, done: false });
  await shop.tapBuy(one, 1);
  await until("its end is unknown", async () => (await chargesOf(story, 1))[0]?.state === "unknown");
  await story.quiet();
  await story.later(limits.lostChargeMs);
  console.log(await chargesOf(story, 1), await standing(story, 1));
  expect((await chargesOf(story, 1))[0]).toMatchObject({ state: "failed", reason: "not_found", check_at: null });
});
