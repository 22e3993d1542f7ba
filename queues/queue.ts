// What a queue is: a name, its bounds, and its jobs with their data's schema; typed where jobs are added and where they are done.
//
// A queue only says *when*: job data hold ids, the rows in PostgreSQL hold the truth. So a job is tried once, and a job that Redis lost
// is made again from its row by the sweep.

import type { Static, TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { type Job, Queue, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { reasonOf, TransientError } from "#src/kernel/errors.ts";
import type { Log } from "#src/kernel/log.ts";
import { metrics } from "#src/kernel/metrics.ts";

export type JobSchemas = Record<string, TSchema>;

export type QueueDefinition<Name extends string = string, Jobs extends JobSchemas = JobSchemas> = {
  name: Name;
  /** What it is for, and how urgent that is. */
  means: string;
  /** Jobs of this queue that one process does at a time. */
  concurrency: number;
  jobs: Jobs;
};

export function defineQueue<const Name extends string, Jobs extends JobSchemas>(
  definition: QueueDefinition<Name, Jobs>,
): QueueDefinition<Name, Jobs> {
  return definition;
}

/** One handler for each job kind of each queue; one that is missing does not compile. */
export type HandlersOf<Definitions extends readonly QueueDefinition[]> = {
  [Definition in Definitions[number] as Definition["name"]]: {
    [Kind in keyof Definition["jobs"]]: (data: Static<Definition["jobs"][Kind]>) => Promise<void>;
  };
};

export type OpenQueue<Jobs extends JobSchemas> = {
  /** Adds a job; rejects at once when Redis is away. `id`: a job of that id that still waits is not added twice. */
  add<Kind extends keyof Jobs & string>(kind: Kind, data: Static<Jobs[Kind]>, id?: string): Promise<void>;
  /** Makes a recurring job exist; safe to repeat. */
  every<Kind extends keyof Jobs & string>(kind: Kind, data: Static<Jobs[Kind]>, everyMs: number): Promise<void>;
  /** When the job that has waited longest was added; undefined when none waits. */
  oldestWaiting(): Promise<Date | undefined>;
  counts(): Promise<Record<string, number>>;
  /** Processes that work on this queue now. */
  workers(): Promise<number>;
  close(): Promise<void>;
};

const KEEP_FAILED = 1_000;

export function openQueue<Name extends string, Jobs extends JobSchemas>(
  definition: QueueDefinition<Name, Jobs>,
  options: { redis: Redis; prefix: string; log: Log },
): OpenQueue<Jobs> {
  let opened: Queue | undefined;

  /** BullMQ's queue, made once Redis is there: one that is made while Redis is away never recovers from it. */
  function need(): Queue {
    if (options.redis.status !== "ready") throw new TransientError("Redis is away");
    opened ??= createQueue(definition.name, options);
    return opened;
  }

  return {
    add: async (kind, data, id) => void (await need().add(kind, data, id === undefined ? {} : { jobId: id })),
    every: async (kind, data, everyMs) =>
      void (await need().upsertJobScheduler(kind, { every: everyMs }, { name: kind, data })),
    async oldestWaiting() {
      const [job] = await need().getJobs(["waiting", "prioritized"], 0, 0, true);
      return job && new Date(job.timestamp);
    },
    counts: async () => need().getJobCounts("waiting", "active", "delayed", "failed", "prioritized"),
    workers: async () => need().getWorkersCount(),
    close: async () => opened?.close(),
  };
}

function createQueue(name: string, { redis, prefix, log }: { redis: Redis; prefix: string; log: Log }): Queue {
  const queue = new Queue(name, {
    connection: redis,
    prefix,
    skipVersionCheck: true,
    skipWaitingForReady: true,
    defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: { count: KEEP_FAILED } },
  });
  queue.on("error", (error) => log.debug({ fact: "queue.error", queue: name, reason: reasonOf(error) }, "Redis"));
  return queue;
}

export type OpenWorker = { close(): Promise<void> };

/** Starts the work on a queue. A job that fails is kept among the failed ones; its rows come back by the sweep. */
export function openWorker(
  definition: QueueDefinition,
  handlers: Record<string, (data: never) => Promise<void>>,
  options: { redis: Redis; prefix: string; log: Log },
): OpenWorker {
  const worker = new Worker(definition.name, (job) => runJob(definition, handlers, job), {
    connection: options.redis,
    prefix: options.prefix,
    concurrency: definition.concurrency,
    // The sweep makes lost jobs again from their rows; a stalled job itself is run once more and then counted as failed.
    maxStalledCount: 1,
    metrics: { maxDataPoints: 0 },
  });
  worker.on("failed", (job, error) =>
    options.log.error(
      { fact: "job.failed", queue: definition.name, job: job?.name, jobId: job?.id, reason: reasonOf(error) },
      "a job failed",
    ),
  );
  worker.on("stalled", () => metrics.jobsStalled.inc({ queue: definition.name }));
  worker.on("error", (error) =>
    options.log.debug({ fact: "worker.error", queue: definition.name, reason: reasonOf(error) }, "Redis"),
  );
  // Waits for jobs under way, but not for a Redis that is away: what they do is in PostgreSQL, and whoever closes waits for that, too.
  return { close: () => worker.close(options.redis.status !== "ready") };
}

async function runJob(
  definition: QueueDefinition,
  handlers: Record<string, (data: never) => Promise<void>>,
  job: Job,
): Promise<void> {
  const schema = definition.jobs[job.name];
  const handler = handlers[job.name];
  if (!schema || !handler) throw new Error(`unknown job ${definition.name}.${job.name}: a newer grimbots added it`);
  if (!Value.Check(schema, job.data))
    throw new Error(`job ${definition.name}.${job.name} carries data of another shape`);
  const beganMs = performance.now();
  let outcome = "failed";
  try {
    await handler(job.data as never);
    outcome = "done";
  } finally {
    const labels = { queue: definition.name, job: job.name, outcome };
    metrics.jobs.observe(labels, (performance.now() - beganMs) / 1_000);
  }
}
