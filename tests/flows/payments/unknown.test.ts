// A charge whose creation got no answer is asked about, never made again by itself; the customer gets one that can be paid.

import { expect, setDefaultTimeout, test } from "bun:test";
import { limits } from "#src/kernel/limits.ts";
import { until } from "../../support/until.ts";
import { booksSum, chargesOf, countIn, delivered, openStory, PRODUCT, type Story } from "./support.ts";

setDefaultTimeout(60_000);

const untilUnknown = (story: Story, chatId: number) =>
  until("its end is unknown", async () => (await chargesOf(story, chatId)).some(({ state }) => state === "unknown"));

/** A first customer taps, and the answer to the making of his charge is lost; `done`: whether the gateway made it. */
async function openLost({ done = true } = {}): Promise<Story> {
  const story = await openStory();
  await story.shop.sandbox.control.fault({ kind: "lost_answer", route: "charge", times: 1, done });
  await story.shop.tapBuy(story.one, 1);
  await untilUnknown(story, 1);
  return story;
}

test("the answer is lost: asked about, shown, paid, delivered; one charge at the gateway", async () => {
  await using story = await openLost();
  const { shop } = story;
  await story.quiet();
  await story.later(limits.lostChargeMs);
  const [charge, ...others] = await chargesOf(story, 1);
  expect(others).toEqual([]);
  expect(charge?.state).toBe("pending");
  expect(await countIn(story, 1, "Seu PIX está pronto")).toBe(1);
  expect(await shop.sandbox.control.charges()).toHaveLength(1);

  await shop.sandbox.control.pay({ id: charge?.gateway_id ?? "" });
  await delivered(story, 1);
  await story.quiet();
  expect(await countIn(story, 1, PRODUCT)).toBe(1);
  expect(await booksSum(story)).toBe(0);
});

test("tapped again while nobody knows: no second charge is made, nobody says that none was, and the first one is shown once", async () => {
  await using story = await openLost();
  const { shop, one } = story;
  await story.later(limits.sameTextMs);
  await shop.tapBuy(one, 1);
  await story.quiet();
  expect(await countIn(story, 1, "Não consegui")).toBe(0);
  await story.later(limits.lostChargeMs);
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "pending" }]);
  expect(await shop.sandbox.control.charges()).toHaveLength(1);
  expect(await countIn(story, 1, "Seu PIX está pronto")).toBe(1);
});

test("the call never arrived: asked about, not found, and at an end", async () => {
  await using story = await openLost({ done: false });
  await story.quiet();
  await story.later(limits.lostChargeMs);
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "failed", reason: "not_found", check_at: null }]);
  expect(await story.shop.sandbox.control.charges()).toEqual([]);
});

test("a notice of its payment is faster than any question: delivered once", async () => {
  await using story = await openLost();
  await story.shop.sandbox.control.payAll();
  await delivered(story, 1);
  await story.quiet();
  await story.later(limits.lostChargeMs);
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "paid", is_double: false }]);
  expect(await countIn(story, 1, PRODUCT)).toBe(1);
});

for (const kind of ["html", "other_id", "other_amount", "error_inside"] as const)
  test(`an answer with 200 that is not what was asked for (${kind}) shows no code to anybody`, async () => {
    await using story = await openStory();
    const { shop, one } = story;
    await shop.sandbox.control.fault({ kind, route: "charge", times: 1 });
    await shop.tapBuy(one, 1);
    await until("the try has ended", async () => (await chargesOf(story, 1)).some(({ state }) => state !== "creating"));
    await story.quiet();
    expect(await countIn(story, 1, "Seu PIX está pronto")).toBe(0);
    const [charge] = await chargesOf(story, 1);
    expect(["failed", "unknown"]).toContain(charge?.state ?? "");
  });

test("while the gateway does not answer questions either, it stays unknown, and is asked again", async () => {
  await using story = await openStory();
  const { shop, one } = story;
  await shop.sandbox.control.fault({ kind: "lost_answer", route: "charge", times: 1 });
  await shop.sandbox.control.fault({ kind: "html", route: "status", times: 2 });
  await shop.tapBuy(one, 1);
  await untilUnknown(story, 1);
  await story.quiet();
  await story.later(limits.lostChargeMs);
  await story.later(limits.checkMs);
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "unknown" }]);
  await story.later(limits.checkMs);
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "pending" }]);
});
