// The side-by-side results for people: a table for each rate and one for the highest rates, with the ratios at its right.

import { type Figure, tableOf } from "./compare.ts";
import { type Contender, OURS } from "./contenders.ts";
import { type Highest, isNoisy, missesOf, type TriedRate, type Turn } from "./peer-rounds.ts";
import { spreadOf } from "./percentiles.ts";

const PARTS = ["application", "PostgreSQL", "Redis"] as const;

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
    figure("arrival → first send p99", "ms", (turn) => turn.measured.send.p99),
    figure("arrival → 200 p50", "ms", (turn) => turn.measured.ack.p50),
    figure("arrival → 200 p99", "ms", (turn) => turn.measured.ack.p99),
    ...PARTS.map((part) => figure(`CPU of ${part}`, "µs/update", (turn) => microsecondsOf(turn, part))),
    figure("CPU of the three", "µs/update", all),
  ];
}

export function contendersText(contenders: readonly Contender[]): string {
  return `\n${contenders.map(({ name, means }) => `  ${name.padEnd(14)} ${means}`).join("\n")}\n`;
}

/** `turns`: all rounds at one rate. */
export function rateReport(perSecond: number, turns: readonly Turn[], contenders: readonly string[]): string {
  const lines = contenders.flatMap((name) => {
    const own = turns.filter((turn) => turn.contender === name);
    const missed = own.flatMap((turn) => missesOf(turn).map((miss) => `round ${turn.round}: ${miss}`));
    const noisy = own.filter(isNoisy).length;
    return [
      ...(noisy > 0
        ? [`  ${name}: ${noisy} of ${own.length} rounds NOISY${noisy < own.length ? ", left out" : ""}`]
        : []),
      ...(missed.length > 0 ? [`  ${name}: NOT held (${missed.join(", ")})`] : []),
      `  ${name}: p99 by round ${own.map((turn) => `${roundOf(turn.measured.send.p99)} ms`).join(", ")}`,
    ];
  });
  return `\n${perSecond} per second\n${tableOf(figuresOf(turns, contenders), contenders)}\n${lines.join("\n")}\n`;
}

export function highestReport(highest: Highest, contenders: readonly string[]): string {
  const values = Object.fromEntries(contenders.map((name) => [name, highest[name]?.perSecond ?? Number.NaN]));
  const lines = contenders.map((name) => `  ${name}: ${(highest[name]?.tried ?? []).map(triedText).join(", ")}`);
  const figure: Figure = { name: "highest rate held", unit: "updates/s", better: "more", values };
  return `\nHighest rate\n${tableOf([figure], contenders)}\n${lines.join("\n")}\n`;
}

function triedText({ perSecond, held, sendP99Ms, missed, doubts }: TriedRate): string {
  const noise = isNoisy({ doubts }) ? ", NOISY" : "";
  return `${perSecond} ${held ? `held (p99 ${roundOf(sendP99Ms)} ms${noise})` : `missed (${missed.join(", ")}${noise})`}`;
}

/** Of grimbots: whether it held every rate. */
export const oursHeld = (turns: readonly Turn[]): boolean =>
  turns.filter((turn) => turn.contender === OURS).every((turn) => missesOf(turn).length === 0);

const roundOf = (value: number): string => value.toFixed(Number.isInteger(value) ? 0 : 1);
