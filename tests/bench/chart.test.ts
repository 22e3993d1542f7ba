// Charts: values stand where they belong, axes have units, and a reader who sees nothing is told what is there.

import { expect, test } from "bun:test";
import { barChart, type LineChart, lineChart } from "../../bench/chart.ts";
import { linearScale, logScale, percentileScale } from "../../bench/chart-scale.ts";

const labels = ({ ticks }: { ticks: { label: string }[] }): string[] => ticks.map(({ label }) => label);

test("a linear scale begins at nothing and ends at a round number", () => {
  const scale = linearScale(1_930, [100, 200]);
  expect(labels(scale)).toEqual(["0", "500", "1,000", "1,500", "2,000"]);
  expect([scale.place(0), scale.place(1_000), scale.place(2_000)]).toEqual([100, 150, 200]);
});

test("a linear scale of nothing still has two ends", () => {
  const scale = linearScale(0, [0, 10]);
  expect(scale.ticks.length).toBe(2);
  expect(scale.place(0)).toBe(0);
});

test("a logarithmic scale gives each power of ten the same room, also upside down", () => {
  const scale = logScale(3, 400, [300, 0]);
  expect(labels(scale)).toEqual(["1", "10", "100", "1,000"]);
  expect(scale.place(10)).toBeCloseTo(200);
  expect(scale.place(100)).toBeCloseTo(100);
});

test("one value alone has a scale, too", () => {
  expect(logScale(10, 10, [0, 10]).place(10)).toBe(0);
});

test("each nine of a percentile is as wide as the last", () => {
  const scale = percentileScale(99.9, [0, 300]);
  expect(labels(scale)).toEqual(["0", "50", "90", "99", "99.9"]);
  expect([90, 99, 99.9].map((value) => Math.round(scale.place(value)))).toEqual([100, 200, 300]);
});

const chart: LineChart = {
  title: "Latency <of> & all",
  description: "What it shows.",
  x: { label: "updates per second", kind: "linear" },
  y: { label: "p99 (ms)", kind: "log" },
  series: [
    {
      name: "one",
      points: [
        { x: 100, y: 5 },
        { x: 200, y: 50, isHollow: true },
      ],
    },
  ],
  hasMarks: true,
};

test("a chart says what it is, in words that are escaped, for light and dark ground", () => {
  const svg = lineChart(chart);
  expect(svg).toContain('role="img" aria-labelledby="title description"');
  expect(svg).toContain('<title id="title">Latency &lt;of&gt; &amp; all</title>');
  expect(svg).toContain('<desc id="description">What it shows.</desc>');
  expect(svg).toContain("prefers-color-scheme: dark");
  expect(svg).toContain(">updates per second</text>");
  expect(svg).toContain(">p99 (ms)</text>");
});

test("a mark that did not hold is hollow", () => {
  const svg = lineChart(chart);
  expect(svg.match(/<circle class="full /g)?.length).toBe(1);
  expect(svg.match(/<circle class="hollow /g)?.length).toBe(1);
});

test("what cannot be drawn is left out, and nothing at all is said in words", () => {
  const impossible = [Number.NaN, 0, -1].map((y) => ({ x: 1, y }));
  const some = lineChart({ ...chart, series: [{ name: "one", points: [...impossible, { x: 2, y: 3 }] }] });
  expect(some).not.toMatch(/NaN|Infinity/);
  expect(some.match(/<circle/g)?.length).toBe(1);
  expect(lineChart({ ...chart, series: [] })).toContain("Nothing was measured.");
});

test("bars stack their parts, and a missing or negative part takes no room", () => {
  const bars = [
    { name: "a", parts: { one: 30, two: 20 } },
    { name: "b", parts: { two: -1, three: 50 } },
  ];
  const svg = barChart({ title: "CPU", description: "d", label: "CPU (% of one core)", bars });
  const widths = [...svg.matchAll(/<rect class="full s\d" x="[\d.]+" y="\d+" width="([\d.]+)"/g)].map(
    (match) => match[1],
  );
  expect(widths).toHaveLength(2 * 3 + 3);
  expect(widths[0]).toBe("270.0");
  expect(widths[1]).toBe("180.0");
  expect(svg).toContain(">50.0</text>");
  expect(svg).not.toMatch(/NaN|width="-/);
});
