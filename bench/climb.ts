// The search for the highest rate, step by step on a stage, with a bound on the steps.

import { highestHeld, nextRate, type Search, type Tried } from "./highest-rate.ts";

/** `steps`: at most so many. */
export type Climb = Search & { steps: number };

/** Runs step after step until the highest rate is known or the steps are used up; what each gave, in the order of trying. */
export async function climb<Step extends Tried>(
  { steps, ...search }: Climb,
  run: (perSecond: number) => Promise<Step>,
): Promise<Step[]> {
  const tried: Step[] = [];
  for (let rate = nextRate(tried, search); rate !== undefined && tried.length < steps; rate = nextRate(tried, search))
    tried.push(await run(rate));
  return tried;
}

/** The step at the highest rate that held; absent when none did. */
export function bestOf<Step extends Tried>(tried: readonly Step[]): Step | undefined {
  return tried.findLast((step) => step.held && step.perSecond === highestHeld(tried));
}
