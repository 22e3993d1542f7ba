// What the log holds of people and secrets: nothing, at the most talkative level, and before anything is cut out of its lines.

import { expect, setDefaultTimeout, test } from "bun:test";
import { readConfig, settings } from "#src/kernel/config.ts";
import { limits } from "#src/kernel/limits.ts";
import { addAccount } from "#src/payments/add-account.ts";
import { openLogBook } from "../support/log-book.ts";
import { openStory, type Story } from "../support/story.ts";
import { until } from "../support/until.ts";
import { testKeyring, testSecretKey } from "../support/world.ts";

setDefaultTimeout(60_000);

const CPF = "52998224725";
const person = { first_name: "Zulmira", last_name: "Quintanilha", username: "zulmira_q" };
const said = "minha mensagem confidencial";
const apiKey = "aact_prod_0000zzzzYYYYxxxx1111";
/** What may be in no line, in whatever spelling. */
const hidden = [
  ...["zulmira", "quintanilha", "confidencial", CPF, "529.982", "ana@example.com", "98765-4321", apiKey, testSecretKey],
].map((word) => word.toLowerCase());

/** A gateway that refuses every charge, and repeats all it was told. */
function startEchoing() {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      if (request.method === "GET") return Response.json({ object: "list", hasMore: false, totalCount: 0, data: [] });
      const echo = `Cliente Zulmira Quintanilha (529.982.247-25, ana@example.com, +55 11 98765-4321) ${request.headers.get("access_token")}`;
      return Response.json(
        { errors: [{ code: "invalid_customer", description: echo }], message: echo },
        { status: 400 },
      );
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, [Symbol.asyncDispose]: () => server.stop(true) };
}

async function sayAs({ shop, one, quiet }: Story, chatId: number, text: string): Promise<void> {
  await shop.bot.write(one, chatId, text, {});
  const update = { message_id: 900 + chatId, date: 1_772_366_400, chat: { id: chatId, type: "private", ...person } };
  await shop.bot.post(one, { message: { ...update, from: { id: chatId, is_bot: false, ...person }, text } });
  await quiet();
}

test("a talk, a payer, a gateway that repeats it all, and a database that refuses a row: nothing of it is in the log", async () => {
  const book = openLogBook();
  await using gateway = startEchoing();
  await using story = await openStory({ start: { log: book.log } });
  const { shop, one, world } = story;
  await world.sql`UPDATE gateway_account SET status = 'paused'`;
  await addAccount(world.sql, {
    ...{ keyring: testKeyring, publicUrl: one.http.url, tenantId: shop.tenantId, kind: "asaas", priority: 1 },
    ...{ credentials: { apiKey, baseUrl: gateway.url }, now: world.clock.now() },
  });
  await sayAs(story, 1, "/start");
  await sayAs(story, 1, said);
  await shop.tapBuy(one, 1);
  await story.quiet();
  await sayAs(story, 1, "529.982.247-25");
  await until("the gateway was asked", () => book.facts("charge.called").length > 0);
  expect(book.facts("charge.called")[0]).toMatchObject({ outcome: "refused", level: 40 });

  await world.sql.unsafe("ALTER TABLE customer ADD CONSTRAINT refused CHECK (last_name <> 'Quintanilha') NOT VALID");
  await sayAs(story, 2, said);
  await until("the row was refused", async () => {
    world.clock.advance(limits.sendBackoffMaxMs);
    await one.sweep();
    return book.facts("row.failed").length > 0;
  });

  const forged = { method: "POST", body: JSON.stringify({ token: apiKey, payer: CPF }) };
  expect((await fetch(`${one.http.url}/webhook/payment/asaas/${shop.account.token}`, forged)).status).toBe(401);
  const headers = { "x-telegram-bot-api-secret-token": `wrong-${shop.bot.secret}` };
  expect((await shop.bot.post(one, { message: { text: said } }, headers)).status).toBe(401);

  const text = book.text().toLowerCase();
  const secrets = [shop.bot.secret, shop.bot.token.slice(8), shop.account.token, new URL(world.databaseUrl).password];
  expect([...hidden, ...secrets].filter((word) => text.includes(word.toLowerCase()))).toEqual([]);
  const [told] = book.facts("row.failed");
  expect(told).toMatchObject({ level: 50, botId: shop.bot.botId, rowId: expect.any(Number) });
});

test("at level info a /start and its answer leave no line", async () => {
  const book = openLogBook();
  await using story = await openStory({ start: { log: book.log } });
  const { shop, one, quiet, world } = story;
  const lines = () =>
    book
      .text()
      .split("\n")
      .filter((line) => /"level":[3-6]0/.test(line));
  await quiet();
  const before = lines();
  for (let chatId = 100; chatId < 140; chatId++) expect((await shop.bot.write(one, chatId, "/start")).status).toBe(200);
  await quiet();
  expect(await world.sql`SELECT 1 FROM message WHERE outgoing AND chat_id >= 100`).toHaveLength(40);
  expect(lines().slice(before.length)).toEqual([]);
});

test("what is wrong with a setting is said without its value", () => {
  for (const { name } of settings)
    for (const value of [
      "hunter2",
      "mysql://alice:hunter2@db/x",
      "postgres://alice:hunter2@[",
      "hunter2=",
      "☃ hunter2",
    ]) {
      let sentence = "";
      try {
        readConfig({ [name]: value });
      } catch (error) {
        sentence = String(error);
      }
      expect(sentence).not.toContain("hunter2");
    }
});

test("what nobody waited for ends the program with one line, and without the values that an error carries", async () => {
  const program = `
    await import("#src/main.ts");
    const cause = Object.assign(new Error("no such column"), { parameters: ["${CPF}"], query: "SELECT hunter2" });
    Promise.reject(new Error("Failed query: x\\nparams: ana@example.com", { cause }));`;
  const child = Bun.spawn([process.execPath, "-e", program, "x", "fake-telegram", "--port", "0"], {
    ...{ cwd: `${import.meta.dir}/../..`, stdout: "pipe", stderr: "pipe" },
  });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  expect(await child.exited).toBe(1);
  expect(JSON.parse(err)).toMatchObject({
    ...{ level: "fatal", fact: "process.crashed", reason: "no such column", at: expect.any(Array) },
  });
  expect(out + err).not.toMatch(/hunter2|ana@|52998224725/);
});
