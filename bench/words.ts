// The words for figures: milliseconds, counts, shares, bytes, and a target with what was measured.

import type { Percentiles } from "./percentiles.ts";
import type { Target } from "./targets.ts";

/** Whole numbers as they are, small ones with two decimals. */
export function round(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return value.toFixed(value < 10 ? 2 : 1);
}

export const ms = (value: number): string => `${round(value)} ms`;
export const count = (value: number): string => value.toLocaleString("en");
/** A share of one, as percent. */
export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
export const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(0)} MB`;
export const gigabytes = (bytes: number): string => `${(bytes / 1_000_000_000).toFixed(1)} GB`;

export function latencyOf({ p50, p90, p99, p999, max }: Percentiles): string {
  return `p50 ${ms(p50)}, p90 ${ms(p90)}, p99 ${ms(p99)}, p99.9 ${ms(p999)}, max ${ms(max)}`;
}

/** "at most 10 ms", "at least 5,000 per second". */
export function askedOf({ least, most, unit }: Pick<Target, "least" | "most" | "unit">): string {
  const space = unit && ` ${unit}`;
  return least === undefined ? `at most ${round(most)}${space}` : `at least ${round(least)}${space}`;
}

/** "9.5 ms", "9.5 ms (9 to 11.2)"; a figure that was not measured is a dash. */
export function figureOf({ figure, unit, spread }: Pick<Target, "figure" | "unit" | "spread">): string {
  if (!Number.isFinite(figure)) return "—";
  const apart = spread ? ` (${round(spread.least)} to ${round(spread.most)})` : "";
  return `${round(figure)}${unit && ` ${unit}`}${apart}`;
}

/** Neighbours and a late generator make figures worse, never better: only a target that was missed can be in doubt. */
export function verdictOf(
  target: Pick<Target, "met">,
  doubts: readonly string[],
): "met" | "missed" | "missed, in doubt" {
  if (target.met) return "met";
  return doubts.length > 0 ? "missed, in doubt" : "missed";
}

export function sentenceOf(target: Target): string {
  return `${target.met ? "met   " : "MISSED"} ${target.name} ${figureOf(target)}, asked for ${askedOf(target)}`;
}

/** What each part took of one core. */
export function sharesOf(parts: Record<string, number>): string {
  return Object.entries(parts)
    .map(([part, share]) => `${part} ${percent(share)}`)
    .join(", ");
}

/** A table for a terminal: the first column begins where it begins, the others end where they end. */
export function aligned(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const cellOf = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : `  ${cell.padStart(widths[column] ?? 0)}`;
  return rows.map((row) => `  ${row.map(cellOf).join("")}`.trimEnd()).join("\n");
}
