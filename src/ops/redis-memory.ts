// What Redis says of its memory, by INFO: hosted services allow that, while many of them forbid CONFIG GET.

import type { Redis } from "ioredis";

/** Each is undefined when Redis does not say it. `limitBytes`: maxmemory; 0 = none. `machineBytes`: all that the machine has. */
export type RedisMemory = {
  usedBytes: number | undefined;
  limitBytes: number | undefined;
  machineBytes: number | undefined;
  policy: string | undefined;
};

/** Rejects when Redis does not answer, or refuses: BullMQ's workers need INFO, too. https://redis.io/docs/latest/commands/info/ */
export async function readRedisMemory(redis: Pick<Redis, "info">): Promise<RedisMemory> {
  const told = await redis.info("memory");
  const field = (name: string): string | undefined => new RegExp(`^${name}:(\\S+)`, "m").exec(told)?.[1];
  const bytes = (name: string): number | undefined => (field(name) === undefined ? undefined : Number(field(name)));
  return {
    usedBytes: bytes("used_memory"),
    limitBytes: bytes("maxmemory"),
    machineBytes: bytes("total_system_memory"),
    policy: field("maxmemory_policy"),
  };
}
