// An account that cannot be opened: what comes in for it waits until it can be, and the seller's other accounts go on.

import { expect, setDefaultTimeout, test } from "bun:test";
import type { AccountId, ChargeId } from "#src/kernel/ids.ts";
import { limits } from "#src/kernel/limits.ts";
import { createKeyring } from "#src/kernel/secret.ts";
import { credentialsPlace } from "#src/payments/accounts.ts";
import { confirm } from "#src/payments/confirm.ts";
import { until } from "../../support/until.ts";
import { chargesOf, countIn, delivered, openStory, PRODUCT, type Story } from "./support.ts";

setDefaultTimeout(60_000);

const otherKeyring = createKeyring([Buffer.alloc(32, 9)]);
const sealedElsewhere = (id: AccountId) => ({ credentials_sealed: otherKeyring.seal("{}", credentialsPlace(id)) });

/** Changes an account's row, and has the program read it again; resolves with what brings it back. */
async function spoil({ world, one, shop }: Story, change: Record<string, string>): Promise<() => Promise<void>> {
  const { sql } = world;
  const id = shop.account.accountId;
  const [row] = await sql`SELECT gateway, credentials_sealed FROM gateway_account WHERE id = ${id}`;
  const write = async (columns: Record<string, unknown>) => {
    await sql`UPDATE gateway_account SET ${sql(columns)} WHERE id = ${id}`;
    one.app.payments.context.accounts.forget(id);
  };
  await write(change);
  return () => write({ gateway: row?.gateway, credentials_sealed: row?.credentials_sealed });
}

/** A sale that is paid at the gateway, of which nothing was heard here. */
async function openPaidUnheard() {
  const story = await openStory();
  const { shop, one } = story;
  const bought = await shop.buy(one, 1);
  await shop.sandbox.control.merchant({ token: shop.account.token, notice_faults: { lose: 1 } });
  await shop.sandbox.control.pay({ id: bought.gatewayId });
  await story.quiet();
  return { ...story, ...bought, [Symbol.asyncDispose]: story[Symbol.asyncDispose] };
}

/** A notice about the charge, as the door keeps it. */
async function keepNotice({ world, shop }: Story, chargeId: number): Promise<void> {
  const now = world.clock.now();
  await world.sql`
    INSERT INTO notice (gateway, account_id, addressed_charge_id, body, body_hash, headers, query, verdict, received_at, due_at)
    VALUES ('sandbox', ${shop.account.accountId}, ${chargeId}, '{}', 'x', '{}', '{}', 'authentic', ${now}, ${now})`;
}

const noticeOf = async ({ world }: Story) => {
  const [row] = await world.sql`SELECT state, attempts, due_at FROM notice`;
  return { ...row };
};

test.each([
  ["is sealed with a key that is not here", (id: AccountId) => sealedElsewhere(id)],
  ["is one of a newer program", () => ({ gateway: "gateway_of_tomorrow" })],
])(
  "a notice for an account that %s is not settled, for nobody was asked; it is when the account is back",
  async (_, change) => {
    await using story = await openPaidUnheard();
    const { one, shop, world, chargeId } = story;
    const restore = await spoil(story, change(shop.account.accountId));
    expect(await confirm(one.app.payments.context, chargeId as ChargeId, "notice")).toBe("later");
    await keepNotice(story, chargeId);
    await story.sweep();
    await until("it was looked at", async () => (await noticeOf(story)).attempts === 1);
    expect(await noticeOf(story)).toMatchObject({ state: "new", due_at: expect.any(Date) });
    expect(await chargesOf(story, 1)).toMatchObject([{ state: "pending" }]);
    await restore();
    world.clock.advance(limits.lateCheckMostMs);
    await story.sweep();
    await delivered(story, 1);
    await until("the notice is settled", async () => (await noticeOf(story)).state === "settled");
    expect(await countIn(story, 1, PRODUCT)).toBe(1);
  },
);

test("its charges are asked about less and less, and end with their time", async () => {
  await using story = await openPaidUnheard();
  const { shop, world, chargeId } = story;
  await spoil(story, sealedElsewhere(shop.account.accountId));
  const checkOf = async () => {
    const [row] = await world.sql`SELECT check_at, checks FROM charge WHERE id = ${chargeId}`;
    return { afterMs: row?.check_at.getTime() - world.clock.now().getTime(), checks: row?.checks };
  };
  await story.later(limits.youngCheckMs);
  expect(await checkOf()).toEqual({ afterMs: limits.youngCheckMs, checks: 1 });
  await story.later(30 * 60_000);
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "expired" }]);
  expect((await checkOf()).afterMs).toBe(limits.lateCheckFirstMs);
});

test("a customer's next charge is made at the seller's other account", async () => {
  await using story = await openStory();
  const { shop, one } = story;
  const second = await shop.addAccount(20);
  await spoil(story, sealedElsewhere(shop.account.accountId));
  await shop.buy(one, 1);
  expect(await chargesOf(story, 1)).toMatchObject([{ state: "pending", account_id: second.accountId }]);
});

test("the door asks for its notices to be sent again: it cannot say that they are forged", async () => {
  await using story = await openStory();
  const { shop } = story;
  await spoil(story, sealedElsewhere(shop.account.accountId));
  const answer = await fetch(shop.account.webhookUrl, { method: "POST", body: "{}" });
  expect(answer.status).toBe(503);
  expect(answer.headers.get("retry-after")).toBe(String(limits.retryAfterSeconds));
  expect([...(await story.world.sql`SELECT 1 FROM notice`)]).toEqual([]);
});
