// The welcome's medium and its words: every kind by every source, uploaded once a bot, and what stands in for what Telegram refuses.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Funnel } from "#src/funnel/funnel.ts";
import type { Media } from "#src/funnel/media.ts";
import { buttonsOf, dataOf } from "../support/updates.ts";
import { OPENING_MS, openWorld, plainFunnel, type Running, type TestBot, type World } from "../support/world.ts";

let world: World;
let server: Running;
beforeAll(async () => {
  world = await openWorld();
  server = await world.start();
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose](), OPENING_MS);

const KINDS = ["photo", "video", "animation", "audio", "voice", "document"] as const;
const methodOf = (kind: Media["kind"]) => `send${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
const buttons = [[{ text: "Mais", step: "mais" }]];
const [, more] = plainFunnel.steps;

/** A funnel that welcomes with this, the button under it. */
function welcomeWith(welcome: { media?: Media; text?: string }): Funnel {
  const oi = { id: "oi", kind: "message" as const, ...welcome, buttons };
  return { ...plainFunnel, steps: more ? [oi, more] : [oi] };
}

let chats = 30_000;

/** A new person starts; what the bot sent him. */
async function startAnew(bot: TestBot, at = server) {
  const chatId = ++chats;
  expect((await bot.write(at, chatId, "/start")).status).toBe(200);
  await at.settle();
  return { chatId, sent: await bot.sent(chatId) };
}

async function keepAsset(bot: TestBot, asset: string, bytes: Uint8Array, mime: string): Promise<void> {
  await world.sql`
    INSERT INTO asset (tenant_id, sha256, mime, bytes)
    SELECT tenant_id, ${asset}, ${mime}, ${Buffer.from(bytes)} FROM bot WHERE id = ${bot.botId}`;
}

const fileIdsOf = async (bot: TestBot) =>
  (await world.sql`SELECT source_key, file_id FROM media_file WHERE bot_id = ${bot.botId}`).map((row) => ({ ...row }));

describe.each(KINDS)("a %s", (kind) => {
  const text = "Olhe, {primeiro_nome}";

  test("by address goes with its caption and buttons, and the second time by its file_id", async () => {
    const source = { url: `https://example.com/welcome.${kind}` };
    const bot = await world.addBot(welcomeWith({ media: { kind, source }, text }));
    const { chatId, sent: first } = await startAnew(bot);
    expect(first).toMatchObject([{ method: methodOf(kind), payload: { [kind]: source.url, caption: "Olhe, Alice" } }]);
    expect(dataOf(first[0], "Mais")).toMatch(/^.{16}$/);
    const [known] = await fileIdsOf(bot);
    const { sent: second } = await startAnew(bot);
    expect(second).toMatchObject([{ method: methodOf(kind), payload: { [kind]: known?.file_id } }]);
    const [kept] = await world.sql`SELECT kind, body, file_id FROM message WHERE chat_id = ${chatId} AND outgoing`;
    expect(kept).toEqual({ kind, body: "Olhe, Alice", file_id: known?.file_id });
  });

  test("that Telegram knows already goes by its file_id", async () => {
    const media = { kind, source: { fileId: `known-${kind}` } };
    const bot = await world.addBot(welcomeWith({ media, text }));
    const file = { file_id: `known-${kind}`, file_unique_id: "u" };
    const content = { [kind]: kind === "photo" ? [file] : file };
    await world.fake.control.say({ token: bot.token, user: { id: 1, first_name: "Bob" }, message: content });
    const { sent } = await startAnew(bot);
    expect(sent).toMatchObject([
      { method: methodOf(kind), payload: { [kind]: `known-${kind}`, caption: "Olhe, Alice" } },
    ]);
  });

  test("of our own is uploaded once by each bot, and then goes by that bot's file_id", async () => {
    const asset = Bun.SHA256.hash(kind, "hex");
    const welcome = welcomeWith({ media: { kind, source: { asset } }, text });
    const bots = [await world.addBot(welcome), await world.addBot(welcome)];
    const names: unknown[] = [];
    for (const bot of bots) {
      await keepAsset(bot, asset, new Uint8Array(2_000).fill(7), "image/jpeg");
      const starts = [await startAnew(bot), await startAnew(bot), await startAnew(bot)];
      const values = starts.map(({ sent }) => sent[0]?.payload[kind]);
      const [known] = await fileIdsOf(bot);
      expect(known?.source_key).toBe(`asset:${asset}`);
      // Attached to the form of the first call alone.
      expect(JSON.stringify(values[0])).toMatch(/attach:|"size":2000/);
      expect(values.slice(1)).toEqual([known?.file_id, known?.file_id]);
      for (const { sent } of starts) expect(sent).toMatchObject([{ payload: { caption: "Olhe, Alice" } }]);
      for (const { sent } of starts) expect(sent.flatMap(buttonsOf)).toHaveLength(1);
      names.push(known?.file_id);
    }
    expect(new Set(names).size).toBe(2);
  });
});

