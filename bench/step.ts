// A step of a benchmark: measured again while others use the machine, and in the end shown with what they took.

import { takenByOthers } from "./cpu.ts";
import { doubtsAbout, isDisturbed, noiseIn } from "./doubts.ts";
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
    if (!isDisturbed(measured.cpu)) break;
    options.tell(`${noiseIn(measured.cpu).join("")}: the run says little.`);
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

function doubtsOf(measured: Measured): string[] {
  return [
    ...doubtsAbout(measured),
    ...(measured.drained ? [] : ["not everything was done when the time for it was up"]),
  ];
}
