// Raw results of earlier runs, read leniently: every benchmark keeps a little more than what the report needs.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { type BenchResult, type Curve, curveOf, type RatePoint } from "./result.ts";
import type { Target } from "./targets.ts";

/** A measured part as the report needs it. `parts`: shares of a core, by part. */
export type RawPart = Pick<BenchResult, "title" | "lines" | "targets" | "doubts"> & {
  curves: Curve[];
  rates: RatePoint[];
  parts: Record<string, number> | undefined;
  /** Head and rows; empty = none. */
  table: string[][];
};
export type RawRun = {
  bench: string;
  /** When it ended, ISO 8601; "" = not told. */
  at: string;
  isQuick: boolean;
  versions: Record<string, string | number>;
  parts: RawPart[];
};

type Loose = Record<string, unknown>;
const isLoose = (value: unknown): value is Loose =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const loose = (value: unknown): Loose => (isLoose(value) ? value : {});
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
/** JSON has no NaN and no infinity: both were written as null. */
const numberOf = (value: unknown, absent: number): number => (typeof value === "number" ? value : absent);

/** The `most` newest files of each benchmark in `folder`, by the time in their names, in the order of `names`. */
export function readNewest(folder: string, names: readonly string[], most = 1): RawRun[] {
  return names.flatMap((name) => readFiles(folder, filesOf(folder, name).slice(-most)));
}

/** All files of each benchmark in `folder` that are later than `since`, as their names tell time, in the order of `names`. */
export function readSince(folder: string, names: readonly string[], since: string): RawRun[] {
  return names.flatMap((name) =>
    readFiles(
      folder,
      filesOf(folder, name).filter((file) => file > `${name}-${since}`),
    ),
  );
}

/** From the oldest to the newest. */
function filesOf(folder: string, name: string): string[] {
  const files = readdirSync(folder).filter((file) => /^[a-z]+-\d{4}-\d\d-\d\dT[\d-]+Z\.json$/.test(file));
  return files.filter((file) => file.startsWith(`${name}-`)).toSorted();
}

const readFiles = (folder: string, files: readonly string[]): RawRun[] =>
  files.map((file) => readRun(JSON.parse(readFileSync(path.join(folder, file), "utf8"))));

export function readRun(value: unknown): RawRun {
  const { bench, at, isQuick, versions, results } = loose(value);
  return {
    bench: String(bench),
    at: typeof at === "string" ? at : "",
    isQuick: isQuick === true,
    versions: loose(versions) as RawRun["versions"],
    parts: listOf(results)
      .filter(isLoose)
      .map((part) => readPart(String(bench), part)),
  };
}

function readPart(bench: string, part: Loose): RawPart {
  const measured = loose(part.measured);
  const cpu = [part.cpu, measured.cpu, loose(part.use).cpu].find(isLoose);
  return {
    title: titleOf(part),
    lines: listOf(part.lines) as RawPart["lines"],
    targets: targetsIn(part),
    doubts: listOf(part.doubts).map(String),
    curves: Array.isArray(part.curves) ? (part.curves as Curve[]) : curvesOf(bench, part),
    rates: readRates(part.rates),
    parts: cpu && (loose(cpu.parts) as Record<string, number>),
    table: listOf(part.table).map((row) => listOf(row).map(String)),
  };
}

/** A step of `start` has a name and a length instead. */
function titleOf(part: Loose): string {
  if (typeof part.title === "string") return part.title;
  const { name, seconds } = loose(part.step);
  return `${String(name)} for ${String(seconds)} s`;
}

/** Without a bound nothing is asked for. */
function targetsIn({ targets }: Loose): Target[] {
  const all = listOf(targets).filter(isLoose).map(readTarget);
  return all.filter(({ least, most }) => least !== undefined || Number.isFinite(most));
}

function readTarget(target: Loose): Target {
  const least = typeof target.least === "number" ? { least: target.least } : {};
  const figure = numberOf(target.figure, Number.NaN);
  const most = numberOf(target.most, Number.POSITIVE_INFINITY);
  return {
    name: String(target.name),
    figure,
    ...least,
    most,
    unit: String(target.unit ?? ""),
    met: target.met === true,
  };
}

function readRates(rates: unknown): RatePoint[] {
  return listOf(rates)
    .filter(isLoose)
    .map((rate) => ({
      series: String(rate.series),
      perSecond: numberOf(rate.perSecond, Number.NaN),
      p50: numberOf(rate.p50, Number.NaN),
      p99: numberOf(rate.p99, Number.NaN),
      held: rate.held === true,
    }));
}

/** From a column of milliseconds by arrival. */
function curvesOf(bench: string, part: Loose): Curve[] {
  const sendMs = loose(loose(part.measured).joined).sendMs;
  if (Array.isArray(sendMs)) return [curveOf(`${bench}: ${titleOf(part)}`, sendMs as (number | null)[])];
  return [];
}
