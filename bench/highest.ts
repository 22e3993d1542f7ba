// The benchmark of who takes the most: the highest rate of /start of each contender in one run, and all of them at half of the peer's.

import type { Bench } from "./bench.ts";
import { contend, contendFlags } from "./contend.ts";
import { PEER } from "./contenders.ts";
import type { Search } from "./highest-rate.ts";
import { halfTargets, highestResult, rateResult } from "./peer-report.ts";
import { findHighest, type Turn, takeTurn } from "./peer-rounds.ts";
import { paceOf } from "./peers.ts";
import { bounds } from "./run.ts";

const QUICK_SEARCH = { growth: 1.6, precision: 1.25, misses: 1 };
/** A rate that is missed once may have met a neighbour: it is tried again. */
const FULL_SEARCH = { growth: 1.5, precision: 1.08, misses: 2 };
const FIRST = 500;

export const highest: Bench = {
  name: "highest",
  summary:
    "the highest rate of /start side by side, and the latency of all at half of the peer's highest; takes a while.",
  flags: [
    { name: "first", value: "N", means: `Updates per second at which the searches begin. Default: ${FIRST}.` },
    { name: "quick", means: "Steps of 8 seconds, a coarser search." },
    ...contendFlags,
  ],
  run(flags) {
    const search: Search = {
      ...(flags.has("quick") ? QUICK_SEARCH : FULL_SEARCH),
      first: flags.number("first", bounds.first) ?? FIRST,
    };
    const pace = paceOf(flags);
    return contend("highest", flags, async ({ ground, contenders, show }) => {
      const names = contenders.map(({ name }) => name);
      const found = await findHighest(ground, contenders, { ...pace, search });
      show(highestResult(found, names));
      const half = Math.round((found[PEER]?.perSecond ?? 0) / 2);
      if (half === 0) return;
      const turns: Turn[] = [];
      for (const contender of contenders)
        turns.push(...(await takeTurn(ground, contender, { ...pace, rates: [half], round: 1 })));
      const result = rateResult(`all at half of the peer's highest, ${half} per second`, { turns, contenders: names });
      show({ ...result, targets: halfTargets(turns, names) });
    });
  },
};
