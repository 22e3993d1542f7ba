// The benchmark of the queue `tasks`: how many of its jobs a second one process does, each with its database work, from a backlog.

import type { Database } from "#db/connect.ts";
import { type OpenQueue, openQueue } from "#queues/queue.ts";
import { connectForAdding, waitForRedis } from "#queues/redis.ts";
import { tasks as queue } from "#queues/tasks.ts";
import type { RowId, Slot } from "#src/kernel/ids.ts";
import { limits } from "#src/kernel/limits.ts";
import { openLog } from "#src/kernel/log.ts";
import { addBegun } from "./begun.ts";
import type { Bench, Flags } from "./bench.ts";
import { type CpuUse, cpuBetween, readCpu } from "./cpu.ts";
import { noiseIn } from "./doubts.ts";
import { markRows } from "./kept.ts";
import type { BenchResult } from "./result.ts";
import { bounds, commonFlags, processesFlag, QUICK, runBench, tell } from "./run.ts";
import type { OpenStage } from "./stage.ts";
import { type BenchBot, requestsOf } from "./start-request.ts";
import { atLeast, atMost } from "./targets.ts";
import { waitFor } from "./wait-for.ts";
import { count, sharesOf } from "./words.ts";

const JOBS_PER_SECOND = 4_000;
const BOTS = 10;
/** Rows written by one statement, and jobs added together. */
const AT_ONCE = 2_000;
const DRAIN_MS = 120_000;
const ASK_MS = 20;
/** As the queues' own constant in app.ts. */
const PREFIX = "{grimbots}";

type Queue = OpenQueue<typeof queue.jobs>;
type Plan = { jobs: number; processes: number };
type Drained = { seconds: number; undone: number; cpu: CpuUse };

export const tasks: Bench = {
  name: "tasks",
  summary:
    "jobs of the queue `tasks` with their database work, from a backlog: one row a job, and rows as they gather.",
  flags: [
    { name: "jobs", value: "N", means: "Rows of each backlog. Default: 40000." },
    processesFlag,
    { ...QUICK, means: "8,000 rows." },
    ...commonFlags,
  ],
  run(flags, lent) {
    const plan = planOf(flags);
    return runBench({
      ...{ bench: "tasks", flags, lent, bots: BOTS, processes: plan.processes, mostMs: 2 * DRAIN_MS + 120_000 },
      async measure(stage, show) {
        const bots = await stage.addBots(BOTS, { withReply: false });
        await addBegun(stage.sql, bots);
        await using added = await openTasks(stage.redisUrl);
        // Code is compiled and tables have their size, before the part that is asked for something.
        await drain(stage, added.tasks, { ...plan, jobs: 2_000 }, bots, 1);
        show(await measureBacklog(stage, added.tasks, plan, bots, 1));
        show(await measureBacklog(stage, added.tasks, plan, bots, limits.jobIds));
      },
    });
  },
};

function planOf(flags: Flags): Plan {
  return {
    jobs: flags.number("jobs", { least: 100, most: 1_000_000 }) ?? (flags.has("quick") ? 8_000 : 40_000),
    processes: flags.number("processes", bounds.few) ?? 1,
  };
}

async function openTasks(redisUrl: string): Promise<{ tasks: Queue; [Symbol.asyncDispose](): Promise<void> }> {
  const log = openLog("warn", 2);
  const redis = connectForAdding(redisUrl, log);
  await waitForRedis(redis, limits.redisStartMs);
  const opened = openQueue(queue, { redis, prefix: PREFIX, log });
  return {
    tasks: opened,
    async [Symbol.asyncDispose]() {
      await opened.close();
      redis.disconnect();
    },
  };
}

async function measureBacklog(
  stage: OpenStage,
  added: Queue,
  plan: Plan,
  bots: BenchBot[],
  rowsPerJob: number,
): Promise<BenchResult> {
  tell(`A backlog of ${count(plan.jobs)} texts, ${rowsPerJob} a job …`);
  const { seconds, undone, cpu } = await drain(stage, added, plan, bots, rowsPerJob);
  const perSecond = plan.jobs / seconds;
  const words = rowsPerJob === 1 ? "one row a job" : `${rowsPerJob} rows a job`;
  return {
    title: `${count(plan.jobs)} texts from the queue, ${words}`,
    lines: [
      ["done", `${count(Math.round(perSecond))} per second, in ${seconds.toFixed(2)} s`],
      ["CPU", `${sharesOf(cpu.parts)} of a core`],
    ],
    targets: [
      atLeast(`rows done from the queue, ${words}`, perSecond, JOBS_PER_SECOND, "per second"),
      atMost(`left undone, ${words}`, undone, 0),
    ],
    doubts: noiseIn(cpu),
    cpu,
    raw: { rowsPerJob, perSecond, seconds, undone },
  };
}

