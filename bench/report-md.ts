// bench/RESULTS.md from raw results: the table of targets, the charts, and each benchmark's figures. Pure.

import { type Bar, barChart, lineChart } from "./chart.ts";
import { losers } from "./losers.ts";
import type { RawRun } from "./raw-results.ts";
import { askedOf, figureOf, verdictOf } from "./words.ts";

/** Files beside RESULTS.md by their name, with their text. */
export type ReportFiles = Record<string, string>;

/** A chart with more lines than this says nothing. */
const MOST_SERIES = 8;

export function reportFiles(runs: readonly RawRun[]): ReportFiles {
  return {
    "RESULTS.md": markdownOf(runs),
    "results/latency.svg": latencyChart(runs),
    "results/rate.svg": rateChart(runs),
    "results/cpu.svg": cpuChart(runs),
  };
}

function markdownOf(runs: readonly RawRun[]): string {
  const quick = runs.filter((run) => run.isQuick).map((run) => run.bench);
  return [
    "# Results of the benchmarks",
    "Written by `npm run bench` (or, from the newest raw results, by `npm run bench -- report`); not edited by hand.",
    machineOf(runs),
    ...(quick.length > 0 ? [`Short runs (\`--quick\`), which say less: ${quick.join(", ")}.`] : []),
    "## Targets",
    targetTable(runs),
    "## Charts",
    "![Percentiles of latency](results/latency.svg)",
    "![Latency against rate](results/rate.svg)",
    "![CPU by process](results/cpu.svg)",
    "## Figures",
    ...runs.flatMap(sectionsOf),
    "## What was tried and lost",
    "Measured when it was tried, on machines like the one above.",
    markdownTable([
      ["Tried", "What stayed", "Measured"],
      ...losers.map(({ tried, stayed, figures }) => [tried, stayed, figures]),
    ]),
    "",
  ].join("\n\n");
}

function machineOf(runs: readonly RawRun[]): string {
  const { versions = {}, at = "" } = runs.toSorted((a, b) => (a.at < b.at ? 1 : -1))[0] ?? {};
  const { grimbots, bun, postgres, redis, fsync, synchronousCommit, redisAof, cores, cpu, system } = versions;
  const services = `PostgreSQL ${postgres} (fsync ${fsync}, synchronous_commit ${synchronousCommit}), Redis ${redis} (AOF ${redisAof === "1" ? "on" : "off"})`;
  const when = at === "" ? "" : ` Last run: ${at}.`;
  return `grimbots ${grimbots}, Bun ${bun}, ${services}; ${cores} cores ${cpu}, ${system}; everything on this one machine.${when}`;
}

/** All targets of all runs; a run without any is in the figures only. */
export function targetTable(runs: readonly RawRun[]): string {
  const rows = runs.flatMap(({ bench, parts }) =>
    parts.flatMap(({ title, targets, doubts }) =>
      targets.map((target) => {
        const verdict = verdictOf(target, doubts).replace("missed", "**missed**");
        return [bench, title, target.name, askedOf(target), figureOf(target), verdict];
      }),
    ),
  );
  const head = ["Benchmark", "Part", "What", "Target", "Measured", ""];
  return markdownTable([head, ...rows]);
}

/** Empty for nothing. */
export function markdownTable([head, ...rows]: readonly string[][]): string {
  const line = (cells: string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return head ? [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n") : "";
}

function sectionsOf({ bench, parts }: RawRun): string[] {
  return parts.flatMap(({ title, lines, doubts, table }) => {
    const all = [
      ...lines.map(([name, text]) => `- ${name}: ${text}`),
      ...doubts.map((doubt) => `- in doubt: ${doubt}`),
    ];
    const blocks = [markdownTable(table), all.join("\n")].filter((block) => block !== "");
    return blocks.length === 0 ? [] : [`### ${bench}: ${title}`, ...blocks];
  });
}

function latencyChart(runs: readonly RawRun[]): string {
  const curves = runs.flatMap(({ parts }) => parts.flatMap((part) => part.curves)).slice(0, MOST_SERIES);
  return lineChart({
    title: "Latency by percentile",
    description: "From the intended arrival of an update until the first message or the answer; lower is better.",
    x: { label: "percentile of updates (%)", kind: "percentile" },
    y: { label: "latency (ms, logarithmic)", kind: "log" },
    series: curves.map(({ name, points }) => ({ name, points: points.map(([x, y]) => ({ x, y })) })),
  });
}

function rateChart(runs: readonly RawRun[]): string {
  const rates = runs.flatMap(({ parts }) => parts.flatMap((part) => part.rates));
  const series = [...Map.groupBy(rates, (rate) => rate.series)].map(([name, points]) => ({
    name,
    points: points
      .toSorted((a, b) => a.perSecond - b.perSecond)
      .map(({ perSecond, p99, held }) => ({ x: perSecond, y: p99, isHollow: !held })),
  }));
  return lineChart({
    title: "p99 latency against rate",
    description: "Each mark is a step of a search; hollow marks did not hold. Lower and further right is better.",
    x: { label: "updates per second", kind: "linear" },
    y: { label: "p99 latency (ms, logarithmic)", kind: "log" },
    series: series.slice(0, MOST_SERIES),
    hasMarks: true,
  });
}

function cpuChart(runs: readonly RawRun[]): string {
  const bars = runs.flatMap(({ bench, parts }) =>
    parts.flatMap((part): Bar[] => {
      if (!part.parts) return [];
      const percents = Object.entries(part.parts).map(([name, share]) => [name, share * 100] as const);
      return [{ name: shorten(`${bench}: ${part.title}`), parts: Object.fromEntries(percents) }];
    }),
  );
  return barChart({
    title: "CPU by process",
    description: "What each part of a run took of one core while it was measured.",
    label: "CPU (% of one core)",
    bars,
  });
}

const shorten = (name: string): string => (name.length > 36 ? `${name.slice(0, 35)}…` : name);
