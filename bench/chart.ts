// Charts as SVG: lines over two axes, and stacked bars. Pure; readable on light and dark ground, and told to screen readers.

import { linearScale, logScale, type Pixels, percentileScale, type Scale } from "./chart-scale.ts";

/** A mark is hollow where `isHollow`: a rate that did not hold. */
export type Point = { x: number; y: number; isHollow?: boolean };
export type Series = { name: string; points: Point[] };
export type Axis = { label: string; kind: "linear" | "log" | "percentile" };
export type LineChart = { title: string; description: string; x: Axis; y: Axis; series: Series[]; hasMarks?: boolean };
export type Bar = { name: string; parts: Record<string, number> };
export type BarChart = { title: string; description: string; label: string; bars: Bar[] };

const WIDTH = 900;
const HEIGHT = 440;
const PLOT = { left: 72, right: 590, top: 48, bottom: 376 };
const LEGEND = { left: 612, top: 60, line: 20, letters: 36 };
const BAR = { left: 250, right: 700, height: 22, gap: 12 };

/** Told apart also without colour: by dashes here, by order in the legend. */
const DASHES = ["none", "6 3", "2 3", "9 3 2 3", "12 4", "4 2 1 2", "1 4", "8 2"];
const LIGHT = ["#0b62b0", "#b3450a", "#14754c", "#8a3a8f", "#8a6500", "#a11d33", "#2e6f7e", "#555d66"];
const DARK = ["#6cb6ff", "#f0883e", "#56d364", "#d2a8ff", "#e3b341", "#ff7b86", "#76d9e6", "#b1bac4"];

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
const at = (value: number): string => value.toFixed(1);
const styleOf = (n: number): number => n % LIGHT.length;

/** Values that a logarithm does not know are left out. */
export function lineChart({ title, description, x, y, series, hasMarks = false }: LineChart): string {
  const isShown = ({ x: across, y: up }: Point): boolean =>
    Number.isFinite(across) && Number.isFinite(up) && (x.kind !== "log" || across > 0) && (y.kind !== "log" || up > 0);
  const shown = series.map((one) => ({ ...one, points: one.points.filter(isShown) }));
  const points = shown.flatMap((one) => one.points);
  const body =
    points.length === 0
      ? text(PLOT.left, PLOT.top + 20, "Nothing was measured.")
      : linesOf(
          shown,
          scaleOf(
            x,
            points.map((point) => point.x),
            [PLOT.left, PLOT.right],
          ),
          scaleOf(
            y,
            points.map((point) => point.y),
            [PLOT.bottom, PLOT.top],
          ),
          { x, y, hasMarks },
        );
  return frame(title, description, HEIGHT, body);
}

function scaleOf({ kind }: Axis, values: number[], pixels: Pixels): Scale {
  const most = Math.max(...values);
  if (kind === "linear") return linearScale(most, pixels);
  return kind === "log" ? logScale(Math.min(...values), most, pixels) : percentileScale(most, pixels);
}

type Drawing = { x: Axis; y: Axis; hasMarks: boolean };

function linesOf(series: Series[], across: Scale, up: Scale, { x, y, hasMarks }: Drawing): string {
  const drawn = series.map(({ points }, n) => {
    const places = points.map((point) => [across.place(point.x), up.place(point.y), point.isHollow] as const);
    const line = places.map(([px, py]) => `${at(px)},${at(py)}`).join(" ");
    const marks = places.map(([px, py, isHollow]) => mark(px, py, n, isHollow === true));
    const path = `<polyline class="line s${styleOf(n)}" stroke-dasharray="${DASHES[styleOf(n)]}" points="${line}"/>`;
    return path + (hasMarks ? marks.join("") : "");
  });
  return axesOf(across, up, x, y) + drawn.join("\n") + legendOf(series.map(({ name }) => name));
}

const mark = (px: number, py: number, n: number, isHollow: boolean): string =>
  `<circle class="${isHollow ? "hollow" : "full"} s${styleOf(n)}" cx="${at(px)}" cy="${at(py)}" r="4"/>`;

function axesOf(across: Scale, up: Scale, x: Axis, y: Axis): string {
  const { left, right, top, bottom } = PLOT;
  const below = across.ticks.map(({ value, label }) => {
    const px = across.place(value);
    return rule(px, top, px, bottom) + text(px, bottom + 18, label, "middle");
  });
  const beside = up.ticks.map(({ value, label }) => {
    const py = up.place(value);
    return rule(left, py, right, py) + text(left - 8, py + 4, label, "end");
  });
  const middle = (top + bottom) / 2;
  const upright = `<text class="label" text-anchor="middle" transform="translate(18 ${middle}) rotate(-90)">${escaped(y.label)}</text>`;
  return [...below, ...beside, text((left + right) / 2, bottom + 42, x.label, "middle", "label"), upright].join("\n");
}

