// A queue: what is added reaches its handler as it was, what does not fit is refused and kept where it is seen, and Redis may be away.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import type { Redis } from "ioredis";
import { RowKeys } from "#queues/keys.ts";
import { defineQueue, type HandlersOf, type OpenQueue, openQueue, openWorker } from "#queues/queue.ts";
import { connectForAdding, connectForWork, waitForRedis } from "#queues/redis.ts";
import { limits } from "#src/kernel/limits.ts";
import { openLogBook } from "../support/log-book.ts";
import { services } from "../support/services.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

const letters = defineQueue({
  name: "letters",
  means: "Letters of Alice to Bob.",
  concurrency: 2,
  jobs: {
    "letter.send": Type.Object({ number: Type.Integer() }, { additionalProperties: false }),
    "rows.process": RowKeys,
  },
});
/** The same queue as a newer program might know it: other jobs, other data. */
const newer = defineQueue({
  ...letters,
  jobs: { "letter.send": Type.Object({ text: Type.String() }), "letter.burn": Type.Object({}) },
});

let adding: Redis;
let working: Redis;
const { log, facts } = openLogBook();
let prefixes = 0;

beforeAll(async () => {
  const { redisUrl } = await services();
  adding = connectForAdding(redisUrl, log);
  working = connectForWork(redisUrl, log);
  await waitForRedis(adding, 5_000);
});
afterAll(() => {
  adding.disconnect();
  working.disconnect();
});

/** A queue with a prefix of its own, its worker, and what reached the handlers. */
function open() {
  const prefix = `{letters-${process.pid}-${++prefixes}}`;
  const got: unknown[] = [];
  const keep = async (data: unknown) => void got.push(data);
  const handlers: HandlersOf<[typeof letters]>["letters"] = { "letter.send": keep, "rows.process": keep };
  const options = { redis: adding, prefix, log };
  const queue: OpenQueue<typeof letters.jobs> = openQueue(letters, options);
  return {
    ...{ got, queue, newerQueue: openQueue(newer, options) },
    startWorker: (some = handlers) => openWorker(letters, some, { ...options, redis: working }),
    failed: () => until("a job failed", async () => ((await queue.counts()).failed ?? 0) > 0),
  };
}

test("what is added reaches the handler of its kind, with its data as they were", async () => {
  const { queue, got, startWorker } = open();
  const rows: RowKeys = {
    rows: [
      [1, 1],
      [2, Number.MAX_SAFE_INTEGER],
    ],
  };
  await queue.add("rows.process", rows);
  await queue.add("letter.send", { number: 7 });
  expect(await queue.counts()).toMatchObject({ waiting: 2 });
  const worker = startWorker();
  await until("both arrived", () => got.length === 2);
  expect(got).toContainEqual(rows);
  expect(got).toContainEqual({ number: 7 });
  await until("nothing is left", async () => Object.values(await queue.counts()).every((count) => count === 0));
  expect(await queue.workers()).toBe(1);
  await worker.close();
  await queue.close();
});

test("data of another shape and unknown jobs are refused, told, and kept among the failed ones; the next job is done", async () => {
  const { queue, newerQueue, got, startWorker } = open();
  await newerQueue.add("letter.send", { text: "for eyes only" });
  await newerQueue.add("letter.burn", {});
  await queue.add("letter.send", { number: 8 });
  const worker = startWorker();
  await until("both failed", async () => (await queue.counts()).failed === 2);
  await until("the good one is done", () => got.length === 1);
  expect(got).toEqual([{ number: 8 }]);
  const told = facts("job.failed").filter((fact) => String(fact.job).startsWith("letter."));
  expect(told).toMatchObject([
    { queue: "letters", job: "letter.send", reason: "job letters.letter.send carries data of another shape" },
    { queue: "letters", job: "letter.burn", reason: "unknown job letters.letter.burn: a newer grimbots added it" },
  ]);
  expect(JSON.stringify(told)).not.toContain("for eyes only");
  await worker.close();
  await Promise.all([queue, newerQueue].map((one) => one.close()));
});

test("a handler that throws is tried once: its rows come back by the sweep, not by the queue", async () => {
  const { queue, startWorker, failed } = open();
  let tries = 0;
  const worker = startWorker({
    "letter.send": async () => {
      tries += 1;
      throw new Error("no paper");
    },
    "rows.process": async () => undefined,
  });
  await queue.add("letter.send", { number: 9 });
  await failed();
  expect(tries).toBe(1);
  expect(facts("job.failed").at(-1)).toMatchObject({ job: "letter.send", reason: "no paper" });
  await worker.close();
  await queue.close();
});

test("a job with an id that still waits is not added twice", async () => {
  const { queue } = open();
  for (const number of [1, 2]) await queue.add("letter.send", { number }, "same");
  await queue.add("letter.send", { number: 3 }, "other");
  expect(await queue.counts()).toMatchObject({ waiting: 2 });
  await queue.close();
});

test("the age of the oldest waiting job is known, and nothing when none waits", async () => {
  const { queue } = open();
  expect(await queue.oldestWaiting()).toBeUndefined();
  const before = Date.now();
  await queue.add("letter.send", { number: 1 });
  await queue.add("letter.send", { number: 2 });
  const oldest = await queue.oldestWaiting();
  expect(oldest?.getTime()).toBeGreaterThanOrEqual(before - 1);
  expect(oldest?.getTime()).toBeLessThanOrEqual(Date.now() + 1);
  await queue.close();
});

test("a recurring job exists once, however often it is made", async () => {
  const { queue, got, startWorker } = open();
  for (let times = 0; times < 3; times++) await queue.every("letter.send", { number: 4 }, 60_000);
  const { delayed = 0, waiting = 0 } = await queue.counts();
  expect(delayed + waiting).toBe(1);
  const worker = startWorker();
  await until("it ran", () => got.length > 0);
  expect(got).toEqual([{ number: 4 }]);
  await worker.close();
  await queue.close();
});

test("while Redis is away adding fails at once, and what is wrong shows", async () => {
  const away = connectForAdding("redis://127.0.0.1:1", log);
  const queue = openQueue(letters, { redis: away, prefix: "{away}", log });
  await expect(queue.add("letter.send", { number: 1 })).rejects.toThrow("Redis is away");
  await until("it is told", () => facts("redis.away").length > 0);
  await queue.close();
  away.disconnect();
});

test("a job carries keys of rows, at least one and not too many", () => {
  const worth = (count: number) => ({ rows: Array.from({ length: count }, (_, id) => [1, id + 1]) });
  const check = (data: unknown): boolean => Value.Check(RowKeys, data);
  expect([0, 1, limits.jobIds, limits.jobIds + 1].map((count) => check(worth(count)))).toEqual([
    false,
    true,
    true,
    false,
  ]);
  for (const data of [{}, { rows: [[0, 1]] }, { rows: [[1]] }, { rows: [["1", "2"]] }, { ...worth(1), text: "oi" }])
    expect(check(data)).toBe(false);
});
