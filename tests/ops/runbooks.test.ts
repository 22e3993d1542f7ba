// The operator's handbook: a section for each alert and none besides, and what it names (commands, flags, units, files, settings, metrics) exists.

import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { queueList } from "#queues/index.ts";
import { commands } from "#src/commands/index.ts";
import { settings } from "#src/kernel/config.ts";
import { ofAll, ofProcess } from "#src/kernel/metrics/registries.ts";
import { alerts } from "#src/ops/alerts.ts";
import { projectFolder } from "../support/sources.ts";
import { seriesOf } from "./queries.ts";

const read = (file: string): string => readFileSync(path.join(projectFolder, file), "utf8");
const all = (pattern: RegExp, text: string): string[] => [...text.matchAll(pattern)].map(([, found = ""]) => found);

const handbook = read("docs/operations.md");
const BLOCK = /^```\w*\n([\s\S]*?)^```/gm;
/** What can be pasted, line by line: blocks, and what stands between backticks in the text. */
const pasted = [...all(BLOCK, handbook), ...all(/`([^`]+)`/g, handbook.replace(BLOCK, ""))].join("\n");
const code = pasted.replace(/\s#\s.*$/gm, "").replaceAll("\\x2c", ",");

test("each alert, built in or Prometheus', leads to its section, and each section belongs to one", () => {
  const sections = all(/^### (.+)$/gm, /^## Alerts$([\s\S]*?)^## /m.exec(handbook)?.[1] ?? "");
  expect(sections).toEqual([...alerts.map(({ name }) => name), "nobody_watches", "down"]);
  const addresses = all(/runbook_url: docs\/operations\.md#(\S+)$/gm, read("deploy/prometheus/grimbots.alerts.yml"));
  expect(addresses.toSorted()).toEqual(sections.toSorted());
  expect(read("src/ops/notification.ts")).toContain('"docs/operations.md"');
  const anchors = all(/^#+ (.+)$/gm, handbook).map((heading) => heading.toLowerCase().replace(/[^\w -]/g, ""));
  const links = all(/\]\(#([^)]+)\)/g, handbook);
  expect(links.filter((link) => !anchors.some((anchor) => anchor.replaceAll(" ", "-") === link))).toEqual([]);
});

test("its commands and their flags are the program's", () => {
  const called = all(/(?:^|[|&;(]\s?)grimbots ([a-z][^|&;)\n]*)/gm, code);
  const unknown = called.filter((line) => {
    const command = commands.find(({ words }) => `${line} `.startsWith(`${words} `));
    if (!command) return true;
    const flags = [...command.flags.map(({ name }) => name), "json", "help"];
    const isSurplus = !command.alone && /^ [a-z]/.test(line.slice(command.words.length));
    return isSurplus || all(/ --([a-z-]+)/g, line).some((flag) => !flags.includes(flag));
  });
  expect(unknown).toEqual([]);
  const options = all(/--([a-z-]+)/g, all(/install\.sh([^&|;\n]*)/g, code).join(" "));
  expect(options.filter((option) => !read("deploy/install.sh").includes(`\n  --${option} `))).toEqual([]);
});

test("its units, files, settings and metrics exist", () => {
  const instances = all(/grimbots-worker@([a-z,]+)/g, code).flatMap((list) => list.split(","));
  expect(instances.filter((name) => name !== "all" && !queueList.some((queue) => queue.name === name))).toEqual([]);
  const units = all(/\b(grimbots\.(?:service|target|socket))\b/g, code).map((unit) => `deploy/systemd/${unit}`);
  const installed = handbook.replace(/\/opt\/grimbots\/current\/(?!grimbots)/g, "deploy/");
  const files = [...units, ...all(/\b((?:deploy|docs|src)\/[\w./-]*\w)/g, installed)];
  expect(files.filter((file) => !existsSync(path.join(projectFolder, file)))).toEqual([]);
  const known = settings.flatMap(({ name }): string[] => [name, `${name}_FILE`]);
  expect(all(/\b([A-Z]+(?:_[A-Z]+)+)\b/g, handbook).filter((name) => !known.includes(name))).toEqual([]);
  const series = [...seriesOf(ofProcess, ofAll).keys()];
  const named = all(/\b(grimbots_[a-z_]+)/g, handbook);
  expect(named.filter((name) => !series.some((one) => one.startsWith(name)))).toEqual([]);
});
