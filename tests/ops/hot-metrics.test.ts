// Counters and histograms of our own tell what prom-client's tell.

import { expect, test } from "bun:test";
import { Counter, Histogram, Registry } from "prom-client";
import { openCounter, openHistogram } from "#src/kernel/metrics/hot.ts";

const BUCKETS = [0.1, 0.5, 2];

test("what is counted is written as prom-client writes it", async () => {
  const [ours, theirs] = [new Registry(), new Registry()];
  const plain = { name: "grimbots_plain_total", help: "Plain." };
  const labelled = { name: "grimbots_labelled_total", help: "Labelled.", labelNames: ["kind", "outcome"] as const };
  const seconds = { name: "grimbots_plain_seconds", help: "Seconds.", buckets: BUCKETS };
  const perKind = {
    name: "grimbots_kind_seconds",
    help: "Seconds by kind.",
    labelNames: ["kind"] as const,
    buckets: BUCKETS,
  };
  const registers = [ours];
  const mine = [
    ...[openCounter({ ...plain, registers }), openCounter({ ...labelled, registers })],
    ...[openHistogram({ ...seconds, registers }), openHistogram({ ...perKind, registers })],
  ] as const;
  const others = [
    ...[new Counter({ ...plain, registers: [theirs] }), new Counter({ ...labelled, registers: [theirs] })],
    ...[new Histogram({ ...seconds, registers: [theirs] }), new Histogram({ ...perKind, registers: [theirs] })],
  ] as const;
  for (const [counter, pairs, histogram, kinds] of [mine, others] as const) {
    (counter as Counter).inc();
    (counter as Counter).inc(4);
    (pairs as Counter<"kind" | "outcome">).inc({ kind: "a", outcome: 'says "no"\n' }, 3);
    (pairs as Counter<"kind" | "outcome">).inc({ outcome: "yes", kind: "a" });
    for (const value of [0.1, 0.100001, 2, 3, 0]) (histogram as Histogram).observe(value);
    for (const kind of ["a", "b", "a"]) (kinds as Histogram<"kind">).observe({ kind }, 0.25);
  }
  const sorted = async (registry: Registry) => (await registry.metrics()).split("\n").map(byLabel).sort();
  expect(await sorted(ours)).toEqual(await sorted(theirs));
});

/** The labels of a line have no order that matters. */
const byLabel = (line: string): string =>
  line.replace(
    /\{(.*)\}/,
    (_, labels: string) =>
      `{${labels
        .split(/,(?=[a-z]+=")/)
        .sort()
        .join(",")}}`,
  );

test("a counter without labels, and a histogram, are 0 before anything was counted", async () => {
  const registry = new Registry();
  openCounter({ name: "grimbots_a_total", help: "A.", registers: [registry] });
  openHistogram({ name: "grimbots_b_seconds", help: "B.", buckets: [1], registers: [registry] });
  const text = await registry.metrics();
  expect(text).toContain("grimbots_a_total 0");
  expect(text).toContain("grimbots_b_seconds_count 0");
});
