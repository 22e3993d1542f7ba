// Takes from Redis all that one world has there; what other files of the run keep stays.

import { Redis } from "ioredis";
import type { World } from "./world.ts";

/** Deletes every key of the world's queues: for them it is what FLUSHALL would be. Returns how many there were. */
export async function emptyRedis({ redisUrl, prefix }: World): Promise<number> {
  const redis = new Redis(redisUrl);
  try {
    const keys = await redis.keys(`${prefix}*`);
    if (keys.length > 0) await redis.del(...keys);
    return keys.length;
  } finally {
    redis.disconnect();
  }
}
