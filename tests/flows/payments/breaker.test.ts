// The circuit breaker: who keeps failing is left alone for a while, one call tries whether it is back, and only that call counts as a try.

import { expect, setDefaultTimeout, test } from "bun:test";
import type { AccountId } from "#src/kernel/ids.ts";
import { limits } from "#src/kernel/limits.ts";
import { openBreaker } from "#src/payments/breaker.ts";
import { until } from "../../support/until.ts";
import { chargesOf, openStory, type Story } from "./support.ts";

setDefaultTimeout(60_000);

const id = 7 as AccountId;

function failedBreaker(clock: { ms: number }) {
  const breaker = openBreaker(() => clock.ms);
  for (let n = 0; n < limits.breakerFailures; n++) breaker.failed(id);
  return breaker;
}

test("it closes after so many failures in a row, and a success in between begins anew", () => {
  const breaker = openBreaker(() => 0);
  for (let n = 1; n < limits.breakerFailures; n++) breaker.failed(id);
  expect(breaker.isOpenFor(id)).toBe(true);
  breaker.succeeded(id);
  for (let n = 1; n < limits.breakerFailures; n++) breaker.failed(id);
  expect(breaker.isOpenFor(id)).toBe(true);
  breaker.failed(id);
  expect(breaker.isOpenFor(id)).toBe(false);
  expect(breaker.isOpenFor(8 as AccountId)).toBe(true);
});

test("after the pause one call tries; who only asks whether it may be called takes nobody's try away", () => {
  const clock = { ms: 0 };
  const breaker = failedBreaker(clock);
  clock.ms = limits.breakerPauseMs;
  expect([breaker.isOpenFor(id), breaker.isOpenFor(id)]).toEqual([true, true]);
  breaker.begun(id);
  expect(breaker.isOpenFor(id)).toBe(false);
  breaker.succeeded(id);
  expect(breaker.isOpenFor(id)).toBe(true);
});

test("the try fails: closed for another pause", () => {
  const clock = { ms: 0 };
  const breaker = failedBreaker(clock);
  clock.ms = limits.breakerPauseMs;
  breaker.begun(id);
  breaker.failed(id);
  clock.ms += limits.breakerPauseMs - 1;
  expect(breaker.isOpenFor(id)).toBe(false);
  clock.ms += 1;
  expect(breaker.isOpenFor(id)).toBe(true);
});

const callsOf =
  ({ world }: Story, accountId: AccountId) =>
  async () => {
    const [row] = await world.sql<
      { count: number }[]
    >`SELECT count(*)::int AS count FROM charge WHERE account_id = ${accountId}`;
    return row?.count ?? -1;
  };

test("an account that keeps failing is not tried any more, and nobody is asked to wait for it", async () => {
  await using story = await openStory();
  const { shop, one } = story;
  const second = await shop.addAccount(20);
  await shop.sandbox.control.fault({ kind: "status", status: 503, route: "charge", token: shop.account.token });
  const people = limits.breakerFailures + 3;
  for (let chatId = 1; chatId <= people; chatId++) await shop.buy(one, chatId);
  expect(await callsOf(story, shop.account.accountId)()).toBe(limits.breakerFailures);
  expect(await callsOf(story, second.accountId)()).toBe(people);
});

test("customers of the first account leave the second one's try to whoever needs it", async () => {
  await using story = await openStory();
  const { shop, one } = story;
  const second = await shop.addAccount(20);
  const { breaker } = one.app.payments.context;
  const began = performance.now();
  const clock = { ms: began };
  const ours = openBreaker(() => clock.ms);
  Object.assign(breaker, ours);
  for (let n = 0; n < limits.breakerFailures; n++) breaker.failed(second.accountId);
  clock.ms += limits.breakerPauseMs;
  await shop.buy(one, 1);
  await shop.sandbox.control.fault({ kind: "status", status: 503, route: "charge", token: shop.account.token });
  await shop.tapBuy(one, 2);
  await until("a charge is made", async () => (await chargesOf(story, 2)).some(({ state }) => state === "pending"));
  expect(await callsOf(story, second.accountId)()).toBe(1);
});
