// Redis as hosted services give it: CONFIG is forbidden. The program works all the same, and what it is not told it does not guess.

import { afterAll, beforeAll, expect, spyOn, test } from "bun:test";
import { Redis } from "ioredis";
import { checkRedis } from "#src/commands/doctor/redis.ts";
import { redisMemory, redisPolicy } from "#src/ops/look-redis.ts";
import { openReadings } from "#src/ops/readings.ts";
import { until } from "../support/until.ts";
import { OPENING_MS, openWorld, type Running, type World } from "../support/world.ts";

let world: World;
let redis: Redis;
beforeAll(async () => {
  world = await openWorld();
  redis = new Redis(world.redisUrl);
}, OPENING_MS);
afterAll(async () => {
  await redis.call("ACL", "DELUSER", "hosted");
  redis.disconnect();
  await world[Symbol.asyncDispose]();
}, OPENING_MS);

/** The address of a user who may do everything else. */
async function addressWithoutConfig(): Promise<string> {
  await redis.call("ACL", "SETUSER", "hosted", "reset", "on", ">secret", "~*", "&*", "+@all", "-config");
  return Object.assign(new URL(world.redisUrl), { username: "hosted", password: "secret" }).href;
}

async function readyOf({ http }: Running) {
  const response = await fetch(`${http.url}/ready`);
  const { parts } = (await response.json()) as { parts: Record<string, { ok: boolean; detail: string }> };
  return { status: response.status, redis: parts.redis };
}

async function seenBy({ app }: Running): Promise<unknown[]> {
  const beside = { machineNow: () => new Date(), telegramSkewMs: () => undefined, roomOn: async () => undefined };
  const readings = openReadings({ ...app, ...beside, diskIsFull: () => false }, app.clock.now());
  return [await redisPolicy(readings), await redisMemory(readings)];
}

const redisGauges = async ({ http }: Running) =>
  (await (await fetch(`${http.url}/metrics`)).text()).match(/^grimbots_redis_(?:up|noeviction) \d$/gm)?.sort();

test("without CONFIG: INFO tells the policy", async () => {
  const redisUrl = await addressWithoutConfig();
  const one = await world.start({ redisUrl });
  await until("it is ready", async () => (await readyOf(one)).status === 200);
  expect((await readyOf(one)).redis).toEqual({ ok: true, detail: "maxmemory-policy noeviction" });
  expect(await seenBy(one)).toEqual(["fine", "fine"]);
  const found = await checkRedis(redisUrl, Promise.resolve(1));
  expect(found.find(({ name }) => name === "redis_policy")).toMatchObject({ level: "ok" });
  expect(await redisGauges(one)).toEqual(["grimbots_redis_noeviction 1", "grimbots_redis_up 1"]);
  await one.stop();
});

test("INFO does not tell it either: it is ready, and no alert and no metric guesses", async () => {
  const one = await world.start();
  using info = spyOn(one.app.redis, "info").mockResolvedValue("# Memory\r\n");
  await until("it is ready", async () => (await readyOf(one)).status === 200);
  expect((await readyOf(one)).redis).toEqual({ ok: true, detail: "maxmemory-policy not known" });
  expect(await seenBy(one)).toEqual(["unknown", "unknown"]);
  expect(await redisGauges(one)).toEqual(["grimbots_redis_up 1"]);
  expect(info).toHaveBeenCalled();
});
