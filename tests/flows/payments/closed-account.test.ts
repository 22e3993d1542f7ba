// An account that is closed: the next charges are made elsewhere, the ones that it has come to their end, and doctor leaves it alone.

import { expect, setDefaultTimeout, test } from "bun:test";
import { checkGateways } from "#src/commands/doctor/gateways.ts";
import { CommandError } from "#src/kernel/errors.ts";
import type { AccountId } from "#src/kernel/ids.ts";
import { listAccounts, setAccountStatus } from "#src/payments/account-status.ts";
import { reconcileDue } from "#src/payments/reconcile.ts";
import { testSecretKey } from "../../support/world.ts";
import { chargesOf, delivered, openStory, type Story } from "./support.ts";

setDefaultTimeout(60_000);

const DAY_MS = 24 * 60 * 60_000;

const lookedAt = async ({ world }: Story) => {
  const config = { secretKey: testSecretKey } as never;
  return (await checkGateways(world.sql, config, 5_000)).map(({ name }) => Number(/account (\d+)/.exec(name)?.[1]));
};
const reconciledIn = async ({ world }: Story) => {
  const rows = await world.sql<{ id: number }[]>`SELECT account_id AS id FROM reconciliation ORDER BY id`;
  return rows.map(({ id }) => id);
};

test("closed: new charges go to the next account, its own one is still found paid; opened again it is the first", async () => {
  await using story = await openStory();
  const { world, shop, one } = story;
  const next = await shop.addAccount(20);
  const [id, nextId] = [shop.account.accountId, next.accountId];
  const { gatewayId } = await shop.buy(one, 1);
  const closed = await setAccountStatus(world.sql, id, "paused", world.clock.now());
  expect(closed).toEqual({
    accountId: id,
    tenantId: shop.tenantId,
    gateway: "sandbox",
    openCharges: 1,
    activeAccounts: 1,
  });
  await shop.buy(one, 2);
  expect(await chargesOf(story, 2)).toMatchObject([{ account_id: nextId }]);
  await shop.sandbox.control.merchant({ token: shop.account.token, notice_faults: { lose: 1 } });
  await shop.sandbox.control.pay({ id: gatewayId });
  await story.later(30_000);
  await delivered(story, 1);
  expect(await lookedAt(story)).toEqual([nextId]);
  expect((await listAccounts(world.sql, shop.tenantId)).map(({ accountId, status }) => [accountId, status])).toEqual([
    [id, "paused"],
    [nextId, "active"],
  ]);
  expect(await setAccountStatus(world.sql, id, "active", world.clock.now())).toMatchObject({ activeAccounts: 2 });
  expect(await lookedAt(story)).toEqual([id, nextId]);
});

test("its books are compared for as long as its charges are asked about, then for days on which they moved", async () => {
  await using story = await openStory();
  const { world, shop, one } = story;
  const next = await shop.addAccount(20);
  const [id, nextId] = [shop.account.accountId, next.accountId];
  await setAccountStatus(world.sql, id, "paused", world.clock.now());
  world.clock.advance(2 * DAY_MS);
  await reconcileDue(one.app.payments.context);
  expect(await reconciledIn(story)).toEqual([id, nextId]);
  world.clock.advance(8 * DAY_MS);
  await reconcileDue(one.app.payments.context);
  expect(await reconciledIn(story)).toEqual([id, nextId, nextId]);
});

test("an account that is not there is one sentence", async () => {
  await using story = await openStory();
  const refused = await setAccountStatus(story.world.sql, 999 as AccountId, "paused", new Date()).catch(
    (error: unknown) => error,
  );
  expect(refused).toBeInstanceOf(CommandError);
  expect(refused).toMatchObject({ message: "There is no gateway account 999; `grimbots gateway list` shows them." });
});
