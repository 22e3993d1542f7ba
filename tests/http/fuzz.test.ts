// Whatever comes through Telegram's door: an answer of the 200s or 400s, and a line that still works afterwards.

import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { untilQuiet } from "../support/quiet.ts";
import { messageOf, tapOf } from "../support/updates.ts";
import { OPENING_MS, openWorld, type Running, type TestBot, type World } from "../support/world.ts";

let world: World;
let server: Running;
let bot: TestBot;
beforeAll(async () => {
  world = await openWorld();
  bot = await world.addBot();
  server = await world.start();
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose](), OPENING_MS);

const headers = () => ({ "content-type": "application/json", "x-telegram-bot-api-secret-token": bot.secret });
const url = () => `${server.http.url}/webhook/telegram/${bot.botId}`;

/** The statuses of the answers to these bodies, sent side by side. */
function statusesOf(bodies: (string | Uint8Array)[]): Promise<number[]> {
  return Promise.all(
    bodies.map(async (body) => (await fetch(url(), { method: "POST", headers: headers(), body })).status),
  );
}

const isAnswer = (status: number): boolean => status === 200 || status === 400;
const some = <Value>(value: fc.Arbitrary<Value>) => fc.array(value, { minLength: 40, maxLength: 40 });
const options = { numRuns: 25, endOnFailure: true };

test("random bytes", () =>
  fc.assert(
    fc.asyncProperty(some(fc.uint8Array({ maxLength: 300 })), async (bodies) => {
      expect((await statusesOf(bodies)).filter((status) => status !== 400)).toEqual([]);
    }),
    options,
  ));

test("random JSON", () =>
  fc.assert(
    fc.asyncProperty(some(fc.json({ stringUnit: "binary" })), async (bodies) => {
      expect((await statusesOf(bodies)).filter((status) => !isAnswer(status))).toEqual([]);
    }),
    options,
  ));

const anyText = fc.string({ unit: "binary", maxLength: 40 });
const anyValue = fc.oneof(fc.jsonValue({ stringUnit: "binary" }), anyText, fc.maxSafeInteger(), fc.constant(null));
const fields = [
  ...["message_id", "date", "text", "caption", "photo", "video", "document", "sticker", "contact", "via_bot"],
  ...["id", "type", "first_name", "last_name", "username", "language_code", "is_premium", "is_bot", "data"],
];
const anyFields = fc.dictionary(fc.constantFrom(...fields), anyValue, { maxKeys: 3 });

/** An update that is right but for a few fields. */
const nearlyRight = fc
  .record({ id: fc.integer({ min: 1, max: 2 ** 40 }), chatId: fc.integer({ min: 5_000, max: 6_000 }), text: anyText })
  .chain(({ id, chatId, text }) =>
    fc.tuple(fc.constantFrom("message", "callback_query"), anyFields, anyFields).map(([kind, outer, person]) => {
      const right: object =
        kind === "message" ? messageOf(chatId, { text }, person).message : tapOf(chatId, text).callback_query;
      return { update_id: id, [kind]: { ...right, ...outer } };
    }),
  );

test("updates that are right but for a few fields; those that are kept reach their end", async () => {
  await fc.assert(
    fc.asyncProperty(some(nearlyRight), async (updates) => {
      const statuses = await statusesOf(updates.map((update) => JSON.stringify(update)));
      expect(statuses.filter((status) => !isAnswer(status))).toEqual([]);
    }),
    options,
  );
  await untilQuiet(world, server);
  const spoilt = await world.sql`SELECT body, error FROM inbox WHERE error IS NOT NULL OR outcome = 'failed'`;
  expect([...spoilt]).toEqual([]);
  expect(await world.sql`SELECT 1 FROM inbox WHERE outcome = 'processed' LIMIT 1`).toHaveLength(1);
}, 30_000);

test("after all that a /start is answered", async () => {
  expect((await bot.write(server, 7_001, "/start")).status).toBe(200);
  await server.settle();
  expect(await bot.sent(7_001)).toHaveLength(1);
});
