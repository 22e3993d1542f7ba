// What a kind of step is: its name, its schema, what the schema cannot check, and what it says.

import type { TSchema } from "@sinclair/typebox";
import type { Button, SealedButton } from "./button.ts";
import type { Problem } from "./problem.ts";
import type { Say } from "./say.ts";
import type { Person } from "./variables.ts";

/** What every step has, whatever its kind: where the walk goes on, and the buttons that make it wait. */
export type StepShape = { id: string; kind: string; next?: string; buttons?: Button[][] };

/** A step whose buy and step buttons have their keys. */
export type Sealed<Step extends StepShape> = Step extends StepShape
  ? Omit<Step, "buttons"> & { buttons?: SealedButton[][] }
  : never;

export type StepKind<Step extends StepShape = StepShape> = {
  kind: Step["kind"];
  schema: TSchema & { static: Step };
  /** What the schema cannot see; paths are relative to the step. */
  check(step: Step): Problem[];
  /** What the step says to this person; pure. */
  run(step: Sealed<Step>, person: Person): Say[];
};

/** Defines a kind of step; it exists once it stands in the list of src/funnel/steps/index.ts. */
export function defineStep<Step extends StepShape>(definition: StepKind<Step>): StepKind<Step> {
  return definition;
}
