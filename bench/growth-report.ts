// Empty against full: what an update costs in either, by process, and by how much that grew. Pure.

import type { CpuUse } from "./cpu.ts";
import { doubtsAbout, isDisturbed } from "./doubts.ts";
import type { GrowthTurn } from "./growth-turn.ts";
import { spreadOf } from "./percentiles.ts";
import { type BenchResult, curveOf } from "./result.ts";
import { atMost, type Target, targetsOf } from "./targets.ts";
import { count, ms, percent, round } from "./words.ts";

/** Microseconds of CPU per update. `checkpoint`: PostgreSQL's part of writing to the disk what the run has changed. */
export type Cost = Record<Part, number>;
const PARTS = ["application", "PostgreSQL", "Redis", "checkpoint"] as const;
type Part = (typeof PARTS)[number];

export const COST_RATIO = 1.2;

export function costOf({ measured: { cpu, driven }, writing }: GrowthTurn): Cost {
  const each = (use: CpuUse, part: string): number =>
    ((use.parts[part] ?? Number.NaN) * use.seconds * 1_000_000) / driven.dueMs.length;
  return {
    application: each(cpu, "application"),
    PostgreSQL: each(cpu, "PostgreSQL"),
    Redis: each(cpu, "Redis"),
    checkpoint: each(writing, "PostgreSQL"),
  };
}

export const sumOf = (cost: Cost): number => PARTS.reduce((sum, part) => sum + cost[part], 0);

/** Both databases by round. */
export type Round = { empty: GrowthTurn; full: GrowthTurn };

/** Whether others left the machine alone in both turns. */
export const isQuiet = ({ empty, full }: Round): boolean =>
  [empty, full].every(({ measured }) => !isDisturbed(measured.cpu));

/** Undisturbed rounds, where there are any: beside neighbours more updates share a statement, so that one is cheaper. */
export function quietOf(rounds: readonly Round[]): readonly Round[] {
  const quiet = rounds.filter(isQuiet);
  return quiet.length > 0 ? quiet : rounds;
}

const medianOf = (turns: readonly GrowthTurn[], pick: (turn: GrowthTurn) => number): number =>
  spreadOf(turns.map(pick)).median;

/** Medians: of each part, and of the sum. */
export function costsOf(turns: readonly GrowthTurn[]): Cost & { sum: number } {
  const part = (name: Part): number => medianOf(turns, (turn) => costOf(turn)[name]);
  return {
    application: part("application"),
    PostgreSQL: part("PostgreSQL"),
    Redis: part("Redis"),
    checkpoint: part("checkpoint"),
    sum: medianOf(turns, (turn) => sumOf(costOf(turn))),
  };
}

/** What stands in either database, and what was done before each turn. */
export type Told = { empty: string; full: string; before: string };

/** Each database by itself, then one against the other. */
export function growthResults(rounds: readonly Round[], told: Told): BenchResult[] {
  const quiet = quietOf(rounds);
  const turnsOf = (name: keyof Round) => ({
    all: rounds.map((one) => one[name]),
    quiet: quiet.map((one) => one[name]),
  });
  return [
    ...(["empty", "full"] as const).map((name) => databaseResult(name, told[name], turnsOf(name))),
    comparisonOf(rounds, quiet, told.before),
  ];
}

type Turns = { all: GrowthTurn[]; quiet: GrowthTurn[] };

function databaseResult(name: string, kept: string, { all, quiet }: Turns): BenchResult {
  const updates = (turn: GrowthTurn): number => turn.measured.driven.dueMs.length;
  const each = (pick: (turn: GrowthTurn) => number): number => medianOf(quiet, (turn) => pick(turn) / updates(turn));
  const hits = quiet.reduce((sum, { pages }) => sum + pages.hits, 0);
  const reads = quiet.reduce((sum, { pages }) => sum + pages.reads, 0);
  const last = quiet.at(-1);
  return {
    title: name,
    lines: [
      ["kept", kept],
      ["cost", `${costText(costsOf(quiet))} µs/update`],
      ["by round", all.map((turn) => round(Math.round(sumOf(costOf(turn))))).join(", ")],
      ["updates", updatesText(all)],
      ["first send", latencies(quiet, (turn) => turn.measured.send)],
      ["answer 200", latencies(quiet, (turn) => turn.measured.ack)],
      [
        "buffers",
        `hit ratio ${percent(hits / (hits + reads))}; ${round(each(({ pages }) => pages.reads))} pages read per update`,
      ],
      [
        "log",
        `${round(each(({ pages }) => pages.logBytes) / 1_000)} kB, ${round(each(({ pages }) => pages.fullPages))} whole pages per update`,
      ],
    ],
    targets: lossesOf(name, all),
    doubts: quiet.flatMap(({ round: number, measured }) =>
      doubtsAbout(measured).map((doubt) => `round ${number}: ${doubt}`),
    ),
    ...(last
      ? { cpu: last.measured.cpu, curves: [curveOf(`growth: ${name}, first send`, last.measured.joined.sendMs)] }
      : {}),
    raw: { turns: all.map(rawOf) },
  };
}

