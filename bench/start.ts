// The benchmark of the main job: /start from somebody new, until the welcome leaves.

import path from "node:path";
import { CommandError } from "#src/kernel/errors.ts";
import { askedToEnd } from "#src/kernel/life.ts";
import { limits } from "#src/kernel/limits.ts";
import type { Bench, Flags } from "./bench.ts";
import { measureRest } from "./measure.ts";
import { findProgram, type Program } from "./program.ts";
import { headOf, reportOf, summaryOf } from "./report.ts";
import type { ScheduleKind } from "./schedule.ts";
import { OUT, openStage, type Stage, type StageOptions } from "./stage.ts";
import { runStep, type Step, type StepResult } from "./step.ts";
import { readVersions } from "./versions.ts";
import { writeResults } from "./write-results.ts";

export const start: Bench = {
  name: "start",
  summary: "/start of new customers, open-loop: arrival until the welcome is sent.",
  flags: [
    { name: "rate", value: "N", means: "One step at N updates per second instead of the two steps." },
    { name: "seconds", value: "N", means: "Length of each step. Default: 30 and 60." },
    { name: "schedule", value: "KIND", means: "poisson or fixed. Default: poisson." },
    { name: "bots", value: "N", means: "Bots that the updates are spread over. Default: 10." },
    { name: "processes", value: "N", means: "Processes of the program. Default: 1." },
    { name: "quick", means: "Steps of 10 and 15 seconds." },
    { name: "runs", value: "N", means: "Runs of every step; median and spread are shown. Default: 1." },
    { name: "tries", value: "N", means: "Tries of a run while others use the machine. Default: 3." },
    { name: "json", value: "FILE", means: "Where the raw results go. Default: a new file in bench/out/." },
    { name: "binary", value: "FILE", means: "Measure this executable. Default: dist/grimbots, built when outdated." },
    { name: "profile", means: "Measure the source under Bun's CPU profiler; the profile is left in bench/out/." },
  ],
  async run(flags) {
    if (process.platform !== "linux") throw new CommandError("CPU is read from /proc: the benchmark needs Linux.");
    const plan = planOf(flags);
    const program = await findProgram(flags.text("binary"));
    const name = `start-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`;
    const ended = untilAskedToEnd();
    tell("Starting PostgreSQL, Redis, the fake Telegram, the program and the generator …");
    const log = path.join(OUT, `${name}.log`);
    await using stage = await openStage({ ...plan, program, serving: servingOf(program, flags), log });
    const { results, facts } = await Promise.race([runAll(stage, plan), ended]);
    const file = flags.text("json") ?? path.join(OUT, `${name}.json`);
    await writeResults(file, { bench: "start", bots: plan.bots, processes: plan.processes, ...facts, results });
    tell(`Raw results: ${path.relative(".", file)}`);
    return results.every((result) => result.targets.every((target) => target.met));
  },
};

/** Rejects with the first signal; later ones do not cut the cleaning short, which is bounded. */
function untilAskedToEnd(): Promise<never> {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => undefined);
  const ended = askedToEnd().then((signal) => Promise.reject(new CommandError(`Ended by ${signal}.`)));
  // It may come while nobody listens yet: whoever races it later still sees it.
  ended.catch(() => undefined);
  return ended;
}

type Plan = { steps: Step[]; runs: number; tries: number; bots: number; processes: number };

function planOf(flags: Flags): Plan {
  const few = { least: 1, most: 64 };
  return {
    steps: stepsOf(flags),
    runs: flags.number("runs", few) ?? 1,
    tries: flags.number("tries", few) ?? 3,
    bots: flags.number("bots", { least: 1, most: 1_000 }) ?? 10,
    processes: flags.number("processes", few) ?? 1,
  };
}

async function runAll(stage: Stage, { steps, runs, tries }: Plan) {
  const versions = await readVersions(stage);
  await warmUp(stage);
  const atRest = await measureRest(stage);
  process.stdout.write(headOf(versions, atRest));
  const results: StepResult[] = [];
  for (let run = 1; run <= runs; run++)
    for (const step of steps) {
      tell(`Run ${run} of ${runs}: ${step.name} …`);
      const result = await runStep(stage, step, { seed: run, tries, tell });
      results.push(result);
      process.stdout.write(reportOf(result));
    }
  if (runs > 1) process.stdout.write(summaryOf(results));
  return { results, facts: { clock: stage.load.clock(), versions, atRest } };
}

const RESIDENT_MB = 250;

function stepsOf(flags: Flags): Step[] {
  const quick = flags.has("quick");
  const schedule = scheduleOf(flags.text("schedule") ?? "poisson");
  const seconds = flags.number("seconds", { least: 1, most: 3_600 });
  const rate = flags.number("rate", { least: 0.1, most: 50_000, fraction: true });
  const busy = { sendP99Ms: 50, residentMB: RESIDENT_MB };
  const longest = seconds ?? (quick ? 15 : 60);
  if (rate !== undefined)
    return [{ name: `${rate} per second`, perSecond: rate, seconds: longest, schedule, asked: busy }];
  return [
    {
      name: "1,000 per minute",
      perSecond: 1_000 / 60,
      seconds: seconds ?? (quick ? 10 : 30),
      schedule,
      asked: { sendP99Ms: 10, residentMB: RESIDENT_MB },
    },
    { name: "500 per second", perSecond: 500, seconds: longest, schedule, asked: busy },
  ];
}

function scheduleOf(text: string): ScheduleKind {
  if (text === "poisson" || text === "fixed") return text;
  throw new CommandError(`--schedule takes poisson or fixed, not "${text}".`, 2);
}

function servingOf(program: Program, flags: Flags): StageOptions["serving"] {
  if (!flags.has("profile")) return { program, settings: {} };
  return {
    program: [process.execPath, "--cpu-prof", "--cpu-prof-dir", OUT, path.resolve("src/main.ts")],
    // With this set the program has no need to start itself again, which would lose Bun's flags.
    settings: { BUN_CONFIG_MAX_HTTP_REQUESTS: String(limits.httpRequests) },
  };
}

/** Code is compiled, connections are open, and every bot's photo has its file_id. */
async function warmUp(stage: Stage): Promise<void> {
  tell("Warming up …");
  const driven = await stage.load.drive({ perSecond: 100, seconds: 5, schedule: "poisson", seed: 0 });
  if (driven.status.every((status) => status !== 200))
    throw new CommandError("The program accepted none of the updates of the warm-up; its log is in bench/out/.");
}

const tell = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
