// Every benchmark in order on one stage, with steps that fit into the time for all; the table of targets, and the report.

import path from "node:path";
import { type Bench, type Flags, readFlags } from "./bench.ts";
import { untilAskedToEnd } from "./ending.ts";
import { isOfSpeed, mergeRuns } from "./merge-runs.ts";
import { findProgram } from "./program.ts";
import { type RawRun, readSince } from "./raw-results.ts";
import { REPORTED, writeReport } from "./report-command.ts";
import { bounds, commonFlags, nameOf, needLinux, tell } from "./run.ts";
import { type OpenStage, OUT, openStage } from "./stage.ts";
import { askedOf, figureOf, verdictOf } from "./words.ts";

/** Flags of each benchmark when all are run: within 90 seconds (`quick`) or ten minutes. Without `quick` it is left out of a quick run. */
const FLAGS: Record<string, { quick?: string; full: string }> = {
  start: { quick: "--seconds 3 --tries 1", full: "--seconds 15 --tries 1" },
  webhook: { quick: "--seconds 2", full: "--seconds 10 --steps 3" },
  tasks: { quick: "--jobs 4000", full: "--jobs 20000" },
  throughput: { quick: "--seconds 2 --steps 2", full: "--seconds 15 --steps 3 --first 1200" },
  payment: { quick: "--only delivery --seconds 1 --bots 3", full: "--seconds 8" },
  restart: { quick: "--seconds 3 --starts 2", full: "--seconds 10" },
  broadcast: { full: "" },
  scale: { full: "" },
  // A twentieth of what a run by its own name keeps; filling even that is too long for the quick run.
  growth: { full: "--messages 500000 --customers 50000 --rows 50000 --seconds 4 --rounds 2 --tries 1" },
  footprint: { quick: "--seconds 3", full: "" },
  // Three programs that each start, warm up and run take a third of the quick run's time.
  peers: { full: "--rate 500 --seconds 8 --rounds 1 --tries 1" },
};
/** They open a stage of their own; the common one rests meanwhile. */
const OWN_STAGE = ["payment", "growth", "peers"];

export function allOf(benches: readonly Bench[]): Bench {
  return {
    name: "all",
    summary: "all of them in order, within ten minutes (--quick: 90 seconds); also what no name at all does.",
    flags: [
      {
        name: "quick",
        means:
          "Within 90 seconds: short steps, without broadcast, scale, growth and peers; fails for what is lost or doubled, not for speed.",
      },
      {
        name: "runs",
        value: "N",
        means:
          "So often in turn; median and spread of each figure, without the runs that neighbours disturbed. Default: 1.",
      },
      { name: "without", value: "LIST", means: "Leave these out, comma-separated." },
      ...commonFlags,
    ],
    async run(flags) {
      needLinux();
      const beganMs = performance.now();
      const since = new Date().toISOString().replaceAll(/[:.]/g, "-");
      // A few seconds say whether something was lost, doubled or left; they say too little of speed to fail for it.
      const isQuick = flags.has("quick");
      const chosen = chosenOf(benches, flags);
      const failed = await runChosen(chosen, flags);
      // A run that broke off left nothing new: an older result must not stand in for it.
      const runs = mergeRuns(readSince(OUT, REPORTED, since));
      // A quick run says too little to stand in for a full one.
      if (!isQuick) await writeReport(runs);
      process.stdout.write(tableOf(runs, failed, (performance.now() - beganMs) / 1_000));
      if (isQuick) process.stdout.write("Speed is shown but not judged: these steps are short.\n");
      const file = flags.text("json");
      if (file !== undefined) await Bun.write(file, `${JSON.stringify(runs)}\n`);
      const targets = runs.flatMap(({ parts }) => parts.flatMap((part) => part.targets));
      return failed.length === 0 && targets.every((target) => target.met || (isQuick && isOfSpeed(target)));
    },
  };
}

function chosenOf(benches: readonly Bench[], flags: Flags): Bench[] {
  const without = flags.text("without")?.split(",") ?? [];
  const isIn = (name: string): boolean => !flags.has("quick") || FLAGS[name]?.quick !== undefined;
  const wanted = REPORTED.filter((name) => !without.includes(name) && isIn(name));
  return wanted.flatMap((name) => benches.filter((bench) => bench.name === name));
}

/** The names of those that broke off, with the reason. */
async function runChosen(benches: Bench[], flags: Flags): Promise<string[]> {
  const program = await findProgram(flags.text("binary"));
  const log = path.join(OUT, `${nameOf("all")}.log`);
  tell("Starting PostgreSQL, Redis, the fake Telegram, the program and the generator …");
  await using stage = await openStage({ bots: 10, processes: 1, program, serving: { program, settings: {} }, log });
  const failed: string[] = [];
  const ended = untilAskedToEnd().catch((error) => error);
  const runs = flags.number("runs", bounds.few) ?? 1;
  for (let run = 1; run <= runs; run++)
    for (const bench of benches) {
      const began = performance.now();
      const broken = await Promise.race([runOne(bench, stage, flags), ended.then((error) => Promise.reject(error))]);
      if (broken !== undefined) failed.push(`${bench.name}: ${broken}`);
      tell(`Run ${run} of ${runs}, ${bench.name}: ${((performance.now() - began) / 1_000).toFixed(1)} s`);
    }
  return failed;
}

/** Why it broke off; undefined when it came to its end. One that breaks does not take the others with it. */
async function runOne(bench: Bench, stage: OpenStage, flags: Flags): Promise<string | undefined> {
  const isQuick = flags.has("quick");
  const words = FLAGS[bench.name]?.[isQuick ? "quick" : "full"] ?? "";
  const binary = flags.text("binary");
  const args = [
    ...words.split(" ").filter(Boolean),
    ...(isQuick ? ["--quick"] : []),
    ...(binary === undefined ? [] : ["--binary", binary]),
  ];
  const hasOwn = OWN_STAGE.includes(bench.name);
  try {
    if (hasOwn) await stage.application.end("SIGTERM");
    await bench.run(readFlags(bench, args), hasOwn ? undefined : stage);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function tableOf(runs: readonly RawRun[], failed: string[], seconds: number): string {
  const rows = runs.flatMap(({ bench, parts }) =>
    parts.flatMap(({ targets, doubts }) =>
      targets.map((target) => {
        const verdict = verdictOf(target, doubts).replace("missed", "MISSED");
        return [bench, target.name, askedOf(target), figureOf(target), verdict];
      }),
    ),
  );
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`);
  const broken = failed.map((reason) => `  BROKE OFF  ${reason}`);
  return `\nTarget and measured, ${seconds.toFixed(0)} s in all\n${[...lines, ...broken].join("\n")}\n`;
}
