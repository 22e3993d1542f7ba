// bench/RESULTS.md and its charts, written anew from the newest raw results of every benchmark.

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { CommandError } from "#src/kernel/errors.ts";
import type { Bench } from "./bench.ts";
import { mergeRuns } from "./merge-runs.ts";
import { type RawRun, readNewest } from "./raw-results.ts";
import { reportFiles } from "./report-md.ts";
import { tell } from "./run.ts";
import { OUT } from "./stage.ts";

/** The order of the report, and of a run of everything. */
export const REPORTED = [
  "start",
  "webhook",
  "tasks",
  "throughput",
  "payment",
  "restart",
  "broadcast",
  "scale",
  "growth",
  "footprint",
  "peers",
  "highest",
  "profile",
] as const;

export const report: Bench = {
  name: "report",
  summary: "writes bench/RESULTS.md and its charts from the newest raw results; measures nothing.",
  flags: [
    { name: "quick", means: "Changes nothing here: it is quick." },
    { name: "runs", value: "N", means: "The N newest results of each benchmark, as one. Default: 1." },
    { name: "json", value: "FILE", means: "Also writes what it has read, as JSON." },
  ],
  async run(flags) {
    await mkdir(OUT, { recursive: true });
    const runs = mergeRuns(readNewest(OUT, REPORTED, flags.number("runs", { least: 1, most: 64 }) ?? 1));
    if (runs.length === 0) throw new CommandError("There are no raw results in bench/out/: run a benchmark first.");
    await writeReport(runs);
    const file = flags.text("json");
    if (file !== undefined) await Bun.write(file, `${JSON.stringify(runs)}\n`);
    return true;
  },
};

export async function writeReport(runs: readonly RawRun[]): Promise<void> {
  for (const [name, text] of Object.entries(reportFiles(runs))) await Bun.write(path.join(import.meta.dir, name), text);
  tell("Written: bench/RESULTS.md and bench/results/.");
}
