// Several runs as one: the median counts, except of what was lost; disturbed runs do not.

import { expect, test } from "bun:test";
import { mergeRuns } from "../../bench/merge-runs.ts";
import type { RawRun } from "../../bench/raw-results.ts";
import { atMost } from "../../bench/targets.ts";
import { figureOf, verdictOf } from "../../bench/words.ts";

const run = (at: string, p99: number, lost: number, doubts: string[] = []): RawRun => ({
  ...{ bench: "start", at, isQuick: false, versions: {} },
  parts: [
    {
      ...{ title: "500 per second", doubts, curves: [], rates: [], parts: undefined, table: [] },
      lines: [["p99", String(p99)]],
      targets: [atMost("p99", p99, 15, "ms"), atMost("lost", lost, 0)],
    },
  ],
});

const partOf = (...runs: RawRun[]) => mergeRuns(runs)[0]?.parts[0];

test("the median is what a target is held against, with the spread beside it", () => {
  const part = partOf(run("1", 12, 0), run("2", 40, 0), run("3", 14, 0));
  expect(part?.targets[0]).toMatchObject({ figure: 14, spread: { least: 12, most: 40 }, met: true });
  expect(part?.targets.map(figureOf)).toEqual(["14 ms (12 to 40)", "0"]);
  expect(part?.lines).toEqual([["p99", "14"]]);
});

test("a run that neighbours disturbed is left out, unless there is no other", () => {
  const noisy = run("2", 40, 0, ["NOISY: others"]);
  expect(partOf(run("1", 16, 0), noisy, run("3", 18, 0))?.targets[0]).toMatchObject({ figure: 17, met: false });
  expect(partOf(noisy, noisy)?.targets[0]?.figure).toBe(40);
});

test("what was lost in any run was lost, also in a disturbed one", () => {
  expect(partOf(run("1", 12, 0), run("2", 12, 3, ["NOISY: others"]))?.targets[1]).toMatchObject({
    figure: 3,
    met: false,
  });
});

test("one run alone stays as it is, and each benchmark is merged by itself", () => {
  const other = { ...run("1", 5, 0), bench: "scale" };
  expect(mergeRuns([run("1", 12, 0), other])).toEqual([run("1", 12, 0), other]);
});

test("only what was missed can be in doubt: neighbours make nothing better", () => {
  expect(verdictOf({ met: true }, ["NOISY"])).toBe("met");
  expect(verdictOf({ met: false }, ["NOISY"])).toBe("missed, in doubt");
  expect(verdictOf({ met: false }, [])).toBe("missed");
});
