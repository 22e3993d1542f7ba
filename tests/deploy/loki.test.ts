// deploy/loki/config.alloy, as far as it can be held without Alloy: its form, its parts, and that it reads what we write.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import path from "node:path";
import { openLogBook } from "../support/log-book.ts";
import { projectFolder } from "../support/sources.ts";

type Value = string | Value[] | { [name: string]: Value };
type Block = { name: string; label: string; attributes: Record<string, Value>; blocks: Block[] };

const text = readFileSync(path.join(projectFolder, "deploy/loki/config.alloy"), "utf8");
const TOKEN = /\s*(?:\/\/[^\n]*\s*)*("(?:[^"\\\n]|\\.)*"|[A-Za-z_][\w.]*|[{}[\](),=])/y;

/** Reads Alloy's syntax as far as the file uses it; throws where it does not fit. Names without quotes stand for what they refer to. */
function readAlloy(source: string): Block[] {
  const tokens = [...tokensOf(source.replace(/\s*(\/\/[^\n]*\s*)*$/, ""))];
  const take = (wanted?: string): string => {
    const token = tokens.shift() ?? "the end";
    if (wanted !== undefined && token !== wanted) throw new Error(`${wanted} was expected, not ${token}`);
    return token;
  };
  const until = (close: string, one: () => void): void => {
    while (tokens[0] !== close) {
      one();
      if (tokens[0] !== close) take(",");
    }
    take(close);
  };

  function readBody(close: string | undefined): Pick<Block, "attributes" | "blocks"> {
    const body: Pick<Block, "attributes" | "blocks"> = { attributes: {}, blocks: [] };
    while (tokens[0] !== close) {
      const name = take();
      if (tokens[0] === "=") {
        take("=");
        body.attributes[name] = readValue();
      } else {
        const label = tokens[0]?.startsWith('"') ? JSON.parse(take()) : "";
        take("{");
        body.blocks.push({ name, label, ...readBody("}") });
        take("}");
      }
    }
    return body;
  }

  function readValue(): Value {
    const token = take();
    if (token === "[") {
      const items: Value[] = [];
      until("]", () => items.push(readValue()));
      return items;
    }
    if (token === "{") {
      const fields: Record<string, Value> = {};
      until("}", () => {
        const name = take();
        take("=");
        fields[name] = readValue();
      });
      return fields;
    }
    if (tokens[0] === "(") {
      take("(");
      until(")", readValue);
      return token;
    }
    return token.startsWith('"') ? JSON.parse(token) : token;
  }

  return readBody(undefined).blocks;
}

function* tokensOf(source: string): Generator<string> {
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(source)?.[1];
    if (token === undefined) throw new Error(`unreadable: ${source.slice(at, at + 40)}`);
    yield token;
  }
}

const components = readAlloy(text);
const find = (name: string): Block => {
  const found = components.find((one) => one.name === name);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
};
const stages = find("loki.process").blocks;
const stage = (name: string) => stages.find((one) => one.name === `stage.${name}`)?.attributes ?? {};

/** Part → attributes that it takes, from Alloy's reference (https://grafana.com/docs/alloy/latest/reference/components/loki). */
const KNOWN: Record<string, string[]> = {
  "loki.relabel": ["forward_to"],
  rule: ["source_labels", "separator", "regex", "action", "target_label", "replacement"],
  "loki.source.journal": ["forward_to", "relabel_rules", "max_age", "matches", "labels", "path", "format_as_json"],
  "loki.process": ["forward_to"],
  "stage.json": ["expressions", "source", "drop_malformed"],
  "stage.timestamp": ["source", "format", "fallback_formats", "location", "action_on_failure"],
  "stage.labels": ["values"],
  "stage.structured_metadata": ["values"],
  "stage.label_keep": ["values"],
  "loki.write": ["external_labels", "max_streams"],
  endpoint: ["url", "name", "headers", "basic_auth", "tenant_id"],
};

test("every part and every attribute is one that Alloy knows, and what is referred to is there", () => {
  const all = (blocks: Block[]): Block[] => blocks.flatMap((block) => [block, ...all(block.blocks)]);
  for (const { name, attributes } of all(components))
    expect(Object.keys(attributes).filter((one) => !KNOWN[name]?.includes(one))).toEqual([]);
  const there = new Set(components.map(({ name, label }) => `${name}.${label}`));
  const references = [
    ...text.replace(/"(?:[^"\\]|\\.)*"|\/\/.*/g, "").matchAll(/\b(loki\.\w+(?:\.\w+)*)\.(receiver|rules)\b/g),
  ];
  expect(references).toHaveLength(3);
  expect(references.map(([, one]) => one).filter((one) => !there.has(one ?? ""))).toEqual([]);
});

test("the fields that it takes out of a line are fields that we write", () => {
  const book = openLogBook();
  book.log.info({ fact: "serving" }, "serving");
  const written = Object.keys(JSON.parse(book.text()));
  const taken = stage("json").expressions as Record<string, string>;
  expect(Object.values(taken).filter((name) => !written.includes(name))).toEqual([]);
  expect(Object.keys(taken)).toContain(String(stage("timestamp").source));
  for (const name of ["labels", "structured_metadata"])
    expect(Object.keys(stage(name).values as object).filter((one) => !(one in taken))).toEqual([]);
});

test("only what has few values is a label", () => {
  const labels = ["unit", "level"];
  expect(stage("label_keep").values).toEqual(labels);
  expect(Object.keys(stage("labels").values as object).filter((one) => !labels.includes(one))).toEqual([]);
  expect(stages.at(-1)?.name).toBe("stage.label_keep");
  expect(find("loki.write").attributes.external_labels).toEqual({ host: "constants.hostname" });
  const targets = find("loki.relabel").blocks.map(({ attributes }) => attributes.target_label);
  expect(targets.filter((one) => one !== undefined && !labels.includes(String(one)))).toEqual([]);
});

test("it takes every unit of ours and no other, and names it in the label", () => {
  const rules = find("loki.relabel").blocks.filter(({ attributes }) =>
    String(attributes.source_labels).startsWith("__journal__systemd_unit"),
  );
  const matched = (units: string) =>
    rules
      .map(({ attributes }) => new RegExp(`^(?:${attributes.regex})$`).exec(units))
      .map((found) => found && (found[1] ?? ""));
  expect(matched("grimbots.service;")).toEqual(["", "grimbots"]);
  expect(matched("grimbots-worker@tasks.service;")).toEqual(["", "grimbots-worker@tasks"]);
  expect(matched("init.scope;grimbots-worker@clock.service")).toEqual(["", "grimbots-worker@clock"]);
  for (const other of ["nginx.service;", "init.scope;", "init.scope;nginx.service"])
    expect(matched(other)).toEqual([null, null]);
});

test("the levels of the journal become ours", () => {
  const rules = find("loki.relabel").blocks.filter(({ attributes }) => attributes.target_label === "level");
  const levelOf = (word: string) =>
    rules.find(({ attributes }) => new RegExp(`^(?:${attributes.regex})$`).test(word))?.attributes.replacement;
  const words = ["emerg", "alert", "crit", "error", "warning", "notice", "info"];
  expect(words.map(levelOf)).toEqual(["fatal", "fatal", "fatal", "error", "warn", "info", "info"]);
});
