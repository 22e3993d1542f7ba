// Publishing a funnel: every button that comes back to us gets an opaque key, so prices and targets never travel.

import type { Button, KeyedButton, SealedButton } from "./button.ts";
import type { Funnel, Step } from "./funnel.ts";
import type { Sealed } from "./step.ts";

export type SealedStep = Sealed<Step>;
export type SealedFunnel = Omit<Funnel, "steps"> & { steps: SealedStep[] };

/** Well inside the 64 bytes of callback_data, and 96 random bits: no key can be guessed. */
const KEY = /^[A-Za-z0-9_-]{16}$/;

/** Gives every buy and step button its key. `randomKey` must draw fresh `[A-Za-z0-9_-]{16}`; throws when it does not. */
export function sealFunnel(funnel: Funnel, randomKey: () => string): SealedFunnel {
  const drawn = new Set<string>();
  const seal = (button: Button): SealedButton => {
    if ("url" in button) return button;
    const key = randomKey();
    if (!KEY.test(key) || drawn.has(key)) throw new Error(`"${key}" cannot be the key of a button`);
    drawn.add(key);
    return { ...button, key };
  };
  const steps = funnel.steps.map(({ buttons, ...step }) => ({
    ...step,
    ...(buttons && { buttons: buttons.map((row) => row.map(seal)) }),
  }));
  return { ...funnel, steps };
}

/** The button that a press names, and the step under which it stands. */
export function findButton(funnel: SealedFunnel, key: string): { button: KeyedButton; step: SealedStep } | undefined {
  for (const step of funnel.steps) {
    const keyed = step.buttons?.flat().filter((button) => "key" in button);
    const button = keyed?.find((candidate) => candidate.key === key);
    if (button !== undefined) return { button, step };
  }
  return undefined;
}
