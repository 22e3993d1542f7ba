// Each condition of the line, the queues and the clock is caused, told once, mended, and told to be over.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { leaveRow, leaveSend } from "../support/left-behind.ts";
import { until } from "../support/until.ts";
import { OPENING_MS } from "../support/world.ts";
import { openTroubles, type Troubles } from "./alert-troubles.ts";

setDefaultTimeout(30_000);

let at: Troubles;
beforeAll(async () => {
  at = await openTroubles();
}, OPENING_MS);
afterAll(() => at[Symbol.asyncDispose](), OPENING_MS);

test("at rest nothing is told", async () => {
  await at.watch.look(30);
  expect(await at.news()).toEqual([]);
  const [row] = await at.world.sql`SELECT looked_at FROM monitor`;
  expect(row?.looked_at).toEqual(at.world.clock.now());
});

test("start_unanswered: a row that nobody deals with, then a first message that does not go out", async () => {
  const { sql } = at.world;
  const { botId } = at.shop.bot;
  const owner = at.watch.one.app.lease.id;
  await leaveRow(at.world, at.shop.bot, { chatId: 1, owner });
  // A text may wait longer.
  await leaveRow(at.world, at.shop.bot, { chatId: 2, owner, text: "Quanto custa?" });
  await at.watch.look(60);
  expect(await at.news()).toEqual([]);
  await at.fires("start_unanswered", /1 \/start sem resposta há mais de 60 s/, `bots ${botId}`);
  await sql`UPDATE inbox SET done_at = ${at.world.clock.now()}, outcome = 'processed'`;
  await at.isOver("start_unanswered");

  at.pass(10);
  const send = await leaveSend(at.world, at.shop.bot, { chatId: 3, owner, text: "Oi" });
  await sql`UPDATE effect SET due_at = ${new Date(at.world.clock.now().getTime() + 300_000)} WHERE row_id = ${send.id}`;
  await at.watch.look(60);
  await at.fires("start_unanswered", /1 \/start sem resposta/);
  await sql`UPDATE effect SET state = 'done', due_at = NULL`;
  await at.isOver("start_unanswered");
});

test("welcome_ratio_low: who blocked the bot does not count; told together with what was refused, in one message", async () => {
  const { control } = at.world.fake;
  at.pass(20);
  const refused = [101, 102];
  const blocked = [123, 124, 125, 126, 127];
  for (const chat_id of refused) await control.fault({ kind: "400", token: at.shop.bot.token, chat_id });
  for (const chat_id of blocked) await control.fault({ kind: "403", token: at.shop.bot.token, chat_id });
  const chats = Array.from({ length: 27 }, (_, n) => 101 + n);
  await Promise.all(chats.map((chat) => at.shop.bot.write(at.watch.one, chat, "/start")));
  await at.watch.one.settle();
  await control.clearFault();
  await at.watch.look(90);
  const [first] = await at.news();
  expect(first).toContain("2 /start dos últimos 15 min que não puderam ser respondidos");
  await at.fires("welcome_ratio_low", /Só 20 de 22 \/start .*90,9%/);
  // A quarter of an hour later both are over, and that is one message, too.
  at.world.clock.advance(14 * 60_000);
  await at.watch.look(120);
  const texts = await at.news();
  expect(texts.filter((text) => text.includes("Todo /start foi respondido"))).toHaveLength(1);
  expect(texts.filter((text) => text.includes("As boas-vindas voltaram ao normal"))).toHaveLength(1);
});

test("queue_without_worker and queue_old, until somebody works again", async () => {
  await at.worker.stop();
  await until("no worker", async () => (await at.watch.one.app.queues.tasks.workers()) === 0);
  await at.fires("queue_without_worker", /Nenhum processo atende 4 filas: tasks, webhook, gateway, clock/);

  const connection = new Redis(at.world.redisUrl, { maxRetriesPerRequest: null });
  const queue = new Queue("clock", { connection, prefix: at.world.prefix });
  await queue.add("deliveries.check", {}, { timestamp: at.world.clock.now().getTime() - 20 * 60_000 });
  await queue.close();
  connection.disconnect();
  await at.fires("queue_old", /Trabalho parado na fila: clock \(o mais antigo espera há 20 min/);

  const three = await at.world.start();
  await until("the job is done", async () => (await three.app.queues.clock.oldestWaiting()) === undefined);
  await at.watch.look(50);
  const texts = await at.news();
  expect(texts.join()).toContain("Todas as filas têm quem as atenda");
  expect(texts.join()).toContain("As filas estão em dia");
  at.worker = three;
});

test("clock_skew: against PostgreSQL's clock, and against Telegram's", async () => {
  at.machine.aheadMs = 4_200;
  await at.watch.look(10);
  await at.fires("clock_skew", /4,\d s adiantado em relação ao PostgreSQL e \d,\d s adiantado em relação ao Telegram/);
  at.machine.aheadMs = 0;
  await at.isOver("clock_skew");
});

test("the operator's own alerts are told together, every ten minutes at most", async () => {
  const { sql, clock } = at.world;
  const warn = (about: string, tenantId: number | null) => sql`
    INSERT INTO alert (tenant_id, kind, about, sentence, at) VALUES (${tenantId}, 'test', ${about}, ${`Aviso ${about}.`}, ${clock.now()})`;
  await warn("1", null);
  await warn("2", null);
  await warn("3", at.shop.tenantId);
  await at.watch.look();
  expect(await at.news()).toEqual([
    expect.stringContaining("2 avisos novos para o operador (veja `grimbots alerts`): Aviso 1."),
  ]);
  await warn("4", null);
  at.pass(9);
  await at.watch.look();
  expect(await at.news()).toEqual([]);
  at.pass(1);
  await at.watch.look();
  expect(await at.news()).toEqual([expect.stringContaining("1 aviso novo para o operador")]);
});
