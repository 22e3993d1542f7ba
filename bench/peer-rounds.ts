// What is done with a contender in its turn: it is started and warmed up, measured at a rate, and asked to end when its work is done.

import { type Contender, openTurn } from "./contenders.ts";
import { highestHeld, nextRate, type Search, type Tried } from "./highest-rate.ts";
import type { Measurable } from "./measure.ts";
import type { Ground } from "./stage.ts";
import { runStep, type Step, type StepResult } from "./step.ts";
import { isDoneWithin } from "./wait-for.ts";

export type Turn = StepResult & { contender: string; round: number };

export type Pace = { seconds: number; warmUpSeconds: number; tries: number; tell: (sentence: string) => void };

/** What counts as held; memory is not part of this comparison. */
export const SEND_P99_MS = 50;

const GENTLE = { perSecond: 100, seconds: 3 };
/** What a step left undone may take so long; then the program is ended, and the rest waits for its next turn. */
const REST_MS = 60_000;

const stepAt = (perSecond: number, seconds: number): Step => ({
  name: `${perSecond} per second`,
  ...{ perSecond, seconds, schedule: "poisson" as const },
  asked: { sendP99Ms: SEND_P99_MS, residentMB: Number.POSITIVE_INFINITY },
});

/** One turn: the rates one after the other. */
export async function takeTurn(
  ground: Ground,
  contender: Contender,
  { rates, round, seconds, warmUpSeconds, tries, tell }: Pace & { rates: readonly number[]; round: number },
): Promise<Turn[]> {
  await using stage = await openTurn(ground, contender);
  const books = await stage.openBooks();
  const rest = () => isDoneWithin(REST_MS, async () => (await books.pending()) === 0);
  const turns: Turn[] = [];
  for (const perSecond of rates) {
    tell(`Round ${round}, ${contender.name}: ${perSecond} per second …`);
    await warmUp(stage, perSecond, warmUpSeconds);
    await rest();
    const result = await runStep(stage, stepAt(perSecond, seconds), { seed: round, tries, tell });
    turns.push({ contender: contender.name, round, ...result });
  }
  await rest();
  return turns;
}

/** Code is compiled and connections are open, as many as the rate needs. */
async function warmUp({ load }: Measurable, perSecond: number, seconds: number): Promise<void> {
  await load.drive({ ...GENTLE, schedule: "poisson", seed: 0 });
  await load.drive({ perSecond, seconds, schedule: "poisson", seed: 0 });
}

/** A queue that takes longer to be empty after the last answer grows at this rate. */
const BACKLOG_MS = 2_000;

/** Why a rate was not held; empty = it was. */
export function missesOf({ targets, measured }: Pick<StepResult, "targets" | "measured">): string[] {
  const missed = targets.filter((target) => !target.met).map(({ name, figure }) => `${name} ${shortOf(figure)}`);
  const isBehind = !measured.drained || measured.drainMs > BACKLOG_MS;
  return isBehind ? [...missed, `work left for ${shortOf(measured.drainMs)} ms`] : missed;
}

const shortOf = (value: number): string => value.toFixed(Number.isInteger(value) ? 0 : 1);

/** A rate that was tried; `missed` says why it was not held. */
export type TriedRate = Tried & { sendP50Ms: number; sendP99Ms: number; missed: string[]; doubts: string[] };
/** By contender: the rates that were tried, in order, and the highest that was held (0 = none). */
export type Highest = Record<string, { perSecond: number; tried: TriedRate[] }>;

/** Searches for all contenders at the same time, in turns. */
export async function findHighest(
  ground: Ground,
  contenders: readonly Contender[],
  options: Pace & { search: Search },
): Promise<Highest> {
  const found: Highest = Object.fromEntries(contenders.map(({ name }) => [name, { perSecond: 0, tried: [] }]));
  for (let round = 1, open = contenders; open.length > 0; round++) {
    const going: Contender[] = [];
    for (const contender of open) {
      const one = found[contender.name];
      const rate = one && nextRate(one.tried, options.search);
      if (!one || rate === undefined) continue;
      const turns = await takeTurn(ground, contender, { ...options, rates: [rate], round });
      one.tried.push(...turns.map(triedOf));
      one.perSecond = highestHeld(one.tried);
      going.push(contender);
    }
    open = going;
  }
  return found;
}

function triedOf(turn: Turn): TriedRate {
  const missed = missesOf(turn);
  const { perSecond } = turn.step;
  const { p50, p99 } = turn.measured.send;
  return { perSecond, held: missed.length === 0, sendP50Ms: p50, sendP99Ms: p99, missed, doubts: turn.doubts };
}
