// The benchmark side by side: the same load for grimbots, for what a good engineer would write instead, and for the least program there is.

import type { Bench, Flags } from "./bench.ts";
import { contend, contendFlags } from "./contend.ts";
import { rateResult } from "./peer-report.ts";
import { type Pace, type Turn, takeTurn } from "./peer-rounds.ts";
import { bounds, tell } from "./run.ts";

export const peers: Bench = {
  name: "peers",
  summary: "/start side by side: grimbots, grammY + Hono + BullMQ + pg on Node, and a floor; the ratios.",
  flags: [
    { name: "rate", value: "N", means: "One rate, N updates per second, instead of the two rates." },
    { name: "rounds", value: "N", means: "Turns of each contender at these rates. Default: 3." },
    { name: "quick", means: "Steps of 8 seconds, two rounds." },
    ...contendFlags,
  ],
  run(flags) {
    const rate = flags.number("rate", { least: 1, most: 50_000 });
    const rates = rate === undefined ? RATES : [rate];
    const rounds = flags.number("rounds", bounds.few) ?? (flags.has("quick") ? 2 : 3);
    const pace = paceOf(flags);
    return contend("peers", flags, async ({ ground, contenders, show }) => {
      const turns: Turn[] = [];
      for (let round = 1; round <= rounds; round++)
        for (const contender of contenders)
          turns.push(...(await takeTurn(ground, contender, { ...pace, rates, round })));
      for (const [perSecond, some] of Map.groupBy(turns, (turn) => turn.step.perSecond))
        show(
          rateResult(`side by side at ${perSecond} per second`, {
            turns: some,
            contenders: contenders.map(({ name }) => name),
          }),
        );
    });
  },
};

const RATES = [17, 500];

/** Of each turn; a quick one is short. */
export function paceOf(flags: Flags): Pace {
  const quick = flags.has("quick");
  return {
    seconds: flags.number("seconds", { least: 2, most: 3_600 }) ?? (quick ? 8 : 30),
    warmUpSeconds: quick ? 2 : 10,
    tries: flags.number("tries", bounds.few) ?? 3,
    tell,
  };
}
