// The dashboards: JSON that Grafana takes, whose every query asks for what Prometheus has.

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { YAML } from "bun";
import { ofAll, ofProcess } from "#src/kernel/metrics/registries.ts";
import { projectFolder } from "../support/sources.ts";
import { askedIn, seriesOf, unknownIn } from "./queries.ts";

type Target = { refId: string; expr: string; datasource: unknown };
type Panel = {
  id: number;
  type: string;
  title: string;
  datasource?: unknown;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: Target[];
};
type Dashboard = {
  uid: string;
  title: string;
  schemaVersion: number;
  templating: { list: { name: string; type: string; datasource?: unknown; definition?: string }[] };
  panels: Panel[];
};

const deploy = path.join(projectFolder, "deploy");
const folder = path.join(deploy, "grafana/dashboards");
const files = readdirSync(folder);
const dashboards = files.map((file) => JSON.parse(readFileSync(path.join(folder, file), "utf8")) as Dashboard);
const DATASOURCE = { type: "prometheus", uid: `\${datasource}` };

/** What Prometheus has: what is told, and what the recording rules make of it. */
const known = seriesOf(ofProcess, ofAll);
const recording = YAML.parse(readFileSync(path.join(deploy, "prometheus/grimbots.recording.yml"), "utf8"));
for (const { rules } of (recording as { groups: { rules: { record: string; expr: string }[] }[] }).groups)
  for (const { record, expr } of rules) known.set(record, new Set(askedIn(expr).flatMap(({ labels }) => labels)));

test("there is one for the overview, Telegram, payments and the processes", () => {
  expect(files.sort()).toEqual(["overview", "payments", "process", "telegram"].map((name) => `grimbots-${name}.json`));
  expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(4);
});

test("Grafana is told where they stand once they are installed", () => {
  const { apiVersion, providers } = YAML.parse(readFileSync(path.join(deploy, "grafana/provisioning.yml"), "utf8")) as {
    apiVersion: number;
    providers: { type: string; options: { path: string } }[];
  };
  expect(apiVersion).toBe(1);
  expect(providers.map(({ type, options }) => [type, options.path])).toEqual([
    ["file", "/opt/grimbots/current/grafana/dashboards"],
  ]);
});

describe.each(dashboards.map((one) => [one.uid, one] as const))("%s", (_, { schemaVersion, templating, panels }) => {
  const shown = panels.filter(({ type }) => type !== "row");

  test("has the current schema, and its source and installation as variables", () => {
    expect(schemaVersion).toBe(42);
    expect(templating.list.map(({ name, type }) => [name, type])).toEqual([
      ["datasource", "datasource"],
      ["job", "query"],
    ]);
    expect(templating.list[1]?.definition).toBe("label_values(grimbots_build_info, job)");
    expect(known.has("grimbots_build_info")).toBe(true);
    for (const { datasource, targets = [] } of shown)
      for (const one of [datasource, ...targets.map((target) => target.datasource)]) expect(one).toEqual(DATASOURCE);
  });

  test("asks only for what is told or recorded, of the chosen installation", () => {
    const queries = shown.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
    expect(queries.length).toBeGreaterThanOrEqual(shown.length);
    for (const { title, expr } of queries) {
      expect(unknownIn(expr, known), `${title}: ${expr}`).toEqual([]);
      for (const { name, labels } of askedIn(expr)) expect(labels, `${title}: ${name}`).toContain("job");
    }
  });

  test("shows every panel at a place of its own", () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const {
      title,
      gridPos: { x, y, w, h },
    } of panels) {
      expect(x + w, title).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++)
        for (let line = y; line < y + h; line++) {
          expect(taken.has(`${column}:${line}`), title).toBe(false);
          taken.add(`${column}:${line}`);
        }
    }
  });
});
