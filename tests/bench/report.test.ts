// The report: raw results as the benchmarks write them, also older and incomplete ones, become a table and charts.

import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type RawRun, readNewest, readRun, readSince } from "../../bench/raw-results.ts";
import { reportFiles, targetTable } from "../../bench/report-md.ts";
import { curveOf } from "../../bench/result.ts";
import { atLeast, atMost } from "../../bench/targets.ts";

const versions = { grimbots: "0.1.0", bun: "1.4.5", postgres: "18.4", cores: 2, redisAof: "1" };

/** As it is after a way through a file: what is no number there is null. */
const written = (run: unknown): RawRun => readRun(JSON.parse(JSON.stringify(run)));

const throughput = written({
  ...{ bench: "throughput", at: "2026-01-02T03:04:05.000Z", isQuick: true, versions },
  results: [
    {
      ...{
        title: "highest rate",
        lines: [["1,000/s", "held"]],
        doubts: ["NOISY"],
        cpu: { parts: { application: 0.9 } },
      },
      targets: [atLeast("/start", 1_000, 2_000, "per second"), atMost("lost", Number.NaN, 0, "")],
      rates: [
        { series: "one process", perSecond: 1_500, p50: 20, p99: 80, held: false },
        { series: "one process", perSecond: 1_000, p50: 5, p99: 20, held: true },
      ],
    },
  ],
});

test("targets survive the file: at least, at most, and what was not measured", () => {
  const table = targetTable([throughput]);
  expect(table).toContain("| /start | at least 2,000 per second | 1,000 per second | **missed**, in doubt |");
  expect(table).toContain("| lost | at most 0 | — | **missed**, in doubt |");
});

test("the results of start are read as they are: a step's name, and a curve from its column", () => {
  const sendMs = [...Array.from({ length: 199 }, (_, n) => n + 1), null];
  const step = { name: "500 per second", seconds: 60 };
  const measured = { joined: { sendMs }, cpu: { parts: { application: 0.5 } } };
  const run = written({ bench: "start", versions, results: [{ step, measured, targets: [], doubts: [] }] });
  const [part] = run.parts;
  expect(part?.title).toBe("500 per second for 60 s");
  expect(part?.parts).toEqual({ application: 0.5 });
  expect(part?.curves[0]?.points).toContainEqual([50, 100]);
});

test("a target without a bound asks for nothing", () => {
  const targets = [atMost("lost", 0, 0, ""), atMost("memory", 90, Number.POSITIVE_INFINITY, "MB")];
  const run = written({ bench: "start", results: [{ title: "a step", targets }] });
  expect(run.parts.map((part) => part.targets.map(({ name }) => name))).toEqual([["lost"]]);
});

test("a table of figures is in the report, above the lines", () => {
  const part = {
    title: "side by side",
    table: [
      ["", "a", "b"],
      ["p99, ms", "1", "2"],
    ],
    lines: [["a", "quick"]],
  };
  const { "RESULTS.md": text } = reportFiles([written({ bench: "peers", versions, results: [part] })]);
  expect(text).toContain(
    "### peers: side by side\n\n|  | a | b |\n| --- | --- | --- |\n| p99, ms | 1 | 2 |\n\n- a: quick",
  );
});

test("what is not there is left out", () => {
  expect(readRun({ bench: "peers" })).toMatchObject({ bench: "peers", at: "", isQuick: false, parts: [] });
  expect(readRun({ bench: "peers", results: [{}, null, 3] }).parts).toHaveLength(1);
});

test("a curve ends where fewer than one value lies beyond it", () => {
  const points = curveOf(
    "c",
    Array.from({ length: 100 }, (_, n) => n + 1),
  ).points;
  expect(points.at(-1)).toEqual([99, 99]);
  expect(curveOf("c", [Number.NaN, null]).points).toEqual([]);
});

test("the report holds table, charts and figures, and says that a run was short", () => {
  const files = reportFiles([throughput]);
  expect(Object.keys(files)).toEqual(["RESULTS.md", "results/latency.svg", "results/rate.svg", "results/cpu.svg"]);
  expect(files["RESULTS.md"]).toContain("Short runs (`--quick`), which say less: throughput.");
  expect(files["RESULTS.md"]).toContain("### throughput: highest rate");
  expect(files["RESULTS.md"]).toContain("- in doubt: NOISY");
  expect(files["results/rate.svg"]).toContain("<circle");
  expect(files["results/cpu.svg"]).toContain("application");
});

test("the newest file of each benchmark counts, and only those since a time when one is told", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bench-report-"));
  try {
    const write = (name: string, title: string): void =>
      writeFileSync(path.join(folder, name), JSON.stringify({ bench: "scale", results: [{ title }] }));
    write("scale-2026-01-02T03-04-05-000Z.json", "old");
    write("scale-2026-02-02T03-04-05-000Z.json", "new");
    write("scale-mine.json", "another");
    expect(readNewest(folder, ["start", "scale"]).map((run) => run.parts[0]?.title)).toEqual(["new"]);
    expect(readSince(folder, ["scale"], "2026-03-01")).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
