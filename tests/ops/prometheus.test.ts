// Rules and configuration for Prometheus: promtool accepts them, every alert fires when it should and only then, and what they ask for exists.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import path from "node:path";
import { YAML } from "bun";
import { connectionsPerProcess } from "#src/kernel/limits.ts";
import { ofAll, ofProcess } from "#src/kernel/metrics/registries.ts";
import { alerts } from "#src/ops/alerts.ts";
import { projectFolder } from "../support/sources.ts";
import { toolPath } from "../support/tools.ts";
import { askedIn, seriesOf, unknownIn } from "./queries.ts";

type Rule = {
  record?: string;
  alert?: string;
  expr: string;
  for?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
};

const folder = path.join(projectFolder, "deploy/prometheus");
const read = (name: string): string => readFileSync(path.join(folder, name), "utf8");
const rulesIn = (name: string): Rule[] =>
  (YAML.parse(read(name)) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules);

const recorded = rulesIn("grimbots.recording.yml");
const alerting = rulesIn("grimbots.alerts.yml");

function promtool(...args: string[]): { code: number; said: string } {
  const tool = toolPath("promtool");
  const env = { PATH: process.env.PATH ?? "", ...tool.env };
  const { exitCode, stdout, stderr } = Bun.spawnSync([tool.path, ...args], { cwd: folder, env });
  return { code: exitCode, said: `${stdout}${stderr}` };
}

describe("promtool", () => {
  test("accepts the rules and the configuration", () => {
    for (const args of [
      ["check", "rules", "grimbots.recording.yml", "grimbots.alerts.yml"],
      ["check", "config", "--syntax-only", "prometheus.yml"],
    ]) {
      const { code, said } = promtool(...args);
      expect(code, said).toBe(0);
    }
  });

  test("every alert fires where something is wrong, and not where it only comes near", () => {
    const { code, said } = promtool("test", "rules", "grimbots.test.yml");
    expect(code, said).toBe(0);
    const tested = read("grimbots.test.yml");
    for (const { alert } of alerting) expect(tested).toContain(`ALERTS{alertname="${alert}"}`);
  });
});

const camelCase = (name: string): string =>
  name.replace(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());

test("the alerts are the built-in ones, that nobody looks at those, and that nothing answers at all", () => {
  const names = [...alerts.map(({ name }) => `Grimbots${camelCase(name)}`), "GrimbotsNobodyWatches", "GrimbotsDown"];
  expect(alerting.map(({ alert }) => alert).sort()).toEqual(names.sort());
});

test("every alert says how bad it is, what to do, and where more stands", () => {
  for (const { alert = "", labels, annotations, ...rule } of alerting) {
    expect(rule.for).toMatch(/^\d+[sm]$/);
    expect(["critical", "warning"]).toContain(labels?.severity ?? "");
    expect(annotations?.summary?.length).toBeGreaterThan(10);
    expect(annotations?.description?.length).toBeGreaterThan(60);
    const chapter = alert
      .replace("Grimbots", "")
      .replace(/(?<!^)([A-Z])/g, "_$1")
      .toLowerCase();
    expect(annotations?.runbook_url).toBe(`docs/operations.md#${chapter}`);
  }
});

test("connections of a process are as many here, in the installer and in the handbook as the program opens", () => {
  const told = alerting.find(({ alert }) => alert === "GrimbotsDatabaseConnections")?.annotations?.description;
  expect(told).toContain(`A process takes up to ${connectionsPerProcess}.`);
  const beside = (name: string) => readFileSync(path.join(projectFolder, name), "utf8");
  expect(beside("deploy/install/services.sh")).toContain(`\nCONNECTIONS_PER_PROCESS=${connectionsPerProcess}\n`);
  expect(beside("docs/operations.md")).toContain(`max_connections = ${connectionsPerProcess} × 2 × `);
});

test("what the rules ask for is told or recorded, with the labels they use", () => {
  const known = seriesOf(ofProcess, ofAll);
  for (const { record = "", expr } of recorded) {
    expect(unknownIn(expr, known), record).toEqual([]);
    known.set(record, new Set(askedIn(expr).flatMap(({ labels }) => labels)));
  }
  expect(alerting.map(({ alert, expr }) => [alert, unknownIn(expr, known)])).toEqual(
    alerting.map(({ alert }) => [alert, []]),
  );
});

test("the reading of queries finds what is not there", () => {
  const known = seriesOf(ofProcess, ofAll);
  expect(unknownIn('sum by (process) (rate(grimbots_gone_total{a="b"}[5m])) > 0', known)).toEqual([
    "grimbots_gone_total",
  ]);
  expect(unknownIn('max(grimbots_redis_up{queue="x"})', known)).toEqual(["grimbots_redis_up{queue}"]);
  expect(unknownIn("sum by (le) (rate(grimbots_job_seconds_count[5m]))", known)).toEqual([
    "grimbots_job_seconds_count{le}",
  ]);
});
