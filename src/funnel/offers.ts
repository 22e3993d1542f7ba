// What a published funnel sells: one offer for each of its buy buttons, as it is kept when the funnel is published.

import type { Cents } from "../kernel/money.ts";
import type { Deliver } from "./deliver.ts";
import type { SealedFunnel } from "./seal.ts";

const VALID_MINUTES = 30;

/** `key`: of its button · `priceStars`: null = it is not sold for Stars · `validSeconds`: how long a charge for it can be paid. */
export type Offer = {
  key: string;
  product: string;
  priceCents: Cents;
  priceStars: number | null;
  validSeconds: number;
  deliver: Deliver;
};

/** The offers in the order of their buttons. */
export function offersOf(sealed: SealedFunnel): Offer[] {
  const buttons = sealed.steps.flatMap((step) => step.buttons?.flat() ?? []);
  return buttons.flatMap((button) =>
    "priceCents" in button
      ? [
          {
            key: button.key,
            product: button.product ?? button.text,
            priceCents: button.priceCents,
            priceStars: button.priceStars ?? null,
            validSeconds: (button.validMinutes ?? VALID_MINUTES) * 60,
            deliver: button.deliver,
          },
        ]
      : [],
  );
}