function comparisonOf(rounds: readonly Round[], quiet: readonly Round[], before: string): BenchResult {
  const [empty, full] = [quiet.map((one) => one.empty), quiet.map((one) => one.full)];
  const [small, large] = [costsOf(empty), costsOf(full)];
  const grown = (part: Part): string => `${part} ${signed(large[part] - small[part])}`;
  const ratios = rounds.map((one) => sumOf(costOf(one.full)) / sumOf(costOf(one.empty)));
  const p99 = (turns: readonly GrowthTurn[]): number => medianOf(turns, (turn) => turn.measured.send.p99);
  const left = rounds.length - quiet.length;
  return {
    title: "full against empty",
    lines: [
      ["before a turn", before],
      ["grown by", `${PARTS.map(grown).join(", ")}: ${signed(large.sum - small.sum)} µs/update`],
      ["by round", ratios.map((ratio) => ratio.toFixed(2)).join(", ")],
      ["first send p99", `${ms(p99(empty))} empty, ${ms(p99(full))} full`],
    ],
    targets: [atMost("cost per update, full : empty", large.sum / small.sum, COST_RATIO, "")],
    doubts: [
      ...(left > 0 ? [`${left} of ${rounds.length} rounds left out: others used the machine`] : []),
      ...(quiet.every(isQuiet) ? [] : ["NOISY: others used the machine in every round"]),
    ],
    raw: { empty: small, full: large, ratios },
  };
}

const signed = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(0)}`;

const costText = (cost: Cost & { sum: number }): string =>
  `${PARTS.map((part) => `${part} ${cost[part].toFixed(0)}`).join(", ")}: ${cost.sum.toFixed(0)}`;

/** One that meets a connection as it is closed is sent again, as Telegram does. */
function updatesText(turns: readonly GrowthTurn[]): string {
  const sum = (pick: (measured: GrowthTurn["measured"]) => number): string =>
    count(turns.reduce((all, { measured }) => all + pick(measured), 0));
  return `${sum(({ driven }) => driven.dueMs.length)} sent, ${sum(({ accepted }) => accepted)} accepted, ${sum(({ driven }) => driven.resent)} sent again`;
}

function latencies(turns: readonly GrowthTurn[], pick: (turn: GrowthTurn) => { p50: number; p99: number }): string {
  const p99 = spreadOf(turns.map((turn) => pick(turn).p99));
  return `p50 ${ms(medianOf(turns, (turn) => pick(turn).p50))}, p99 ${ms(p99.median)} (${ms(p99.least)} to ${ms(p99.most)})`;
}

const LOSSES = ["not accepted", "lost", "doubled", "half done"];

/** Nothing of these is asked of every turn; the sum over them is shown. */
function lossesOf(name: string, turns: readonly GrowthTurn[]): Target[] {
  const asked = { sendP99Ms: Number.POSITIVE_INFINITY, residentMB: Number.POSITIVE_INFINITY };
  const all = turns.flatMap(({ measured }) => targetsOf(measured, asked));
  return LOSSES.map((loss) => {
    const figures = all.filter((target) => target.name === loss).map(({ figure }) => figure);
    return atMost(
      `${loss}, ${name}`,
      figures.reduce((sum, figure) => sum + figure, 0),
      0,
      "",
    );
  });
}

function rawOf(turn: GrowthTurn) {
  const { round: number, measured, pages, writing } = turn;
  const { send, ack, lag, accepted, refused, kept, drained, drainMs, cpu, resident, driven } = measured;
  return {
    ...{ round: number, cost: costOf(turn), sent: driven.dueMs.length, accepted, refused, kept, drained, drainMs },
    ...{ send, ack, lag, cpu, resident, pages, writing },
  };
}
