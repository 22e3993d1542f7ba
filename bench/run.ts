// What every benchmark does around its measuring: finds the program, opens a stage or takes the one it is lent, bounds the time, prints,
// and keeps the raw results; and the flags that several of them have.

import path from "node:path";
import { CommandError } from "#src/kernel/errors.ts";
import type { Bounds, Flag, Flags } from "./bench.ts";
import type { CpuUse } from "./cpu.ts";
import { boundedBy } from "./ending.ts";
import { findProgram } from "./program.ts";
import { headOf } from "./report.ts";
import { type BenchResult, blockOf } from "./result.ts";
import { type OpenStage, OUT, openStage } from "./stage.ts";
import { readVersions, type Versions } from "./versions.ts";
import { writeResults } from "./write-results.ts";

export const QUICK: Flag = { name: "quick", means: "Shorter steps; the targets are the same." };
export const commonFlags: readonly Flag[] = [
  { name: "json", value: "FILE", means: "Where the raw results go. Default: a new file in bench/out/." },
  { name: "binary", value: "FILE", means: "Measure this executable. Default: dist/grimbots, built when outdated." },
];

/** With the usual default, which each benchmark knows by itself: one with another says so in its own `means`. */
export const secondsFlag: Flag = { name: "seconds", value: "N", means: "Length of each step. Default: 30." };
export const botsFlag: Flag = {
  name: "bots",
  value: "N",
  means: "Bots that the updates are spread over. Default: 10.",
};
export const processesFlag: Flag = { name: "processes", value: "N", means: "Processes of the program. Default: 1." };

/** Of numbers that several benchmarks take. `few`: runs, tries, processes. */
export const bounds = {
  seconds: { least: 1, most: 600 },
  bots: { least: 1, most: 1_000 },
  few: { least: 1, most: 64 },
  /** Of a search for the highest rate: its most steps, and the rate at which it begins. */
  steps: { least: 1, most: 20 },
  first: { least: 10, most: 50_000 },
} satisfies Record<string, Bounds>;

export type Run = {
  bench: string;
  flags: Flags;
  /** A stage that several benchmarks use one after the other; absent = one of its own. */
  lent?: OpenStage | undefined;
  bots: number;
  processes: number;
  /** The measuring is given up after this. */
  mostMs: number;
  measure(stage: OpenStage, show: (result: BenchResult) => void): Promise<void>;
};

export const needLinux = (): void => {
  if (process.platform !== "linux") throw new CommandError("CPU is read from /proc: the benchmark needs Linux.");
};

/** True when every target was met. */
export async function runBench({ bench, flags, lent, bots, processes, mostMs, measure }: Run): Promise<boolean> {
  needLinux();
  const name = nameOf(bench);
  await using stage = lent ? await borrow(lent, processes) : await openOwn({ flags, name, bots, processes });
  const versions = await readVersions(stage);
  if (!lent) process.stdout.write(headOf(versions));
  const results: BenchResult[] = [];
  const show = (result: BenchResult): void => {
    results.push(result);
    process.stdout.write(blockOf(bench, result));
  };
  await boundedBy(mostMs, bench, measure(stage, show));
  await keepResults({ bench, flags, name, facts: { bots, processes, versions }, results });
  return results.every(({ targets }) => targets.every(({ met }) => met));
}

/** Where the programs of a run write theirs. */
export const logOf = (name: string): string => path.join(OUT, `${name}.log`);

export const nameOf = (bench: string): string => `${bench}-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`;

type Facts = { versions: Versions; atRest?: CpuUse; [fact: string]: unknown };

export async function keepResults<Result>(options: {
  bench: string;
  flags: Flags;
  name: string;
  facts: Facts;
  results: Result[];
}): Promise<void> {
  const { bench, flags, name, facts, results } = options;
  const file = flags.text("json") ?? path.join(OUT, `${name}.json`);
  const isQuick = flags.has("quick");
  await writeResults(file, { bench, at: new Date().toISOString(), isQuick, ...facts, results });
  tell(`Raw results: ${path.relative(".", file)}`);
}

async function openOwn(options: { flags: Flags; name: string; bots: number; processes: number }): Promise<OpenStage> {
  const { flags, name, bots, processes } = options;
  const program = await findProgram(flags.text("binary"));
  tell("Starting PostgreSQL, Redis, the fake Telegram, the program and the generator …");
  return openStage({ bots, processes, program, serving: { program, settings: {} }, log: logOf(name) });
}

/** A program that has just started, and the usual bots; the stage outlives the borrower. */
export async function borrow(lent: OpenStage, processes: number): Promise<OpenStage> {
  await lent.application.end("SIGTERM");
  await lent.application.start(processes);
  await lent.aim(lent.bots);
  return { ...lent, [Symbol.asyncDispose]: async () => undefined };
}

/**
 * Code is compiled, connections are open, and every bot's photo has its file_id. It takes the runtime some ten thousand updates until a
 * batch costs what it costs from then on (10 s at 1,200/s: a batch's statement 6.7 ms at first, 4.8 ms at last).
 */
export async function warmUp({ load }: OpenStage, seconds: number, perSecond = WARM_PER_SECOND): Promise<void> {
  tell("Warming up …");
  const driven = await load.drive({ perSecond, seconds, schedule: "poisson", seed: 0 });
  if (driven.status.every((status) => status !== 200))
    throw new CommandError("The program accepted none of the updates of the warm-up; its log is in bench/out/.");
}

const WARM_PER_SECOND = 700;

export const tell = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
