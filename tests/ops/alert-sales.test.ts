// Each condition of payments and of bots is caused, told once, mended, and told to be over.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { alerts } from "#src/ops/alerts.ts";
import { readSources } from "../support/sources.ts";
import { until } from "../support/until.ts";
import { OPENING_MS } from "../support/world.ts";
import { ownWebhook, setWebhook } from "./alert-scene.ts";
import { openTroubles, type Troubles } from "./alert-troubles.ts";

setDefaultTimeout(30_000);

let at: Troubles;
beforeAll(async () => {
  at = await openTroubles();
}, OPENING_MS);
afterAll(() => at[Symbol.asyncDispose](), OPENING_MS);

test("order_undelivered: paid, and Telegram takes no message", async () => {
  const { orderId, gatewayId } = await at.shop.buy(at.watch.one, 50);
  await at.world.fake.control.fault({ kind: "403", token: at.shop.bot.token, chat_id: 50 });
  await at.shop.sandbox.control.pay({ id: gatewayId });
  const state = async () => (await at.world.sql`SELECT state FROM delivery WHERE order_id = ${orderId}`)[0]?.state;
  await until("it has failed", async () => (await state()) === "failed");
  await at.watch.look(120);
  await at.fires("order_undelivered", `1 pedido pago há mais de 2 min e não entregue: nº ${orderId}`);
  await at.world.fake.control.clearFault();
  await at.shop.bot.write(at.watch.one, 50, "/start");
  await until("it is delivered", async () => (await state()) === "sent");
  await at.isOver("order_undelivered");
});

test("cents_unexplained: until a later reconciliation agrees", async () => {
  const { sql, clock } = at.world;
  const reconciled = (day: string, cents: number) => sql`
    INSERT INTO reconciliation (tenant_id, account_id, day, method, gateway_amount, ledger_amount, unexplained, findings, at)
    VALUES (${at.shop.tenantId}, ${at.shop.account.accountId}, ${day}::date, 'charges', 0, 0, ${cents}, '[]', ${clock.now()})`;
  await reconciled("2026-02-01", 970);
  await at.fires("cents_unexplained", `R$ 9,70 na conta ${at.shop.account.accountId} (sandbox, dia 01/02)`);
  await reconciled("2026-02-02", 0);
  await at.isOver("cents_unexplained");
});

test("gateway_failing: charges that are not made", async () => {
  await at.shop.sandbox.control.fault({ kind: "status", route: "charge", status: 500 });
  for (const chat of [61, 62, 63, 64]) await at.shop.tapBuy(at.watch.one, chat);
  await until("all were tried", async () => {
    const [row] = await at.world
      .sql`SELECT count(*)::int AS tried FROM charge WHERE chat_id IN (61, 62, 63, 64) AND state <> 'creating'`;
    return row?.tried === 4;
  });
  await at.fires("gateway_failing", /sandbox: \d+ de \d+ cobranças não foram geradas/);
  await at.shop.sandbox.control.clearFault();
  at.pass(11);
  await at.isOver("gateway_failing");
});

test("notices_unauthenticated: 25 forged ones", async () => {
  const [charge] = await at.shop.sandbox.control.charges({ limit: 1 });
  for (let n = 0; n < 25; n++) await at.shop.sandbox.control.forge({ id: charge?.id ?? "", wrong: "signature" });
  await at.fires("notices_unauthenticated", /recusados nos últimos 10 min: sandbox \(25\)/);
  at.pass(11);
  await at.isOver("notices_unauthenticated");
});

test("webhook_stolen: another address, and none at all; only the host is told", async () => {
  await setWebhook(at.world, at.shop.bot, "https://thief.example.com/hook/secret");
  await at.fires("webhook_stolen", /1 bot não aponta para este servidor: @\w+ \(nº \d+\) → thief\.example\.com\./);
  await setWebhook(at.world, at.shop.bot, ownWebhook(at.watch.one, at.shop.bot));
  await at.isOver("webhook_stolen");
  at.pass(10);
  await setWebhook(at.world, at.shop.bot, "");
  await at.fires("webhook_stolen", /→ nenhum\./);
  await setWebhook(at.world, at.shop.bot, ownWebhook(at.watch.one, at.shop.bot));
  await at.isOver("webhook_stolen");
});

test("webhook_failing: updates that are refused at our door", async () => {
  const user = { id: 70, first_name: "Alice" };
  await at.world.fake.control.say({ token: at.shop.bot.token, user, text: "Oi" });
  await until("Telegram has tried", async () => (await at.webhookInfo(at.shop.bot)).last_error_message !== undefined);
  await at.fires("webhook_failing", /não consegue entregar as mensagens de 1 bot: .*401.*1 na espera/);
  await setWebhook(at.world, at.shop.bot, ownWebhook(at.watch.one, at.shop.bot), at.shop.bot.secret);
  await until("it was delivered", async () => (await at.webhookInfo(at.shop.bot)).pending_update_count === 0);
  await at.isOver("webhook_failing");
});

test("bot_token_revoked: seen by looking, though the bot sends nothing", async () => {
  const { sql } = at.world;
  const bot = await at.world.addBot();
  await setWebhook(at.world, bot, ownWebhook(at.watch.one, bot));
  await at.watch.look(30);
  await at.world.fake.control.bot({ token: bot.token, revoked: true });
  await at.watch.look(20);
  await at.fires("bot_token_revoked", `recusa o token de 1 bot: @`, `(nº ${bot.botId})`);
  await at.world.fake.control.bot({ token: bot.token, revoked: false });
  await setWebhook(at.world, bot, ownWebhook(at.watch.one, bot));
  await sql`UPDATE bot SET status = 'active' WHERE id = ${bot.botId}`;
  await sql`SELECT pg_notify('bot_changed', ${String(bot.botId)})`;
  await at.isOver("bot_token_revoked");
});

test("every alert is caused in a test", () => {
  const tests = readSources().filter(({ file }) => /^tests\/ops\/alert-(line|sales|stores)\.test\.ts$/.test(file));
  expect(tests).toHaveLength(3);
  const titles = tests.flatMap(({ text }) => text.match(/^test\("[a-z_ ]+/gm) ?? []).join(" ");
  expect(alerts.map(({ name }) => name).filter((name) => !titles.includes(name))).toEqual([]);
});
