// Figures of several contenders next to one another, and who wins by how much. All pure.

export type Figure = {
  name: string;
  unit: string;
  better: "less" | "more";
  /** By contender; NaN = not measured. */
  values: Record<string, number>;
};

/** `ratio`: one's figure for 1 of the other's. `winner`: absent when they are level or one was not measured. */
export type Comparison = { ratio: number; winner?: string };

/** Closer than this nobody wins: two runs of the same program differ by as much. */
const LEVEL = 0.02;

export function compare({ values, better }: Figure, one: string, other: string): Comparison {
  const ratio = (values[one] ?? Number.NaN) / (values[other] ?? Number.NaN);
  if (Number.isNaN(ratio) || Math.abs(ratio - 1) <= LEVEL) return { ratio };
  const oneWins = better === "less" ? ratio < 1 : ratio > 1;
  return { ratio, winner: oneWins ? one : other };
}

/** The cells of a table, its head first: a line for each figure, with the ratios of the first contender to each of the others at its end. */
export function cellsOf(figures: readonly Figure[], contenders: readonly string[]): string[][] {
  const [ours = "", ...others] = contenders;
  const head = ["", ...contenders, ...others.map((other) => `${ours} : ${other}`)];
  const rows = figures.map((figure) => [
    `${figure.name}, ${figure.unit}`,
    ...contenders.map((name) => textOf(figure.values[name] ?? Number.NaN)),
    ...others.map((other) => verdictOf(compare(figure, ours, other))),
  ]);
  return [head, ...rows];
}

function verdictOf({ ratio, winner }: Comparison): string {
  if (Number.isNaN(ratio)) return "–";
  return `${textOf(ratio)} ${winner === undefined ? "level" : `${winner} wins`}`;
}

function textOf(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