/** From the first row that is done to the last one, by the rows' own times; the program is started on a backlog that is there. */
async function drain(
  stage: OpenStage,
  added: Queue,
  { jobs, processes }: Plan,
  bots: BenchBot[],
  rowsPerJob: number,
): Promise<Drained> {
  const { sql, application } = stage;
  await application.end("SIGTERM");
  const mark = await markRows(sql);
  await addRows(sql, jobs, bots);
  await addJobs(sql, added, mark, rowsPerJob);
  await application.start(processes);
  const before = readCpu(stage.roots());
  await waitFor("the end of the backlog", DRAIN_MS, () => seeNoneUndone(sql, mark), ASK_MS);
  const cpu = cpuBetween(before, readCpu(stage.roots()));
  const [row] = await sql<{ seconds: number; undone: number }[]>`
    SELECT extract(epoch FROM max(done_at) - min(done_at))::float8 AS seconds,
      (count(*) FILTER (WHERE done_at IS NULL))::int AS undone
    FROM inbox WHERE id > ${mark}`;
  return { seconds: row?.seconds ?? Number.NaN, undone: row?.undone ?? Number.NaN, cpu };
}

async function seeNoneUndone(sql: Database, mark: number): Promise<void> {
  const [row] = await sql`SELECT 1 FROM inbox WHERE id > ${mark} AND done_at IS NULL LIMIT 1`;
  if (row) throw new Error("rows are undone");
}

/** Texts of people who have begun. Of the next minute: the sweep, which gives out what is old, leaves them to the queue. */
async function addRows(sql: Database, rows: number, bots: BenchBot[]): Promise<void> {
  const requestOf = requestsOf("http://127.0.0.1", bots, "text");
  const nowSeconds = Math.floor(Date.now() / 1_000);
  // Numbers that the load of other benchmarks does not use.
  const first = 900_000_000 + (nowSeconds % 1_000) * 50_000;
  for (let from = 0; from < rows; from += AT_ONCE) {
    const ns = Array.from({ length: Math.min(AT_ONCE, rows - from) }, (_, index) => first + from + index);
    const bodies = ns.map((n) => requestOf(n, nowSeconds).split("\r\n\r\n")[1] ?? "");
    const about = bodies.map((body) => readBody(body, bots));
    await sql`
      INSERT INTO inbox (slot, bot_id, update_id, body, received_at)
      SELECT (SELECT max(slot) FROM slot), a.bot_id, a.update_id, a.body, now() + interval '5 minutes'
      FROM unnest(${about.map((one) => one.botId)}::bigint[], ${about.map((one) => one.updateId)}::bigint[], ${bodies}::text[])
        AS a (bot_id, update_id, body)`;
  }
  await sql`ANALYZE inbox`;
}

function readBody(body: string, bots: BenchBot[]): { botId: number; updateId: number } {
  const update = JSON.parse(body) as { update_id: number; message: { chat: { id: number } } };
  const bot = bots[update.message.chat.id % bots.length];
  return { botId: bot?.botId ?? Number.NaN, updateId: update.update_id };
}

async function addJobs(sql: Database, added: Queue, mark: number, rowsPerJob: number): Promise<void> {
  const keys = await sql<{ slot: Slot; id: RowId }[]>`
    SELECT slot, id FROM inbox WHERE id > ${mark} AND done_at IS NULL ORDER BY id`;
  const jobs = Array.from({ length: Math.ceil(keys.length / rowsPerJob) }, (_, n) =>
    keys.slice(n * rowsPerJob, (n + 1) * rowsPerJob).map(({ slot, id }): [number, number] => [slot, id]),
  );
  for (let from = 0; from < jobs.length; from += AT_ONCE)
    await Promise.all(jobs.slice(from, from + AT_ONCE).map((rows) => added.add("rows.process", { rows })));
}
