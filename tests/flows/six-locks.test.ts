// The six locks of the design document, each by name: the promise of each under fifty concurrent repeats in two processes, with Redis
// there, emptied in the middle, and down. What keeps them is PostgreSQL; Redis may save work, nothing more.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { freePort } from "#src/embedded/free-port.ts";
import type { Funnel } from "#src/funnel/funnel.ts";
import { limits } from "#src/kernel/limits.ts";
import { allDone } from "../support/all-done.ts";
import { emptyRedis } from "../support/empty-redis.ts";
import { until } from "../support/until.ts";
import { openWorld, plainFunnel, type Running, type TestBot, type World } from "../support/world.ts";

setDefaultTimeout(60_000);

const REPEATS = 50;
const WELCOME = "Oi, Alice!";

const longText = Array.from({ length: 1_500 }, (_, n) => `palavra${n}`).join(" ");
const longFunnel: Funnel = { ...plainFunnel, steps: [{ id: "oi", kind: "message", text: longText }] };
const photoFunnel: Funnel = {
  ...plainFunnel,
  steps: [
    {
      id: "oi",
      kind: "message",
      media: { kind: "photo", source: { url: "https://example.com/photo.jpg" } },
      text: longText.slice(0, 2_000),
    },
  ],
};

for (const redis of ["there", "emptied in the middle", "down"] as const) {
  describe(`Redis ${redis}`, () => {
    let world: World;
    let processes: Running[];
    let bot: TestBot;
    let chatId = 1_000;

    beforeAll(async () => {
      world = await openWorld();
      const away = redis === "down" ? { redisUrl: `redis://127.0.0.1:${await freePort()}` } : {};
      processes = await Promise.all([world.start(away), world.start(away)]);
      bot = await world.addBot();
    });
    afterAll(() => world[Symbol.asyncDispose]());

    /** Fifty posts at once, in turn to the two processes; with half of them under way Redis is emptied, if that is the story. */
    async function fifty(post: (to: Running, n: number) => Promise<Response>): Promise<void> {
      const posts = processes.flatMap((to, odd) =>
        Array.from({ length: REPEATS / 2 }, (_, n) => () => post(to, 2 * n + odd)),
      );
      const first = posts.splice(0, REPEATS / 4).map((send) => send());
      const emptied = redis === "emptied in the middle" ? emptyRedis(world) : undefined;
      const responses = await Promise.all([...first, ...posts.map((send) => send())]);
      await emptied;
      expect(responses.map((response) => response.status)).toEqual(Array(REPEATS).fill(200));
    }

    async function settle(): Promise<void> {
      for (const one of processes) await one.settle();
    }

    /** Rows, and messages that came in, of one chat. */
    async function keptOf(chat: number): Promise<{ rows: number; messages: number }> {
      const [kept] = await world.sql<{ rows: number; messages: number }[]>`
        SELECT (SELECT count(*) FROM inbox WHERE (body::jsonb #>> '{message,chat,id}')::bigint = ${chat}) AS rows,
               (SELECT count(*) FROM message WHERE chat_id = ${chat} AND NOT outgoing) AS messages`;
      return kept ?? { rows: -1, messages: -1 };
    }

    test("lock:update:{update_id}: an update posted fifty times is kept once and answered once", async () => {
      const chat = ++chatId;
      const message = { message_id: 7, date: 1_772_366_400, text: "/start", ...privateChat(chat) };
      await fifty((to) => bot.post(to, { update_id: 900_001, message }));
      await allDone(world, processes);
      expect(await keptOf(chat)).toEqual({ rows: 1, messages: 1 });
      expect(await bot.chat(chat)).toEqual([WELCOME]);
    });

    test("lock:update:{update_id}: the same number in two bots is two updates", async () => {
      const chat = ++chatId;
      const bobs = await world.addBot();
      const message = { message_id: 7, date: 1_772_366_400, text: "/start", ...privateChat(chat) };
      await fifty((to, n) => (n % 3 === 0 ? bobs : bot).post(to, { update_id: 900_002, message }));
      await allDone(world, processes);
      expect(await keptOf(chat)).toEqual({ rows: 2, messages: 2 });
      expect(await bot.chat(chat)).toEqual([WELCOME]);
      expect(await bobs.chat(chat)).toEqual([WELCOME]);
    });

    test("lock:msg:{bot}:{user}:{hash}: the same text within 3 s is saved every time and answered once", async () => {
      const chat = ++chatId;
      const [first] = processes as [Running];
      await bot.write(first, chat, "/start");
      await settle();
      await fifty((to) => bot.write(to, chat, "Quanto custa?"));
      await allDone(world, processes);
      expect(await keptOf(chat)).toEqual({ rows: REPEATS + 1, messages: REPEATS + 1 });
      expect(await bot.chat(chat)).toEqual([WELCOME, "Recebi, Alice."]);
      world.clock.advance(limits.sameTextMs);
      await bot.write(first, chat, "Quanto custa?");
      await allDone(world, processes);
      expect(await bot.chat(chat)).toEqual([WELCOME, "Recebi, Alice.", "Recebi, Alice."]);
    });

    test("lock:start_process:{bot}:{chat}: one /start of a chat at a time; the others wait, none is dropped", async () => {
      const chat = ++chatId;
      await bot.write(processes[0] as Running, chat, "/start");
      await allDone(world, processes);
      world.clock.advance(limits.startRepeatMs);
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      const { promise: held, resolve: hold } = Promise.withResolvers<void>();
      const holding = world.sql.begin(async (tx) => {
        await tx`SELECT FROM customer WHERE chat_id = ${chat} FOR UPDATE`;
        hold();
        await released;
      });
      await held;
      await fifty((to) => bot.write(to, chat, "/start"));
      await until("both processes wait for the customer", async () => (await countWaiting(world)) === 2);
      expect(await bot.chat(chat)).toEqual([WELCOME]);
      release();
      await holding;
      await allDone(world, processes);
      expect(await keptOf(chat)).toEqual({ rows: REPEATS + 1, messages: REPEATS + 1 });
      expect(await bot.chat(chat)).toEqual([WELCOME, WELCOME]);
    });

    test("last_start:{chat}: /start within 5 s is answered once, per bot and chat, and after 5 s again", async () => {
      const [alice, bob] = [++chatId, ++chatId];
      const bobs = await world.addBot();
      const everywhere = async (to: Running, n: number): Promise<Response> =>
        (n % 4 < 2 ? bot : bobs).write(to, n % 8 < 4 ? alice : bob, "/start");
      const chats = async (): Promise<string[][]> =>
        Promise.all([bot, bobs].flatMap((one) => [one.chat(alice), one.chat(bob)]));
      await fifty(everywhere);
      world.clock.advance(limits.startRepeatMs - 1);
      await fifty(everywhere);
      await settle();
      expect(await chats()).toEqual(Array(4).fill([WELCOME]));
      world.clock.advance(1);
      await fifty(everywhere);
      await settle();
      expect(await chats()).toEqual(Array(4).fill([WELCOME, WELCOME]));
      await allDone(world, processes);
    });

    test("lock:send_media_and_text:{chat}:{hash}: medium and long text go out once, in this order", async () => {
      const chat = ++chatId;
      const photos = await world.addBot(photoFunnel);
      await fifty((to, n) => photos.write(to, chat, "/start", n % 4 < 2 ? { update_id: 900_003 } : {}));
      await allDone(world, processes);
      expect((await photos.sent(chat)).map(({ method }) => method)).toEqual(["sendPhoto", "sendMessage"]);
      expect(await photos.chat(chat)).toEqual(["", longText.slice(0, 2_000)]);
    });

    test("lock:send_text_only:{chat}:{hash}: each part of a long text goes out once, in order", async () => {
      const chat = ++chatId;
      const long = await world.addBot(longFunnel);
      await fifty((to, n) => long.write(to, chat, "/start", n % 4 < 2 ? { update_id: 900_004 } : {}));
      await allDone(world, processes);
      const parts = await long.chat(chat);
      expect(parts.length).toBe(Math.ceil(longText.length / 4_096));
      expect(parts.join(" ").split(/\s+/)).toEqual(longText.split(" "));
    });
  });
}

const privateChat = (id: number) => ({
  chat: { id, type: "private" },
  from: { id, is_bot: false, first_name: "Alice" },
});

/** Transactions of the world's processes that wait for a row that somebody else has locked. */
async function countWaiting({ sql }: World): Promise<number> {
  const [waiting] = await sql<{ count: number }[]>`
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'grimbots' AND wait_event_type = 'Lock'`;
  return waiting?.count ?? -1;
}
