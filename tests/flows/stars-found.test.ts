// Which charge a payment in Stars is about: found by an index whatever is told, once for a second payment, and without the seller's account.

import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Database } from "#db/connect.ts";
import type { RowKey } from "#src/inbox/line.ts";
import type { ChatId } from "#src/kernel/ids.ts";
import { createKeyring } from "#src/kernel/secret.ts";
import { starsSaid } from "#src/payments/stars.ts";
import { untilQuiet } from "../support/quiet.ts";
import { openStarsShop, STARS, type StarsShop, starsOf } from "../support/stars-shop.ts";
import { until } from "../support/until.ts";
import { messageOf } from "../support/updates.ts";
import { OPENING_MS } from "../support/world.ts";

let shop: StarsShop;
beforeAll(async () => {
  shop = await openStarsShop();
}, OPENING_MS);
afterAll(() => shop.world[Symbol.asyncDispose](), OPENING_MS);

const tellPaid = (chatId: number, reference: string, id: string) =>
  shop.bot.post(shop.server, messageOf(chatId, { successful_payment: starsOf(reference, id) }));

/** The same connection; each statement's plan is kept as it is run. */
function explaining(sql: Database, plans: string[]): Database {
  const run = async (texts: TemplateStringsArray, ...values: never[]) => {
    const [first = "", ...rest] = texts;
    const asked = [`EXPLAIN ${first}`, ...rest];
    const plan = await sql(Object.assign(asked, { raw: asked }), ...values);
    plans.push(plan.map((row) => row["QUERY PLAN"]).join("\n"));
    return sql(texts, ...values);
  };
  return run as unknown as Database;
}

let rows = 900_000;

test.each([
  ["of an invoice that is not paid yet", async () => ({ ...(await shop.invoiced()), paymentId: "fresh" })],
  ["that we know", () => shop.paid()],
  ["of an invoice that was paid before", async () => ({ ...(await shop.paid()), paymentId: "second" })],
  ["that is nobody's", async () => ({ chatId: 1, reference: "nobody", paymentId: "nobody" })],
])("a payment %s is looked up by index", async (_, prepare) => {
  const { chatId, reference, paymentId } = await prepare();
  const plans: string[] = [];
  const { context } = shop.server.app.payments;
  const { botId } = shop.bot;
  const row = { slot: 1, id: ++rows } as RowKey;
  const body = {
    ask: "stars",
    payload: reference,
    amount: STARS,
    currency: "XTR",
    paymentId,
    isRefund: false,
  } as const;
  const request = { ...row, n: 0, botId, chatId: chatId as ChatId, body, attempts: 0 };
  await starsSaid({ ...context, sql: explaining(context.sql, plans) }, request, body).catch(() => undefined);
  expect(plans.join("\n")).toContain("Index Scan using charge_reference_key");
  // By the payment's id alone PostgreSQL has to look below every account that the index holds, or at all charges.
  expect(plans.filter((plan) => /Seq Scan on charge|Index Cond: \(gateway_id/.test(plan))).toEqual([]);
});

test("a second payment that is told of three times at the same moment is one charge", async () => {
  const { chatId, reference, paymentId } = await shop.paid();
  const again = `${paymentId}-again`;
  await Promise.all([1, 2, 3].map(() => tellPaid(chatId, reference, again)));
  await until("it is booked", async () => {
    const [row] = await shop.world.sql`SELECT state FROM charge WHERE gateway_id = ${again}`;
    return row?.state === "paid";
  });
  await untilQuiet(shop.world, shop.server);
  const charges = await shop.world.sql`SELECT state, is_double FROM charge WHERE chat_id = ${chatId} ORDER BY id`;
  expect(charges.map((row) => ({ ...row }))).toEqual([
    { state: "paid", is_double: false },
    { state: "paid", is_double: true },
  ]);
});

test("the seller's account cannot be opened: what the bot was told is delivered all the same", async () => {
  const { chatId, reference } = await shop.invoiced();
  const { sql } = shop.world;
  const sealed = createKeyring([Buffer.alloc(32, 9)]).seal("{}", "elsewhere");
  const accounts = await sql`
    UPDATE gateway_account AS a SET credentials_sealed = ${sealed} FROM gateway_account AS old WHERE old.id = a.id
    RETURNING a.id, old.credentials_sealed`;
  for (const { id } of accounts) shop.server.app.payments.context.accounts.forget(id);
  await tellPaid(chatId, reference, `unusable-${chatId}`);
  await until("the delivery", async () => (await shop.deliveriesIn(chatId)).includes("sent"));
  expect(await shop.chargeOf(reference)).toMatchObject({ state: "paid", gateway_id: `unusable-${chatId}` });
  for (const { id, credentials_sealed } of accounts)
    await sql`UPDATE gateway_account SET credentials_sealed = ${credentials_sealed} WHERE id = ${id}`;
});
