// The benchmark of the most that goes: the highest rate of /start at which the whole path holds, with one process and with two.

import type { Bench, Flags } from "./bench.ts";
import { bestOf, climb } from "./climb.ts";
import { doubtsAbout } from "./doubts.ts";
import { type Measured, measure } from "./measure.ts";
import { type BenchResult, curveOf } from "./result.ts";
import { bounds, commonFlags, processesFlag, QUICK, runBench, secondsFlag, tell, warmUp } from "./run.ts";
import type { OpenStage } from "./stage.ts";
import { atLeast, atMost, targetsOf } from "./targets.ts";
import { count, latencyOf, megabytes, sharesOf } from "./words.ts";

const STARTS_PER_SECOND = 2_000;
const SEND_P99_MS = 50;
const APPLICATION_US = 400;
const STACK_US = 700;
const BOTS = 10;
/** The disk is tried only shortly around each step: there are many. */
const SYNC_MS = 100;

export const throughput: Bench = {
  name: "throughput",
  summary: "the highest rate of /start over the whole path, by a stepped search, with 1 and with 2 processes.",
  flags: [
    { ...processesFlag, means: "Only with N processes. Default: 1, then 2." },
    secondsFlag,
    { name: "steps", value: "N", means: "Most steps of each search. Default: 6." },
    { name: "first", value: "N", means: "Updates per second at which the search begins. Default: 1000." },
    { ...QUICK, means: "Steps of 8 seconds, at most 3 for each search." },
    ...commonFlags,
  ],
  run(flags, lent) {
    const plan = planOf(flags);
    const [first = 1] = plan.processes;
    const mostMs = plan.processes.length * (plan.steps * (plan.seconds + 40) + 60) * 1_000;
    return runBench({
      ...{ bench: "throughput", flags, lent, bots: BOTS, processes: first, mostMs },
      async measure(stage, show) {
        for (const [index, processes] of plan.processes.entries()) {
          if (index > 0) await restart(stage, processes);
          await warmUp(stage, plan.warmUpSeconds);
          show(await searchHighest(stage, plan, processes));
        }
      },
    });
  },
};

type Plan = { processes: number[]; seconds: number; steps: number; first: number; warmUpSeconds: number };

function planOf(flags: Flags): Plan {
  const quick = flags.has("quick");
  const processes = flags.number("processes", bounds.few);
  return {
    processes: processes === undefined ? [1, 2] : [processes],
    seconds: flags.number("seconds", bounds.seconds) ?? (quick ? 8 : 30),
    steps: flags.number("steps", bounds.steps) ?? (quick ? 3 : 6),
    first: flags.number("first", bounds.first) ?? 1_000,
    warmUpSeconds: quick ? 2 : 15,
  };
}

async function restart(stage: OpenStage, processes: number): Promise<void> {
  await stage.application.end("SIGTERM");
  await stage.application.start(processes);
  await stage.aim(stage.bots);
}

async function searchHighest(stage: OpenStage, plan: Plan, processes: number): Promise<BenchResult> {
  const { seconds, steps, first } = plan;
  const words = `${processes} ${processes === 1 ? "process" : "processes"}`;
  const tried = await climb({ first, growth: 1.5, precision: 1.1, misses: 1, steps }, async (perSecond) => {
    tell(`${count(perSecond)} /start a second for ${seconds} s with ${words} …`);
    const measured = await measure(stage, { perSecond, seconds, schedule: "poisson", seed: 1 }, SYNC_MS);
    return { perSecond, held: isHeld(measured), measured };
  });
  const best = bestOf(tried);
  const shown = best ?? tried.at(-1);
  const series = `/start, first send, ${words}`;
  return {
    title: `${words}: highest rate of /start, ${seconds} s a step`,
    lines: [
      ...tried.map((step): [string, string] => [`${count(step.perSecond)}/s`, wordsOf(step)]),
      ...(shown ? linesOf(shown.measured) : []),
    ],
    targets: [
      atLeast(`/start with ${words}`, best?.perSecond ?? Number.NaN, STARTS_PER_SECOND, "per second"),
      ...(best ? cpuTargets(best) : []),
    ],
    doubts: [
      ...(shown ? doubtsAbout(shown.measured) : []),
      ...(tried.length === steps && tried.every(({ held }) => held) ? ["the steps were used up: more may hold"] : []),
    ],
    ...(best ? { curves: [curveOf(`/start, ${words}, ${count(best.perSecond)}/s`, best.measured.joined.sendMs)] } : {}),
    rates: tried.map(({ perSecond, held, measured: { send } }) => ({
      ...{ series, perSecond, held, p50: send.p50, p99: send.p99 },
    })),
    ...(shown ? { cpu: shown.measured.cpu } : {}),
    raw: { processes, tried: tried.map(({ perSecond, held, measured }) => ({ perSecond, held, ...rawOf(measured) })) },
  };
}

/** At the rate that was held: what a /start costs decides how many there can be. */
function cpuTargets({ perSecond, measured: { cpu } }: { perSecond: number; measured: Measured }) {
  const microseconds = (...parts: string[]): number =>
    parts.reduce((sum, part) => sum + ((cpu.parts[part] ?? Number.NaN) / perSecond) * 1e6, 0);
  return [
    atMost("CPU of the application at that rate", microseconds("application"), APPLICATION_US, "µs per /start"),
    atMost(
      "CPU of the stack at that rate",
      microseconds("application", "PostgreSQL", "Redis"),
      STACK_US,
      "µs per /start",
    ),
  ];
}

/** Memory is no part of what a rate has to hold. */
function isHeld(measured: Measured): boolean {
  const targets = targetsOf(measured, { sendP99Ms: SEND_P99_MS, residentMB: Number.POSITIVE_INFINITY });
  return measured.drained && targets.every(({ met }) => met);
}

function wordsOf({ held, measured }: { held: boolean; measured: Measured }): string {
  const { send, accepted, driven, joined } = measured;
  const all = driven.dueMs.length;
  const losses = `${count(all - accepted)} not accepted, ${joined.lost} lost, ${joined.doubled} doubled`;
  return `${held ? "held" : "not held"}: first send ${latencyOf(send)}; of ${count(all)}: ${losses}`;
}

function linesOf({ cpu, resident, lag, driven }: Measured): [string, string][] {
  return [
    ["CPU", `${sharesOf(cpu.parts)} of a core`],
    ["memory", Object.values(resident).map(megabytes).join(", ")],
    ["generator", `late p50 ${lag.p50.toFixed(2)} ms, p99 ${lag.p99.toFixed(2)} ms; ${driven.connections} connections`],
  ];
}

const rawOf = ({
  send,
  ack,
  lag,
  accepted,
  refused,
  kept,
  drained,
  drainMs,
  cpu,
  resident,
  driven,
  joined,
}: Measured) => ({
  ...{ send, ack, lag, accepted, refused, kept, drained, drainMs, cpu, resident },
  ...{ sent: driven.dueMs.length, lost: joined.lost, doubled: joined.doubled },
});
