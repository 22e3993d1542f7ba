// The pooled Redis clients of a process: one for adding jobs, one that the workers share (each worker adds one that blocks).
// Budget per process: 2 + number of queues worked on.

import { Redis } from "ioredis";
import { reasonOf } from "#src/kernel/errors.ts";
import type { Log } from "#src/kernel/log.ts";

const COMMAND_TIMEOUT_MS = 1_000;
const RECONNECT_MAX_MS = 500;

const retryStrategy = (tries: number): number => Math.min(50 * tries, RECONNECT_MAX_MS);

/** For adding jobs: fails at once when Redis is away or frozen, because the rows are safe and the sweep is coming. */
export function connectForAdding(url: string, log: Log): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: 5_000,
    retryStrategy,
    enableAutoPipelining: true,
    autoResendUnfulfilledCommands: false,
  });
  return watched(redis, log);
}

/** For workers: waits for Redis as long as it takes. */
export function connectForWork(url: string, log: Log): Redis {
  return watched(new Redis(url, { maxRetriesPerRequest: null, retryStrategy, connectTimeout: 5_000 }), log);
}

/** Resolves when Redis is there, or after `ms` without it: the program starts all the same. */
export function waitForRedis(redis: Redis, ms: number): Promise<void> {
  if (redis.status === "ready") return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    redis.once("ready", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function watched(redis: Redis, log: Log): Redis {
  let away = false;
  redis.on("error", (error) => {
    // One line when it goes and one when it comes back, not one per attempt.
    if (!away) log.warn({ fact: "redis.away", reason: reasonOf(error) }, "Redis is away");
    away = true;
  });
  redis.on("ready", () => {
    if (away) log.info({ fact: "redis.back" }, "Redis is back");
    away = false;
  });
  return redis;
}
