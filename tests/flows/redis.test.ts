// Redis stands still, is killed, or is not there at the start: updates are taken in and answered all the same, and its return is noticed.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { limits } from "#src/kernel/limits.ts";
import { allDone } from "../support/all-done.ts";
import { startServices } from "../support/services.ts";
import { until } from "../support/until.ts";
import { openWorld, type Running, type TestBot, type World } from "../support/world.ts";

setDefaultTimeout(60_000);

const WELCOME = "Oi, Alice!";
const REPLY = "Recebi, Alice.";
let own: Awaited<ReturnType<typeof startServices>>;
let world: World;
let bot: TestBot;
let processes: Running[];
let chatId = 4_000;

beforeAll(async () => {
  own = await startServices();
  world = await openWorld({ services: own });
  bot = await world.addBot();
  processes = [await world.start(), await world.start()];
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await own.stop();
});

/** Runs `story` while Redis answers nothing, but has not gone. */
async function whileFrozen(story: () => Promise<void>): Promise<void> {
  const { redisPid } = own.embedded;
  process.kill(redisPid, "SIGSTOP");
  try {
    await story();
  } finally {
    process.kill(redisPid, "SIGCONT");
  }
}

/** Twenty people start and then write something; every post gets its 200. */
async function talk(to: Running[]): Promise<number[]> {
  const chats = Array.from({ length: 20 }, () => ++chatId);
  for (const text of ["/start", "Quanto custa?"]) {
    const posts = chats.map((chat, n) => bot.write(to[n % to.length] as Running, chat, text));
    expect((await Promise.all(posts)).map(({ status }) => status)).toEqual(Array(20).fill(200));
    for (const one of to) await one.settle();
  }
  return chats;
}

const chatsOf = (chats: number[]) => Promise.all(chats.map((chat) => bot.chat(chat)));
const answered = Array(20).fill([WELCOME, REPLY]);

/** Jobs of the world's processes done, as the queue counts them: none waits, none is under way. */
async function untilQueueIsEmpty({ app }: Running): Promise<void> {
  await until("no job is left", async () => {
    const { waiting = 0, active = 0, prioritized = 0 } = await app.queues.tasks.counts();
    return waiting + active + prioritized === 0;
  });
}

test("frozen: what waits for nobody else is answered at once, the rest by the sweep; nothing twice when it thaws", async () => {
  let chats: number[] = [];
  await whileFrozen(async () => {
    chats = await talk(processes);
    expect(await chatsOf(chats)).toEqual(Array(20).fill([WELCOME]));
    await allDone(world, processes, 30_000);
    expect(await chatsOf(chats)).toEqual(answered);
  });
  for (const one of processes) await until("Redis answers", () => one.app.queues.tasks.counts().catch(() => false));
  await untilQueueIsEmpty(processes[0] as Running);
  await allDone(world, processes);
  expect(await chatsOf(chats)).toEqual(answered);
});

test("killed with jobs waiting: after its return every one of them is done, once", async () => {
  const keeper = await world.start({ workers: [] });
  await Promise.all(processes.map((one) => one.stop()));
  const chats = await talk([keeper]);
  const { redisPid } = own.embedded;
  process.kill(redisPid, "SIGKILL");
  await until("Redis runs again", () => own.embedded.redisPid !== redisPid);
  await until("the keeper has found it", () => keeper.app.redis.status === "ready");
  processes = [keeper, await world.start(), await world.start()];
  await allDone(world, processes);
  expect(await chatsOf(chats)).toEqual(answered);
});

test("away at the start: the process works without it, and on its queues once it is there", async () => {
  const late: Running[] = [];
  await whileFrozen(async () => {
    late.push(await world.start());
    const chats = await talk(late);
    await allDone(world, late, 30_000);
    expect(await chatsOf(chats)).toEqual(answered);
  });
  const [one] = late as [Running];
  await until("it has found Redis", () => one.app.redis.status === "ready");
  await Promise.all(processes.map((other) => other.stop()));
  world.clock.advance(limits.startRepeatMs);
  const chats = await talk(late);
  // No sweep here: only this process' own workers can answer what went through the queue.
  await until("its workers work", async () => (await chatsOf(chats)).every((texts) => texts.length === 2));
  expect(await chatsOf(chats)).toEqual(answered);
});
