// The benchmark of the main job: /start from somebody new, until the welcome leaves.

import path from "node:path";
import type { Bench, Flags } from "./bench.ts";
import { untilAskedToEnd } from "./ending.ts";
import { measureRest } from "./measure.ts";
import { profileFlag, servingOf } from "./profile.ts";
import { findProgram } from "./program.ts";
import { headOf, reportOf, summaryOf } from "./report.ts";
import {
  borrow,
  botsFlag,
  bounds,
  commonFlags,
  keepResults,
  nameOf,
  needLinux,
  processesFlag,
  secondsFlag,
  tell,
  warmUp,
} from "./run.ts";
import type { ScheduleKind } from "./schedule.ts";
import { type OpenStage, OUT, openStage } from "./stage.ts";
import { runStep, type Step, type StepResult } from "./step.ts";
import { readVersions } from "./versions.ts";

export const start: Bench = {
  name: "start",
  summary: "/start of new customers, open-loop: arrival until the welcome is sent.",
  flags: [
    { name: "rate", value: "N", means: "One step at N updates per second instead of the two steps." },
    {
      ...secondsFlag,
      means: "Length of each step; the calm one takes at most 60. Default: 30 and 60; 600 is what the target asks for.",
    },
    { name: "schedule", value: "KIND", means: "poisson or fixed. Default: poisson." },
    botsFlag,
    processesFlag,
    { name: "quick", means: "Steps of 10 and 15 seconds." },
    { name: "runs", value: "N", means: "Runs of every step; median and spread are shown. Default: 1." },
    { name: "tries", value: "N", means: "Tries of a run while others use the machine. Default: 3." },
    ...commonFlags,
    profileFlag,
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
  return {
    steps: flags.has("quick") ? stepsOf(flags).map((step) => ({ ...step, syncMs: QUICK_SYNC_MS })) : stepsOf(flags),
    warmUpSeconds: flags.has("quick") ? 2 : 15,
    runs: flags.number("runs", bounds.few) ?? 1,
    tries: flags.number("tries", bounds.few) ?? 3,
    bots: flags.number("bots", bounds.bots) ?? 10,
    processes: flags.number("processes", bounds.few) ?? 1,
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
/** The calm step tells nothing new after this, however long the busy one is. */
const CALM_SECONDS = 60;
const QUICK_SYNC_MS = 100;

function stepsOf(flags: Flags): Step[] {
  const quick = flags.has("quick");
  const schedule = flags.choice<ScheduleKind>("schedule", ["poisson", "fixed"]) ?? "poisson";
  const seconds = flags.number("seconds", { least: 1, most: 3_600 });
  const rate = flags.number("rate", { least: 0.1, most: 50_000, fraction: true });
  const longest = seconds ?? (quick ? 15 : 60);
  if (rate !== undefined) {
    const asked = { sendP99Ms: 50, residentMB: RESIDENT_MB };
    return [{ name: `${rate} per second`, perSecond: rate, seconds: longest, schedule, asked }];
  }
  return [
    {
      name: "1,000 per minute",
      perSecond: 1_000 / 60,
      seconds: Math.min(seconds ?? (quick ? 10 : 30), CALM_SECONDS),
      schedule,
      asked: { sendP50Ms: 3, sendP99Ms: 8, residentMB: RESIDENT_MB },
    },
    {
      name: "500 per second",
      perSecond: 500,
      seconds: longest,
      schedule,
      asked: { sendP99Ms: 15, sendP999Ms: 50, residentMB: RESIDENT_MB },
    },
  ];
}
