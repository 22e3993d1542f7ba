// doctor's look at Redis: version, what it may forget, memory, what it writes down, and who works on the queues.

import { Redis } from "ioredis";
import { queueList } from "#queues/index.ts";
import { openQueue, type QueueDefinition } from "#queues/queue.ts";
import { openLog } from "../../kernel/log.ts";
import { advice, type Finding, failure, fine } from "./finding.ts";

/** INFO and the settings that matter, as Redis tells them. */
export type RedisFacts = Record<string, string>;

const MEGABYTE = 1024 ** 2;
const FULL = 0.8;
const QUEUES = "{grimbots}";

/** `live`: processes with a lease in force; undefined when PostgreSQL could not tell. */
export async function checkRedis(url: string, live: Promise<number | undefined>): Promise<Finding[]> {
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 3_000,
  });
  // The rejected connect says the same.
  redis.on("error", () => undefined);
  try {
    await redis.connect();
    const facts = { ...readInfo(await redis.info()), ...(await readAppending(redis)) };
    return [...judgeRedis(facts), ...(await checkQueues(redis, await live))];
  } finally {
    redis.disconnect();
  }
}

function readInfo(text: string): RedisFacts {
  const lines = text.split(/\r?\n/).map((line) => line.split(":"));
  return Object.fromEntries(lines.map(([name = "", ...value]) => [name, value.join(":")]));
}

/** Hosted services forbid CONFIG; INFO tells most of it, too. */
async function readAppending(redis: Redis): Promise<RedisFacts> {
  const told = await redis.config("GET", "appendonly").catch(() => []);
  const [, appendonly] = told as string[];
  return appendonly === undefined ? {} : { appendonly };
}

export function judgeRedis(facts: RedisFacts): Finding[] {
  return [judgeVersion(facts), judgePolicy(facts), judgeAppending(facts), judgeMemory(facts), judgeSaving(facts)];
}

function judgeVersion({ redis_version: version = "0" }: RedisFacts): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isNew = major > 6 || (major === 6 && minor >= 2);
  return isNew
    ? fine("redis", "redis_version", { version })
    : failure("redis", "redis_version", "redis_upgrade", { version });
}

function judgePolicy({ maxmemory_policy: value }: RedisFacts): Finding {
  if (value === undefined) return advice("redis_policy", "redis_untold", "redis_ask");
  return value === "noeviction"
    ? fine("redis_policy", "setting_is", { value })
    : failure("redis_policy", "setting_is", "redis_evicts", { value });
}

function judgeAppending({ appendonly, aof_enabled }: RedisFacts): Finding {
  const value = appendonly ?? (aof_enabled === "1" ? "yes" : "no");
  return value === "yes"
    ? fine("redis_aof", "setting_is", { value })
    : advice("redis_aof", "setting_is", "redis_append", { value });
}

function judgeMemory(facts: RedisFacts): Finding {
  const [usedBytes, maxBytes] = [Number(facts.used_memory), Number(facts.maxmemory)];
  const values = { used: Math.ceil(usedBytes / MEGABYTE), max: Math.round(maxBytes / MEGABYTE) };
  if (maxBytes === 0) return fine("redis_memory", "redis_memory_free", values);
  const isFull = usedBytes > maxBytes * FULL;
  return isFull
    ? failure("redis_memory", "redis_memory", "redis_room", values)
    : fine("redis_memory", "redis_memory", values);
}

const WRITES = ["rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status"];

function judgeSaving(facts: RedisFacts): Finding {
  const failed = WRITES.filter((name) => facts[name] !== undefined && facts[name] !== "ok");
  if (failed.length === 0) return fine("redis_persistence", "redis_saves");
  return failure("redis_persistence", "redis_unsaved", "redis_disk", { what: failed.join(", ") });
}

/** Somebody must be alive behind every queue, once anybody runs at all. */
async function checkQueues(redis: Redis, live: number | undefined): Promise<Finding[]> {
  if (live === 0) return [advice("workers", "serve_none", "serve_start")];
  const log = openLog("silent", 2);
  return Promise.all(
    queueList.map(async (definition: QueueDefinition) => {
      const queue = openQueue(definition, { redis, prefix: QUEUES, log });
      const count = await queue.workers();
      await queue.close();
      const name = `queue_${definition.name}`;
      if (count > 0) return fine(name, "workers", { count });
      return failure(name, "workers_none", "workers_start", { queue: definition.name });
    }),
  );
}
