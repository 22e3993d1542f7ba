// What a published funnel says to one person.

import { parseHtml } from "./html.ts";
import type { Say } from "./say.ts";
import type { SealedFunnel, SealedStep } from "./seal.ts";
import type { StepKind } from "./step.ts";
import { stepKinds } from "./steps/index.ts";
import { fillVariables, type Person } from "./variables.ts";

/** What a step says. A kind that this program does not know says nothing. */
export function runStep(step: SealedStep, person: Person): Say[] {
  const kinds: readonly StepKind[] = stepKinds;
  return kinds.find(({ kind }) => kind === step.kind)?.run(step, person) ?? [];
}

/** The answer to text that no step waits for, if the seller wrote one. */
export function runReply({ reply }: Pick<SealedFunnel, "reply">, person: Person): Say[] {
  return reply === undefined ? [] : [{ text: parseHtml(fillVariables(reply, person)) }];
}
