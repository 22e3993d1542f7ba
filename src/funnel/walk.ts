// The steps that run in a row: a step without buttons goes on to its next one, one with buttons waits.

/** A walk ends here even in a funnel that never waits: one press or /start sends no more steps than this. */
export const longestWalk = 50;

type Walkable = { id: string; next?: string; buttons?: object[][] };

/** The steps from `from` on, each at most once, and where the walk stops. An unknown `from` gives no step. */
export function walk<Step extends Walkable>(funnel: { steps: Step[] }, from: string): { steps: Step[]; at: string } {
  const steps: Step[] = [];
  for (let id: string | undefined = from; id !== undefined && steps.length < longestWalk; ) {
    const step = funnel.steps.find((candidate) => candidate.id === id);
    if (step === undefined || steps.includes(step)) break;
    steps.push(step);
    id = waits(step) ? undefined : step.next;
  }
  return { steps, at: steps.at(-1)?.id ?? from };
}

/** True when the step stays until a button is pressed. */
export function waits(step: Walkable): boolean {
  return step.buttons?.some((row) => row.length > 0) ?? false;
}