function legendOf(names: string[]): string {
  const { left, top, line, letters } = LEGEND;
  return names
    .map((name, n) => {
      const py = top + n * line;
      const short = name.length > letters ? `${name.slice(0, letters - 1)}…` : name;
      const stroke = `<line class="line s${styleOf(n)}" stroke-dasharray="${DASHES[styleOf(n)]}" x1="${left}" x2="${left + 26}" y1="${py - 4}" y2="${py - 4}"/>`;
      return stroke + text(left + 32, py, short);
    })
    .join("\n");
}

/** One bar below the other; its parts in the order of the first bar that has them. */
export function barChart({ title, description, label, bars }: BarChart): string {
  const names = [...new Set(bars.flatMap(({ parts }) => Object.keys(parts)))];
  const sums = bars.map(({ parts }) => sumOf(parts));
  const bottom = PLOT.top + bars.length * (BAR.height + BAR.gap);
  const across = linearScale(Math.max(...sums, 0), [BAR.left, BAR.right]);
  const ticks = across.ticks.map(({ value, label: words }) => {
    const px = across.place(value);
    return rule(px, PLOT.top - 6, px, bottom) + text(px, bottom + 16, words, "middle");
  });
  const drawn = bars.map((bar, n) => barOf(bar, PLOT.top + n * (BAR.height + BAR.gap), names, across));
  const legend = names.map((name, n) => {
    const py = PLOT.top + 12 + n * LEGEND.line;
    return `<rect class="full s${styleOf(n)}" x="760" y="${py - 11}" width="14" height="12"/>${text(780, py, name)}`;
  });
  const below = text((BAR.left + BAR.right) / 2, bottom + 40, label, "middle", "label");
  const height = Math.max(bottom + 60, PLOT.top + names.length * LEGEND.line + 40);
  return frame(title, description, height, [...ticks, ...drawn, ...legend, below].join("\n"));
}

const sumOf = (parts: Record<string, number>): number =>
  Object.values(parts).reduce((sum, part) => sum + Math.max(0, part), 0);

function barOf({ name, parts }: Bar, top: number, names: string[], across: Scale): string {
  let from = 0;
  const rects = names.map((part, n) => {
    const value = Math.max(0, parts[part] ?? 0);
    const [start, end] = [across.place(from), across.place(from + value)];
    from += value;
    const says = `<title>${escaped(`${name}: ${part} ${at(value)}`)}</title>`;
    return `<rect class="full s${styleOf(n)}" x="${at(start)}" y="${top}" width="${at(end - start)}" height="${BAR.height}">${says}</rect>`;
  });
  const sum = text(across.place(from) + 6, top + 15, at(from));
  return text(BAR.left - 8, top + 15, name, "end") + rects.join("") + sum;
}

const text = (px: number, py: number, words: string, anchor = "start", name = "tick"): string =>
  `<text class="${name}" x="${at(px)}" y="${at(py)}" text-anchor="${anchor}">${escaped(words)}</text>`;

const rule = (x1: number, y1: number, x2: number, y2: number): string =>
  `<line class="rule" x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}"/>`;

function frame(title: string, description: string, height: number, body: string): string {
  const colours = (of: string[]): string =>
    of.map((colour, n) => `.s${n} { stroke: ${colour}; } .full.s${n} { fill: ${colour}; }`).join("\n");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title description">
<title id="title">${escaped(title)}</title>
<desc id="description">${escaped(description)}</desc>
<style>
.ground { fill: #ffffff; } .hollow { fill: #ffffff; }
text { font: 12px system-ui, sans-serif; fill: #1f2328; } .head { font-size: 16px; font-weight: 600; } .label { font-size: 13px; }
.rule { stroke: #d1d9e0; } .line { fill: none; stroke-width: 2; } .hollow { stroke-width: 2; } rect.full { stroke: none; }
${colours(LIGHT)}
@media (prefers-color-scheme: dark) {
.ground { fill: #0d1117; } .hollow { fill: #0d1117; } text { fill: #e6edf3; } .rule { stroke: #3d444d; }
${colours(DARK)}
}
</style>
<rect class="ground" width="${WIDTH}" height="${height}"/>
${text(WIDTH / 2, 26, title, "middle", "head")}
${body}
</svg>
`;
}
