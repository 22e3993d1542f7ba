// A step of a benchmark: measured again while others use the machine, and in the end shown with what they took.

import { type CpuUse, takenByOthers } from "./cpu.ts";
import { type Measurable, type Measured, measure } from "./measure.ts";
import type { ScheduleKind } from "./schedule.ts";
import { type Asked, type Target, targetsOf } from "./targets.ts";

export type Step = {
  name: string;
  perSecond: number;
  seconds: number;
  schedule: ScheduleKind;
  asked: Asked;
  /** How long the disk is tried before and after; a second if not told. */
  syncMs?: number;
};

export type StepResult = {
  step: Step;
  measured: Measured;
  targets: Target[];
  /** Why the figures say less than they seem to; empty = a clean run. */
  doubts: string[];
  /** Tries that were thrown away: what others took of a core, and the p99 of the first send. */
  rejected: { taken: number; sendP99Ms: number }[];
};

/** Of one core; with more than that a run tells of the neighbours. */
const TAKEN_MOST = 0.15;
/** A generator that is late by more makes the program look slower than it is. */
const LAG_P99_MS = 2;

export async function runStep(
  stage: Measurable,
  step: Step,
  options: { seed: number; tries: number; tell: (sentence: string) => void },
): Promise<StepResult> {
  const { perSecond, seconds, schedule, syncMs } = step;
  const tried: Measured[] = [];
  while (tried.length < options.tries) {
    const measured = await measure(stage, { perSecond, seconds, schedule, seed: options.seed }, syncMs);
    tried.push(measured);
    if (takenByOthers(measured.cpu) <= TAKEN_MOST) break;
    options.tell(`${noiseOf(measured.cpu)}: the run says little.`);
  }
  const [best, ...rest] = tried.toSorted((a, b) => takenByOthers(a.cpu) - takenByOthers(b.cpu));
  if (!best) throw new RangeError("a step is tried at least once");
  return {
    step,
    measured: best,
    targets: targetsOf(best, step.asked),
    doubts: doubtsOf(best),
    rejected: rest.map(({ cpu, send }) => ({ taken: takenByOthers(cpu), sendP99Ms: send.p99 })),
  };
}

const noiseOf = ({ others, stolen }: CpuUse): string =>
  `other processes took ${(others * 100).toFixed(0)} % of a core, other machines on the host ${(stolen * 100).toFixed(0)} %`;

function doubtsOf({ cpu, lag, driven, drained }: Measured): string[] {
  const doubts = [
    takenByOthers(cpu) > TAKEN_MOST && `NOISY: ${noiseOf(cpu)}`,
    lag.p99 > LAG_P99_MS && `the generator was late: p99 ${lag.p99.toFixed(1)} ms after its schedule`,
    driven.heldBack > 0 && `${driven.heldBack} requests waited for a connection in the generator`,
    !drained && "not everything was done when the time for it was up",
  ];
  return doubts.filter((doubt) => doubt !== false);
}
