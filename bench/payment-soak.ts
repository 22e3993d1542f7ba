// The soak: very many sales, each from the tap to the delivery, over a gateway that loses, doubles and disorders its notices; then the books.

import { limits } from "#src/kernel/limits.ts";
import { noiseIn } from "./doubts.ts";
import { bookTargets, differing, readBooks, readLedger, readStatement } from "./payment-books.ts";
import { addSends } from "./payment-buyers.ts";
import { measureUse } from "./payment-measure.ts";
import { costOf, grown, latencyOf, numbersOf, type PaymentResult } from "./payment-report.ts";
import type { PaymentStage } from "./payment-stage.ts";
import { type Counts, openTally, type Shape } from "./payment-tally.ts";
import { percentilesOf } from "./percentiles.ts";
import { atMost } from "./targets.ts";
import { count } from "./words.ts";

export type SoakOptions = { payments: number; perSecond: number; shape: Shape; tell: (text: string) => void };

/** Shares of the notices. */
const FAULTS = { lose: 0.01, double: 0.2, out_of_order: 0.05 };
/** Buyers pay so long after their charge was made, some sooner, some later. */
const PAYS = { after_ms: 500, max_ms: 5_000 };
/** A lost notice is found within a minute; who waits for longer without any progress waits in vain. */
const STUCK_MS = limits.checkMs * 2;
const LOOK_MS = 1_000;
const TELL_EVERY = 10;

export async function soak(stage: PaymentStage, options: SoakOptions): Promise<PaymentResult> {
  const { payments, perSecond, shape, tell } = options;
  const { sandbox, account, load } = stage;
  const before = { totals: await sandbox.totals({ token: account.token }), books: await readBooks(stage) };
  await sandbox.merchant({ token: account.token, auto_pay: PAYS, notice_faults: FAULTS });
  const noticesBefore = (await sandbox.stats()).notices;
  tell(`${count(payments)} buyers tap, ${perSecond} a second …`);
  const { result, use } = await measureUse(stage, () => buyAll(stage, options));
  const { tally, startedAtMs, isStuck } = result;
  await sandbox.idle({ timeout_ms: 30_000 });
  const { notices } = await sandbox.stats();
  const [books, totals] = [await readBooks(stage), await sandbox.totals({ token: account.token })];
  const whole = wholeOf(shape);
  const atMs = tally.firstMs(Object.keys(shape.delivered)).map((at) => at - load.clock().aheadMs - startedAtMs);
  const took = percentilesOf(atMs.map((at, place) => at - ((place + 1) * 1_000) / perSecond));
  const odd = differing(await readLedger(stage), await readStatement(stage));
  return {
    title: `soak of ${count(payments)} payments, ${perSecond} taps per second`,
    lines: [
      ["sustained", `${steadyRate(atMs).toFixed(1)} payments delivered per second (the middle eight tenths of them)`],
      ["tap → delivery", `${latencyOf(took)} (${PAYS.after_ms} to ${PAYS.max_ms} ms of it until the buyer pays)`],
      ["notices", numbersOf(grown(notices, noticesBefore))],
      ["sandbox", numbersOf(grown(totals, before.totals))],
      ["books", numbersOf(grown(books, before.books))],
      ["statement", odd.length === 0 ? "every charge agrees" : `differs in ${odd.slice(0, 5).join(", ")}`],
      [
        "delivery",
        `is ${numbersOf(shape.delivered)}; ${count(tally.exactly(shape.delivered))} chats were sent exactly that`,
      ],
      ...costOf(use, "payment", payments),
    ],
    targets: [
      atMost("chats without their delivery", payments - tally.exactly(whole) - tally.beyond(whole), 0),
      atMost("chats sent more than one charge and one delivery", tally.beyond(whole), 0),
      ...bookTargets(books, totals, before.totals.payments + payments),
      atMost("charges that differ from the statement", odd.length, 0),
    ],
    doubts: [...noiseIn(use.cpu), ...(isStuck ? ["given up: nothing was delivered any more"] : [])],
    use,
    raw: { payments, perSecond, took, notices, totals, books, differing: odd.slice(0, 1_000) },
  };
}

/** Things per second, from the times in milliseconds at which each was done: without the beginning, and without those that came late. */
export function steadyRate(atMs: Float64Array): number {
  const sorted = atMs.filter((at) => !Number.isNaN(at)).sort();
  const [tenth, last] = [Math.floor(sorted.length * 0.1), Math.floor(sorted.length * 0.9)];
  return ((last - tenth) * 1_000) / ((sorted[last] ?? Number.NaN) - (sorted[tenth] ?? Number.NaN));
}

/** Resolves when every buyer has his delivery, or when for long nobody got any. */
async function buyAll(stage: PaymentStage, { payments, perSecond, shape, tell }: SoakOptions) {
  const { fake, load } = stage;
  let seq = (await fake.stats()).calls;
  const tally = openTally(load.nextChat(), payments);
  const whole = wholeOf(shape);
  const began = performance.now();
  const tapping = load.drive({ perSecond, seconds: (payments + 0.5) / perSecond, schedule: "fixed", seed: 0 });
  let startedAtMs = Number.NaN;
  tapping.then(
    (driven) => (startedAtMs = driven.startedAtMs),
    () => undefined,
  );
  let [done, progressMs] = [0, began];
  for (let look = 1; ; look++) {
    await Bun.sleep(LOOK_MS);
    seq = await addSends(stage, tally, seq);
    const now = tally.exactly(whole) + tally.beyond(whole);
    if (now > done) progressMs = performance.now();
    done = now;
    if (look % TELL_EVERY === 0)
      tell(`${count(done)} delivered after ${Math.round((performance.now() - began) / 1_000)} s`);
    const isStuck = performance.now() - progressMs > STUCK_MS;
    if (!isStuck && (done < payments || Number.isNaN(startedAtMs))) continue;
    await tapping;
    await addSends(stage, tally, seq);
    return { tally, startedAtMs, isStuck };
  }
}

const wholeOf = ({ shown, delivered }: Shape): Counts => ({ ...shown, ...delivered });
