// A measured part of a benchmark, as the report, the table and the charts read it.

import type { CpuUse } from "./cpu.ts";
import type { Target } from "./targets.ts";
import { aligned, sentenceOf } from "./words.ts";

/** Percentile (0 to 100) and the value there, from low to high. */
export type Curve = { name: string; points: [percentile: number, ms: number][] };

/** What a rate cost in latency. */
export type RatePoint = { series: string; perSecond: number; p50: number; p99: number; held: boolean };

export type BenchResult = {
  title: string;
  lines: [name: string, text: string][];
  targets: Target[];
  /** Why the figures say less than they seem to; empty = a clean run. */
  doubts: string[];
  curves?: Curve[];
  rates?: RatePoint[];
  cpu?: CpuUse;
  /** Head and rows. */
  table?: string[][];
  /** Whatever else goes into the file of results. */
  raw?: Record<string, unknown>;
};

export function blockOf(bench: string, { title, lines, targets, doubts, table = [] }: BenchResult): string {
  const all: [string, string][] = [
    ...lines,
    ...doubts.map((doubt): [string, string] => ["doubt", doubt]),
    ...targets.map((target): [string, string] => ["target", sentenceOf(target)]),
  ];
  const head = table.length > 0 ? `${aligned(table)}\n` : "";
  return `\n${bench}: ${title}\n${head}${all.map(([name, text]) => `  ${name.padEnd(16)} ${text}`).join("\n")}\n`;
}

/** Where a curve is drawn: close together where the tail is. */
const PERCENTILES = [
  ...[0, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92, 94, 95, 96, 97, 98, 99],
  ...[99.2, 99.4, 99.5, 99.6, 99.7, 99.8, 99.9, 99.95, 99.99],
];

/** By nearest rank, as percentiles.ts; NaN and null, "never happened", are left out. */
export function curveOf(name: string, values: ArrayLike<number | null>): Curve {
  const sorted = Float64Array.from(Array.from(values).filter((value) => value !== null && !Number.isNaN(value))).sort();
  const points = PERCENTILES.flatMap((percentile): Curve["points"] => {
    const beyond = sorted.length * (1 - percentile / 100);
    // Fewer than one value lies beyond it: the percentile would be the maximum by another name.
    if (sorted.length === 0 || beyond < 1) return [];
    return [[percentile, sorted[Math.max(0, Math.ceil((percentile / 100) * sorted.length) - 1)] ?? Number.NaN]];
  });
  return { name, points };
}
