// Results of the payment benchmark for people: one block of lines per part, and the words for its figures.

import type { Use } from "./payment-measure.ts";
import type { Percentiles } from "./percentiles.ts";
import type { Target } from "./targets.ts";
import { count, megabytes, percent } from "./words.ts";

/** A measured part of a run. `raw`: what goes into the file of results beside it. */
export type PaymentResult = {
  title: string;
  lines: [name: string, text: string][];
  targets: Target[];
  doubts: string[];
  use: Use;
  raw: Record<string, unknown>;
};

export function paymentReport({ title, lines, targets, doubts, use }: PaymentResult): string {
  const all: [string, string][] = [
    ...lines,
    ["CPU of others", othersOf(use)],
    ["memory", `at most ${Object.values(use.resident).map(megabytes).join(", ")}`],
    ["fsync of disk", `before ${syncOf(use.fsync.before)}; after ${syncOf(use.fsync.after)}`],
    ...doubts.map((doubt): [string, string] => ["doubt", doubt]),
    ...targets.map((target): [string, string] => ["target", sentenceOf(target)]),
  ];
  return `\npayment: ${title}\n${all.map(([name, text]) => `  ${name.padEnd(16)} ${text}`).join("\n")}\n`;
}

/** What each of `things` took of every process of the run, and of the database. */
export function costOf({ cpu, commits, logBytes }: Use, what: string, things: number): [string, string][] {
  const parts = Object.entries(cpu.parts).map(([part, share]) => {
    return `${part} ${(share * 100).toFixed(0)} % (${((share * cpu.seconds * 1_000) / things).toFixed(2)} ms)`;
  });
  const each = `${(commits / things).toFixed(1)} commits, ${(logBytes / things / 1_024).toFixed(1)} KiB of PostgreSQL's log`;
  return [
    [`CPU (per ${what})`, `${parts.join(", ")} of a core`],
    [`per ${what}`, each],
  ];
}

export function latencyOf({ p50, p90, p99, p999, max }: Percentiles): string {
  return `p50 ${ms(p50)}, p90 ${ms(p90)}, p99 ${ms(p99)}, p99.9 ${ms(p999)}, max ${ms(max)}`;
}

/** Things with how many there are of each: "lost 3, delivered 1,000". */
export function numbersOf(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([name, many]) => `${name} ${count(many)}`)
    .join(", ");
}

/** Each figure less what it was before. */
export function grown(now: Record<string, number>, before: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(now).map(([name, value]) => [name, value - (before[name] ?? 0)]));
}

function othersOf({ cpu: { others, kernel, interrupts, stolen } }: Use): string {
  return `processes ${percent(others)} of a core; kernel threads ${percent(kernel)}, interrupts ${percent(interrupts)}, stolen by the host ${percent(stolen)}`;
}

function sentenceOf({ name, figure, most, unit, met }: Target): string {
  const space = unit && ` ${unit}`;
  return `${met ? "met   " : "MISSED"} ${name} ${round(figure)}${space}, asked for at most ${round(most)}${space}`;
}

const ms = (value: number): string => `${round(value)} ms`;
const round = (value: number): string => value.toFixed(Number.isInteger(value) ? 0 : value < 10 ? 2 : 1);
const syncOf = ({ p50, p99 }: Percentiles): string => `p50 ${ms(p50)}, p99 ${ms(p99)}`;
