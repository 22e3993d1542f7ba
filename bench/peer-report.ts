// The results side by side: for each rate and for the highest rates a table with the ratios at its right, and what they are held to.

import { cellsOf, type Figure } from "./compare.ts";
import { type Contender, FLOOR, OURS, PEER } from "./contenders.ts";
import { isNoisy } from "./doubts.ts";
import { type Highest, missesOf, type TriedRate, type Turn } from "./peer-rounds.ts";
import { spreadOf } from "./percentiles.ts";
import { type BenchResult, curveOf } from "./result.ts";
import { atLeast, atMost, type Target } from "./targets.ts";
import { round } from "./words.ts";

const PARTS = ["application", "PostgreSQL", "Redis"] as const;
/** What the whole of it may cost for each time that the least program costs. */
const TIMES_FLOOR = 2;
const TIMES_PEER = 3;
const STACK = "CPU of the three";
const P99 = "arrival → first send p99";

/** Undisturbed rounds only, where there are any. */
function chosen(turns: readonly Turn[]): readonly Turn[] {
  const quiet = turns.filter((turn) => !isNoisy(turn));
  return quiet.length > 0 ? quiet : turns;
}

const microsecondsOf = ({ measured: { cpu, driven } }: Turn, part: string): number =>
  ((cpu.parts[part] ?? 0) * cpu.seconds * 1_000_000) / driven.dueMs.length;

/** Medians over the rounds at one rate. */
export function figuresOf(turns: readonly Turn[], contenders: readonly string[]): Figure[] {
  const figure = (name: string, unit: string, pick: (turn: Turn) => number): Figure => ({
    ...{ name, unit, better: "less" },
    values: Object.fromEntries(
      contenders.map((contender) => {
        const own = chosen(turns.filter((turn) => turn.contender === contender));
        return [contender, spreadOf(own.map(pick)).median];
      }),
    ),
  });
  const all = (turn: Turn): number => PARTS.reduce((sum, part) => sum + microsecondsOf(turn, part), 0);
  return [
    figure("arrival → first send p50", "ms", (turn) => turn.measured.send.p50),
    figure(P99, "ms", (turn) => turn.measured.send.p99),
    figure("arrival → 200 p50", "ms", (turn) => turn.measured.ack.p50),
    figure("arrival → 200 p99", "ms", (turn) => turn.measured.ack.p99),
    ...PARTS.map((part) => figure(`CPU of ${part}`, "µs/update", (turn) => microsecondsOf(turn, part))),
    figure(STACK, "µs/update", all),
  ];
}

export function contendersText(contenders: readonly Contender[]): string {
  return `\n${contenders.map(({ name, means }) => `  ${name.padEnd(14)} ${means}`).join("\n")}\n`;
}

type Compared = { turns: readonly Turn[]; contenders: readonly string[] };

/** `turns`: all rounds at one rate. */
export function rateResult(title: string, { turns, contenders }: Compared): BenchResult {
  const ofOne = (name: string): Turn[] => turns.filter((turn) => turn.contender === name);
  const figures = figuresOf(turns, contenders);
  const lost = ofOne(OURS).reduce((sum, { measured: { joined } }) => sum + joined.lost + joined.doubled, 0);
  return {
    title,
    table: cellsOf(figures, contenders),
    lines: contenders.flatMap((name) => linesOf(name, ofOne(name))),
    targets: [
      atMost(`${STACK}, times the floor's`, ratioOf(figures, STACK, FLOOR), TIMES_FLOOR),
      atMost("lost or doubled by grimbots", lost, 0),
    ],
    doubts: contenders.filter((name) => ofOne(name).every(isNoisy)).map((name) => `NOISY: every turn of ${name}`),
    curves: contenders.flatMap((name) =>
      chosen(ofOne(name))
        .slice(0, 1)
        .map(({ measured }) => curveOf(`${title}: ${name}`, measured.joined.sendMs)),
    ),
    raw: { turns },
  };
}

function linesOf(name: string, turns: readonly Turn[]): [string, string][] {
  const missed = turns.flatMap((turn) => missesOf(turn).map((miss) => `round ${turn.round}: ${miss}`));
  const noisy = turns.filter(isNoisy).length;
  const p99 = turns.map((turn) => round(turn.measured.send.p99)).join(", ");
  return [
    [name, `p99 by round ${p99} ms${missed.length > 0 ? `; NOT held (${missed.join(", ")})` : ""}`],
    ...(noisy > 0
      ? [
          [name, `${noisy} of ${turns.length} rounds NOISY${noisy < turns.length ? ", left out" : ""}`] as [
            string,
            string,
          ],
        ]
      : []),
  ];
}

const ratioOf = (figures: readonly Figure[], name: string, other: string): number => {
  const values = figures.find((figure) => figure.name === name)?.values ?? {};
  return (values[OURS] ?? Number.NaN) / (values[other] ?? Number.NaN);
};

export function highestResult(highest: Highest, contenders: readonly string[]): BenchResult {
  const values = Object.fromEntries(contenders.map((name) => [name, highest[name]?.perSecond ?? Number.NaN]));
  const figure: Figure = { name: "highest rate held", unit: "updates/s", better: "more", values };
  return {
    title: "highest rate of /start, side by side",
    table: cellsOf([figure], contenders),
    lines: contenders.map((name) => [name, (highest[name]?.tried ?? []).map(triedText).join(", ")]),
    targets: [atLeast(`highest rate, times that of ${PEER}`, ratioOf([figure], figure.name, PEER), TIMES_PEER, "")],
    doubts: [],
    rates: contenders.flatMap((name) =>
      (highest[name]?.tried ?? []).map(({ perSecond, held, sendP50Ms, sendP99Ms }) => ({
        ...{ series: `highest: ${name}`, perSecond, held, p50: sendP50Ms, p99: sendP99Ms },
      })),
    ),
    raw: { highest },
  };
}

/** At half of the peer's highest rate, the peer may not be the faster one. */
export function halfTargets(turns: readonly Turn[], contenders: readonly string[]): Target[] {
  const figures = figuresOf(turns, contenders);
  return [atMost(`${P99}, times that of ${PEER}`, ratioOf(figures, P99, PEER), 1)];
}

function triedText({ perSecond, held, sendP99Ms, missed, doubts }: TriedRate): string {
  const noise = isNoisy({ doubts }) ? ", NOISY" : "";
  return `${perSecond} ${held ? `held (p99 ${round(sendP99Ms)} ms${noise})` : `missed (${missed.join(", ")}${noise})`}`;
}
