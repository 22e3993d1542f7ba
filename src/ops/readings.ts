// What several conditions read of the same thing, read once for all of them: Redis, the queues, the tallies.

import { type QueueName, queueList } from "#queues/index.ts";
import type { App } from "../app.ts";
import { reasonOf } from "../kernel/errors.ts";
import { readRedisMemory } from "./redis-memory.ts";

/** What looks are given: the open program, and what was found out beside it. */
export type Scene = Pick<App, "sql" | "redis" | "queues" | "clock"> & {
  /** This machine's own clock. */
  machineNow: () => Date;
  /** By how much it is ahead of Telegram's, in milliseconds; undefined = not known. */
  telegramSkewMs: () => number | undefined;
  /** Room on the disk that holds this folder, in bytes; undefined when there is no such folder here. */
  roomOn: (folder: string) => Promise<Room | undefined>;
  /** Whether PostgreSQL refused a block for want of room when it was last tried. */
  diskIsFull: () => boolean;
};

export type Room = { free: number; total: number };

export type RedisState =
  | { answers: false; reason: string }
  // What Redis does not tell is undefined. `limitBytes`: its own bound, else the machine's memory.
  | { answers: true; usedBytes: number | undefined; limitBytes: number | undefined; policy: string | undefined };

export type QueueState = { name: QueueName; workers: number; oldestMs: number };

/** what → subject → how often, in the last minutes of its window. */
export type Tallies = (what: string, sinceMs: number) => Map<string, number>;

export type Readings = Scene & {
  now: Date;
  redisState(): Promise<RedisState>;
  queueStates(): Promise<QueueState[]>;
  tallies(): Promise<Tallies>;
};

/** Readings of one round at `now`: each is made when it is first asked for. */
export function openReadings(scene: Scene, now: Date): Readings {
  return {
    ...scene,
    now,
    redisState: once(() => readRedis(scene)),
    queueStates: once(() => readQueues(scene, now)),
    tallies: once(() => readTallies(scene, now)),
  };
}

function once<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let reading: Promise<Value> | undefined;
  return () => {
    reading ??= read();
    return reading;
  };
}

/** Something is written, too: a Redis that is full, or cannot save, answers but takes no job. */
async function readRedis({ redis }: Scene): Promise<RedisState> {
  if (redis.status !== "ready") return { answers: false, reason: "sem conexão" };
  try {
    const [memory] = await Promise.all([readRedisMemory(redis), redis.set("{grimbots}:alive", "1", "PX", 60_000)]);
    const { usedBytes, limitBytes, machineBytes, policy } = memory;
    return { answers: true, usedBytes, limitBytes: limitBytes || machineBytes, policy };
  } catch (error) {
    return { answers: false, reason: reasonOf(error).slice(0, 100) };
  }
}

async function readQueues({ queues }: Scene, now: Date): Promise<QueueState[]> {
  const states: QueueState[] = [];
  for (const { name } of queueList) {
    const [workers, oldest] = await Promise.all([queues[name].workers(), queues[name].oldestWaiting()]);
    states.push({ name, workers, oldestMs: oldest ? now.getTime() - oldest.getTime() : 0 });
  }
  return states;
}

const KEPT_MS = 20 * 60_000;

async function readTallies({ sql }: Scene, now: Date): Promise<Tallies> {
  const rows = await sql<{ minute: Date; what: string; subject: string; count: number }[]>`
    SELECT minute, what, subject, count FROM tally WHERE minute > ${new Date(now.getTime() - KEPT_MS)} ORDER BY minute, what, subject`;
  return (what, sinceMs) => {
    const sums = new Map<string, number>();
    for (const row of rows)
      if (row.what === what && row.minute.getTime() > now.getTime() - sinceMs - 60_000)
        sums.set(row.subject, (sums.get(row.subject) ?? 0) + row.count);
    return sums;
  };
}
