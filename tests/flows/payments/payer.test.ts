// A gateway that must know the payer's CPF: the bot asks, checks the digits, keeps it sealed, and sends it with the price to the gateway only.

import { expect, setDefaultTimeout, test } from "bun:test";
import { addAccount } from "#src/payments/add-account.ts";
import { asaasFake } from "../../payments/gateways/fakes/asaas.ts";
import { openLogBook } from "../../support/log-book.ts";
import { until } from "../../support/until.ts";
import { testKeyring } from "../../support/world.ts";
import { chargesOf, countIn, openStory, type Story } from "./support.ts";

setDefaultTimeout(60_000);

const CPF = "529.982.247-25";
const DIGITS = "52998224725";
const ASKED = /CPF/;
const SHOWN = "Seu PIX está pronto";

async function openAsking() {
  const book = openLogBook();
  const story = await openStory({ start: { log: book.log } });
  const vendor = await asaasFake.start();
  await addAccount(story.world.sql, {
    ...{ keyring: testKeyring, publicUrl: story.one.http.url, tenantId: story.shop.tenantId },
    ...{ kind: "asaas", credentials: vendor.credentials, priority: 1, now: story.world.clock.now() },
  });
  return {
    ...{ ...story, vendor, book },
    async [Symbol.asyncDispose]() {
      await story[Symbol.asyncDispose]();
      await vendor[Symbol.asyncDispose]();
    },
  };
}

/** Where these words stand in the database, in clear: every text, document and byte column of every table. */
async function findInTables({ world }: Pick<Story, "world">, words: string[]): Promise<string[]> {
  const columns = await world.sql<{ table_name: string; column_name: string; data_type: string }[]>`
    SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns AS c
    JOIN information_schema.tables AS t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.data_type IN ('text', 'jsonb', 'json', 'bytea', 'character varying')`;
  const found: string[] = [];
  for (const { table_name, column_name, data_type } of columns) {
    const column = world.sql(column_name);
    const text = data_type === "bytea" ? world.sql`encode(${column}, 'escape')` : world.sql`${column}::text`;
    for (const word of words) {
      const rows = await world.sql`SELECT 1 FROM ${world.sql(table_name)} WHERE ${text} LIKE ${`%${word}%`} LIMIT 1`;
      if (rows.length > 0) found.push(`${table_name}.${column_name}: ${word}`);
    }
  }
  return found;
}

const lastText = async ({ shop }: Pick<Story, "shop">) => String((await shop.bot.sent(1)).at(-1)?.payload.text ?? "");

async function tapAndBeAsked(story: Awaited<ReturnType<typeof openAsking>>): Promise<void> {
  await story.shop.bot.write(story.one, 1, "/start");
  await story.quiet();
  await story.shop.tapBuy(story.one, 1);
  await until("he is asked", async () => ASKED.test(await lastText(story)));
  await story.quiet();
}

test("asked, mistyped, told; then right: the charge is made with it, and it is nowhere in clear", async () => {
  await using story = await openAsking();
  const { shop, one, vendor, book } = story;
  await tapAndBeAsked(story);
  expect(await chargesOf(story, 1)).toEqual([]);
  for (const wrong of ["529.982.247-26", "111.111.111-11", "não sei", "5299822472"]) {
    await shop.bot.write(one, 1, wrong);
    await story.quiet();
    expect(await lastText(story)).toMatch(ASKED);
  }
  expect(vendor.requests.filter(({ method }) => method === "POST")).toEqual([]);
  await shop.bot.write(one, 1, CPF);
  await until("the charge is shown", async () => (await countIn(story, 1, SHOWN)) === 1);
  await story.quiet();
  const made = vendor.requests
    .filter(({ method }) => method === "POST")
    .map(({ body }) => body as Record<string, unknown>);
  expect(made).toMatchObject([{ cpfCnpj: DIGITS, name: "Alice" }, { value: 19.9 }]);
  expect(await findInTables(story, [CPF, DIGITS, "529.982.247-26", "5299822472", "982.247"])).toEqual([]);
  expect(book.text()).not.toContain(DIGITS);
  expect(book.text()).not.toContain(CPF);
});

test("known from the first time: not asked again", async () => {
  await using story = await openAsking();
  const { shop, one, world } = story;
  await tapAndBeAsked(story);
  await shop.bot.write(one, 1, CPF);
  await until("the charge is shown", async () => (await countIn(story, 1, SHOWN)) === 1);
  await story.quiet();
  await world.sql`UPDATE charge SET state = 'failed'`;
  world.clock.advance(60_000);
  await shop.tapBuy(one, 1);
  await until("another charge is shown", async () => (await countIn(story, 1, SHOWN)) === 2);
});

test("he changes his mind and sends /start: nothing is made, and his next words are no answer", async () => {
  await using story = await openAsking();
  const { shop, one, world, vendor } = story;
  await tapAndBeAsked(story);
  world.clock.advance(60_000);
  await shop.bot.write(one, 1, "/start");
  await story.quiet();
  await shop.bot.write(one, 1, "Oi");
  await story.quiet();
  expect(await lastText(story)).not.toMatch(ASKED);
  expect(vendor.requests.filter(({ method }) => method === "POST")).toEqual([]);
});

test("what one customer told is not used for another", async () => {
  await using story = await openAsking();
  const { shop, one, vendor } = story;
  await tapAndBeAsked(story);
  await shop.bot.write(one, 1, CPF);
  await until("the charge is shown", async () => (await countIn(story, 1, SHOWN)) === 1);
  const before = vendor.requests.length;
  await shop.tapBuy(one, 2);
  await until("the other is asked, too", async () => (await countIn(story, 2, "CPF")) === 1);
  await story.quiet();
  expect(await chargesOf(story, 2)).toEqual([]);
  expect(vendor.requests).toHaveLength(before);
});

test("sent twice, or to a bot that did not ask: kept nowhere in clear either", async () => {
  await using story = await openAsking();
  const { shop, one } = story;
  await tapAndBeAsked(story);
  await Promise.all([shop.bot.write(one, 1, CPF), shop.bot.write(one, 1, DIGITS)]);
  await shop.bot.write(one, 2, CPF);
  await until("a charge is shown", async () => (await countIn(story, 1, SHOWN)) === 1);
  await story.quiet();
  expect(await findInTables(story, [CPF, DIGITS])).toEqual([]);
});
