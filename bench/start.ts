// The benchmark of the main job: /start from somebody new, until the welcome leaves.

import path from "node:path";
import { CommandError } from "#src/kernel/errors.ts";
import { limits } from "#src/kernel/limits.ts";
import type { Bench, Flags } from "./bench.ts";
import { untilAskedToEnd } from "./ending.ts";
import { measureRest } from "./measure.ts";
import { findProgram, type Program } from "./program.ts";
import { headOf, reportOf, summaryOf } from "./report.ts";
import { borrow, keepResults, nameOf, needLinux, tell, warmUp } from "./run.ts";
import type { ScheduleKind } from "./schedule.ts";
import { type OpenStage, OUT, openStage, type StageOptions } from "./stage.ts";
import { runStep, type Step, type StepResult } from "./step.ts";
import { readVersions } from "./versions.ts";

export { untilAskedToEnd } from "./ending.ts";

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
  async run(flags, lent) {
    needLinux();
    const plan = planOf(flags);
    const name = nameOf("start");
    await using stage = lent ? await borrow(lent, plan.processes) : await openOwn(flags, plan, name);
    const { results, facts } = await Promise.race([runAll(stage, plan), untilAskedToEnd()]);
    const { bots, processes } = plan;
    await keepResults({ bench: "start", flags, name, facts: { bots, processes, ...facts }, results });
    return results.every((result) => result.targets.every((target) => target.met));
  },
};

async function openOwn(flags: Flags, { bots, processes }: Plan, name: string): Promise<OpenStage> {
  const program = await findProgram(flags.text("binary"));
  tell("Starting PostgreSQL, Redis, the fake Telegram, the program and the generator …");
  const log = path.join(OUT, `${name}.log`);
  return openStage({ bots, processes, program, serving: servingOf(program, flags), log });
}

type Plan = { steps: Step[]; warmUpSeconds: number; runs: number; tries: number; bots: number; processes: number };

function planOf(flags: Flags): Plan {
  const few = { least: 1, most: 64 };
  return {
    steps: flags.has("quick") ? stepsOf(flags).map((step) => ({ ...step, syncMs: QUICK_SYNC_MS })) : stepsOf(flags),
    warmUpSeconds: flags.has("quick") ? 1 : 5,
    runs: flags.number("runs", few) ?? 1,
    tries: flags.number("tries", few) ?? 3,
    bots: flags.number("bots", { least: 1, most: 1_000 }) ?? 10,
    processes: flags.number("processes", few) ?? 1,
  };
}

async function runAll(stage: OpenStage, { steps, runs, tries, warmUpSeconds }: Plan) {
  const versions = await readVersions(stage);
  await warmUp(stage, warmUpSeconds);
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
const QUICK_SYNC_MS = 100;

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
