// What a walk through the funnel becomes: messages to one person, and the step where he then stands.

import { runStep } from "../funnel/run.ts";
import type { Say } from "../funnel/say.ts";
import type { SealedFunnel } from "../funnel/seal.ts";
import { walk } from "../funnel/walk.ts";
import type { Effect, SendPolicy } from "../kernel/effect.ts";
import { composeCalls } from "./message.ts";

/** Somebody's names as Telegram gives them. */
export type Named = { firstName: string; lastName: string | null };

/** What the steps from `from` on say to this person, and where he then stands. */
export function walkFrom(
  funnel: SealedFunnel,
  from: string,
  person: Named,
  policy: SendPolicy = "reply",
): { sends: Effect[]; at: string } {
  const { steps, at } = walk(funnel, from);
  const says = steps.flatMap((step) => runStep(step, namesOf(person)));
  return { sends: sendsOf(says, policy), at };
}

/** The messages that say it, in order. */
export function sendsOf(says: Say[], policy: SendPolicy = "reply"): Effect[] {
  return says.flatMap(composeCalls).map((call) => ({ kind: "send", policy, body: call }));
}

export function namesOf({ firstName, lastName }: Named): { firstName: string; fullName: string } {
  return { firstName, fullName: [firstName, lastName].filter(Boolean).join(" ") };
}
