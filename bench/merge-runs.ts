// Several runs of the same benchmark as one: the median of each figure and how far the runs lie apart. Pure.

import { isNoisy } from "./doubts.ts";
import { spreadOf } from "./percentiles.ts";
import type { RawPart, RawRun } from "./raw-results.ts";
import type { Target } from "./targets.ts";

/** Runs in any order; one for each benchmark comes back, in the order in which they are first named. */
export function mergeRuns(runs: readonly RawRun[]): RawRun[] {
  return [...Map.groupBy(runs, (run) => run.bench).values()].flatMap((same) => {
    const [newest] = same.toSorted((a, b) => (a.at < b.at ? 1 : -1));
    if (!newest || same.length === 1) return same;
    const parts = Map.groupBy(
      same.flatMap((run) => run.parts),
      (part) => part.title,
    );
    return [{ ...newest, parts: [...parts.values()].flatMap(mergeParts) }];
  });
}

/** Undisturbed runs only, where there are any; the lines, curves and bars are those of the one in the middle. */
function mergeParts(parts: readonly RawPart[]): RawPart[] {
  const quiet = parts.filter((part) => !isNoisy(part));
  const chosen = quiet.length > 0 ? quiet : parts;
  const middle = middleOf(chosen);
  if (!middle) return [];
  const leftOut = parts.length - chosen.length;
  const runs = `${chosen.length} of ${parts.length}`;
  return [
    {
      ...middle,
      lines: [
        ...(leftOut > 0 ? [["runs", `${runs}; the others were NOISY and left out`] as [string, string]] : []),
        ...middle.lines,
      ],
      targets: middle.targets.map((target) => mergeTarget(target, chosen, parts)),
    },
  ];
}

/** By the first figure that tells of speed. */
function middleOf(parts: readonly RawPart[]): RawPart | undefined {
  const speedOf = ({ targets }: RawPart): number => targets.find(isOfSpeed)?.figure ?? 0;
  const sorted = parts.toSorted((a, b) => speedOf(a) - speedOf(b));
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/** What is lost or doubled is asked for none of; everything else is a measure. */
export const isOfSpeed = ({ most }: Target): boolean => most > 0;

function mergeTarget(target: Target, chosen: readonly RawPart[], all: readonly RawPart[]): Target {
  const figuresIn = (parts: readonly RawPart[]): number[] =>
    parts.flatMap(({ targets }) => targets.filter(({ name }) => name === target.name).map(({ figure }) => figure));
  // Whatever was lost in any run was lost.
  if (!isOfSpeed(target)) return judge({ ...target, figure: Math.max(...figuresIn(all)) });
  const { median, least, most } = spreadOf(figuresIn(chosen));
  return judge({ ...target, figure: median, ...(least < most ? { spread: { least, most } } : {}) });
}

const judge = (target: Target): Target => ({
  ...target,
  met: target.least === undefined ? target.figure <= target.most : target.figure >= target.least,
});
