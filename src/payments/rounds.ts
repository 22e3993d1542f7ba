// The rounds of a decision: read, decide, save; and again from the start when somebody else was faster, within a bound.

import { whileAway } from "#db/retry.ts";
import type { ChargeId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import type { Context } from "./context.ts";
import type { Payment } from "./payment.ts";
import type { Decided } from "./save.ts";

/**
 * Takes rounds until one ends. `round`: undefined = what it decided on has changed meanwhile. Resolves with the end; undefined: somebody
 * else was faster every time.
 */
export async function inRounds<End>(round: () => Promise<End | undefined>): Promise<End | undefined> {
  for (let n = 0; n < limits.paymentRounds; n++) {
    const end = await round();
    if (end !== undefined) return end;
  }
  return undefined;
}

/**
 * What was decided and saved, and on which state; or why nothing was. gone: there is no such charge. unchanged: nothing was to be saved.
 * overtaken: somebody else was faster every time.
 */
export type Changed = { payment: Payment; decided: Decided } | "gone" | "unchanged" | "overtaken";

/**
 * Decides about a charge and saves it. `decide`: undefined = nothing is to be saved. `asItWas`: the payment as it was read before, for the
 * first round.
 */
export async function changeCharge(
  { reader, saver, log, signal }: Pick<Context, "reader" | "saver" | "log" | "signal">,
  id: ChargeId,
  decide: (payment: Payment) => Decided | undefined,
  asItWas?: Payment,
): Promise<Changed> {
  let known = asItWas;
  const changed = await inRounds<Changed>(async () => {
    const payment = known ?? (await whileAway(() => reader.find(id), log, signal));
    known = undefined;
    if (!payment) return "gone";
    const decided = decide(payment);
    if (!decided) return "unchanged";
    const { saved } = await saver.save(decided);
    return saved ? { payment, decided } : undefined;
  });
  return changed ?? "overtaken";
}