describe("what Telegram refuses", () => {
  const url = "https://example.com/gone.jpg";
  const photo = (source: Media["source"]): Media => ({ kind: "photo", source });

  test("a remembered file_id: the source again, and its new name", async () => {
    const bot = await world.addBot(welcomeWith({ media: photo({ url: "https://example.com/a.jpg" }), text: "Oi" }));
    await startAnew(bot);
    const [right] = await fileIdsOf(bot);
    await world.sql`UPDATE media_file SET file_id = 'AgACforgotten' WHERE bot_id = ${bot.botId}`;
    const other = await world.start();
    const { sent } = await startAnew(bot, other);
    expect(sent.map(({ payload }) => payload.photo)).toEqual(["AgACforgotten", "https://example.com/a.jpg"]);
    expect(await fileIdsOf(bot)).toEqual(right ? [right] : []);
    const { sent: next } = await startAnew(bot, other);
    expect(next.map(({ payload }) => payload.photo)).toEqual([right?.file_id]);
    await other.stop();
  });

  test("an address: the text alone, with its formatting and buttons", async () => {
    await world.fake.control.fileUrl({ url, failing: true });
    const bot = await world.addBot(welcomeWith({ media: photo({ url }), text: "<b>Oi</b>, {primeiro_nome}" }));
    const { chatId, sent } = await startAnew(bot);
    expect(sent.map(({ method }) => method)).toEqual(["sendPhoto", "sendMessage"]);
    const entities = [{ type: "bold", offset: 0, length: 2 }];
    expect(sent[1]?.payload).toMatchObject({ text: "Oi, Alice", entities });
    expect(sent[1]?.payload).not.toHaveProperty("caption");
    expect(dataOf(sent[1], "Mais")).toBe(dataOf(sent[0], "Mais"));
    const [effect] = await world.sql`SELECT state, reason FROM effect WHERE chat_id = ${chatId} AND kind = 'send'`;
    expect(effect).toEqual({ state: "done", reason: null });
  });

  test("a file_id that no bot of ours may use: the text alone", async () => {
    const bot = await world.addBot(welcomeWith({ media: photo({ fileId: "AgACofSomebodyElse" }), text: "Oi" }));
    const { sent } = await startAnew(bot);
    expect(sent.map(({ method }) => method)).toEqual(["sendPhoto", "sendMessage"]);
  });

  test("a medium under which a long text follows: the text still comes", async () => {
    const bot = await world.addBot(welcomeWith({ media: photo({ url }), text: "a".repeat(1_025) }));
    const { chatId, sent } = await startAnew(bot);
    expect(sent.map(({ method }) => method)).toEqual(["sendPhoto", "sendMessage"]);
    expect(dataOf(sent[1], "Mais")).toBeString();
    const effects =
      await world.sql`SELECT state, reason FROM effect WHERE chat_id = ${chatId} AND kind = 'send' ORDER BY n`;
    expect(effects.map(({ state, reason }) => [state, reason])).toEqual([
      ["refused", "media"],
      ["done", null],
    ]);
  });

  test.each([
    ["text", undefined],
    ["caption", photo({ url: "https://example.com/b.jpg" })],
  ] as const)("the formatting of a %s: the same without it", async (field, media) => {
    const bot = await world.addBot(welcomeWith({ ...(media && { media }), text: "<b>Oi</b> <i>você</i>" }));
    const description = "Bad Request: can't parse entities: Unexpected end of name token at byte offset 7";
    await world.fake.control.fault({ kind: "400", description, token: bot.token, times: 1 });
    const { chatId, sent } = await startAnew(bot);
    const entities = field === "text" ? "entities" : "caption_entities";
    expect(sent.map(({ payload }) => [payload[field], payload[entities] !== undefined])).toEqual([
      ["Oi você", true],
      ["Oi você", false],
    ]);
    expect(sent[1]?.payload.reply_markup).toEqual(sent[0]?.payload.reply_markup);
    const kept = await world.sql`SELECT body FROM message WHERE chat_id = ${chatId} AND outgoing`;
    expect(kept.map(({ body }) => body)).toEqual(["Oi você"]);
  });
});

describe("long texts", () => {
  const photo: Media = { kind: "photo", source: { url: "https://example.com/long.jpg" } };
  const words = (length: number) =>
    "palavra com acentuação 🌿 "
      .repeat(length)
      .slice(0, length - 1)
      .concat("x");

  test.each<[string, { media?: Media; text: string }, string[]]>([
    ["a caption of 1,024", { media: photo, text: words(1_024) }, ["sendPhoto"]],
    ["a caption of 1,025", { media: photo, text: words(1_025) }, ["sendPhoto", "sendMessage"]],
    ["a text of 4,096", { text: words(4_096) }, ["sendMessage"]],
    ["a text of 4,097", { text: words(4_097) }, ["sendMessage", "sendMessage"]],
    ["a text of 12,000", { text: words(12_000) }, ["sendMessage", "sendMessage", "sendMessage"]],
    ["a photo with 5,000", { media: photo, text: words(5_000) }, ["sendPhoto", "sendMessage", "sendMessage"]],
  ])("%s arrives whole and in order, the buttons under its last part", async (_, welcome, methods) => {
    const bot = await world.addBot(welcomeWith(welcome));
    const { chatId, sent } = await startAnew(bot);
    expect(sent.map(({ method }) => method)).toEqual(methods);
    const parts = sent.map(({ payload }) => String(payload.text ?? payload.caption ?? ""));
    const squeezed = (text: string) => text.replace(/\s+/g, "");
    expect(squeezed(parts.join(""))).toBe(squeezed(welcome.text));
    expect(sent.map((one) => buttonsOf(one).length)).toEqual([...methods.slice(1).map(() => 0), 1]);
    const effects =
      await world.sql`SELECT state, message_id FROM effect WHERE chat_id = ${chatId} AND kind = 'send' ORDER BY n`;
    expect(effects.map(({ state }) => state)).toEqual(methods.map(() => "done"));
    const ids = effects.map(({ message_id }) => message_id);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  });
});
