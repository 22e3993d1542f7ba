// A bot whose token was revoked gets a new one: it speaks again in every process, and nothing that was said about the old one counts.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { CommandError } from "#src/kernel/errors.ts";
import type { TenantId } from "#src/kernel/ids.ts";
import { createKeyring } from "#src/kernel/secret.ts";
import { addBot } from "#src/telegram/add-bot.ts";
import { secretPlace, tokenPlace } from "#src/telegram/bots.ts";
import { untilQuiet } from "../support/quiet.ts";
import { until } from "../support/until.ts";
import { OPENING_MS, openWorld, type Running, type TestBot, testKeyring, type World } from "../support/world.ts";

const PUBLIC_URL = "https://bots.example.com";
const otherKeyring = createKeyring([Buffer.alloc(32, 9)]);

let world: World;
let first: Running;
let second: Running;
beforeAll(async () => {
  world = await openWorld();
  first = await world.start();
  second = await world.start();
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose](), OPENING_MS);

let chats = 80_000;

const revoke = (token: string) => world.fake.control.bot({ token, revoked: true });
/** What @BotFather would give next. */
const nextToken = (bot: TestBot) => `${bot.token.split(":")[0]}:next-token-of-the-bot-with-35-characters`;
const rowOf = async ({ botId }: TestBot) => {
  const [row] =
    await world.sql`SELECT tenant_id, status, funnel_version_id, secret_sealed FROM bot WHERE id = ${botId}`;
  return { ...row };
};
const tenantOf = async (bot: TestBot) => (await rowOf(bot)).tenant_id as TenantId;

async function add(bot: TestBot, tenantId?: TenantId) {
  return addBot(world.sql, {
    ...{ keyring: testKeyring, apiRoot: world.fake.url, publicUrl: PUBLIC_URL, token: nextToken(bot) },
    tenantId: tenantId ?? (await tenantOf(bot)),
  });
}

async function startAt(bot: TestBot, at: Running): Promise<number> {
  const chatId = ++chats;
  expect((await bot.write(at, chatId, "/start")).status).toBe(200);
  await untilQuiet(world, first, second);
  return chatId;
}

/** What was said to a chat with the new token. */
const answersTo = async (bot: TestBot, chatId: number) =>
  (await world.fake.control.calls({ token: nextToken(bot), chat_id: chatId })).map(({ payload }) => payload.text);

test("the new token takes the place of the old one, in all processes and without a restart", async () => {
  const bot = await world.addBot();
  await revoke(bot.token);
  for (const at of [first, second]) await startAt(bot, at);
  const before = await rowOf(bot);
  expect(before.status).toBe("token_revoked");
  const added = await add(bot);
  expect(added).toMatchObject({ botId: bot.botId, replaced: true, secretToken: bot.secret });
  expect(added.webhookUrl).toBe(`${PUBLIC_URL}/webhook/telegram/${bot.botId}`);
  const [set] = await world.fake.control.calls({ token: nextToken(bot), method: "setWebhook" });
  expect(set?.payload).toMatchObject({ url: added.webhookUrl, secret_token: bot.secret });
  expect(await rowOf(bot)).toMatchObject({ status: "active", funnel_version_id: before.funnel_version_id });
  for (const { app } of [first, second])
    await until("it is known", async () => (await app.bots.find(bot.botId))?.status === "active", 2_000);
  for (const at of [first, second]) expect(await answersTo(bot, await startAt(bot, at))).toEqual(["Oi, Alice!"]);
});

test("a refusal of the old token that comes late does not stop the new one", async () => {
  const bot = await world.addBot();
  const asItWas = await first.app.bots.find(bot.botId);
  if (!asItWas) throw new Error("the bot is not there");
  await revoke(bot.token);
  await add(bot);
  expect(await first.app.bots.revoke(asItWas)).toBe(false);
  expect((await rowOf(bot)).status).toBe("active");
  expect(await answersTo(bot, await startAt(bot, first))).toEqual(["Oi, Alice!"]);
});

test("a process that was not told sends with the old token, is refused, and sends again with the new one", async () => {
  const bot = await world.addBot();
  await startAt(bot, second);
  await revoke(bot.token);
  const sealed = testKeyring.seal(nextToken(bot), tokenPlace(bot.botId));
  await world.sql`UPDATE bot SET token_sealed = ${sealed} WHERE id = ${bot.botId}`;
  const chatId = await startAt(bot, second);
  await second.sweep();
  await untilQuiet(world, first, second);
  expect(await answersTo(bot, chatId)).toEqual(["Oi, Alice!"]);
  expect((await rowOf(bot)).status).toBe("active");
});

test("another seller's bot is refused, and stays as it was", async () => {
  const [bot, other] = [await world.addBot(), await world.addBot()];
  const before = await rowOf(bot);
  const refused = await add(bot, await tenantOf(other)).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(CommandError);
  expect(refused).toMatchObject({
    message: expect.stringMatching(
      new RegExp(`^The bot @\\w+ is here already, as bot ${bot.botId} of tenant ${before.tenant_id}\\.$`),
    ),
  });
  expect(await rowOf(bot)).toEqual(before);
});

test("a webhook's secret that no key opens any more is replaced, too", async () => {
  const bot = await world.addBot();
  const lost = otherKeyring.seal("x", secretPlace(bot.botId));
  await world.sql`UPDATE bot SET secret_sealed = ${lost} WHERE id = ${bot.botId}`;
  const added = await add(bot);
  expect(added.secretToken).not.toBe(bot.secret);
  const { secret_sealed: sealed } = await rowOf(bot);
  expect(testKeyring.open(String(sealed), secretPlace(bot.botId))).toBe(added.secretToken);
  await until("the door refuses the old one", async () => (await bot.write(first, ++chats, "/start")).status === 401);
});
