// Whether a measured step is what was asked for: each target with its figure.

import type { Measured } from "./measure.ts";

/** With `least` it is asked for at least that, and `most` is infinite. `spread`: of several runs, whose median the figure then is. */
export type Target = {
  name: string;
  figure: number;
  spread?: { least: number; most: number };
  least?: number;
  most: number;
  unit: string;
  met: boolean;
};

const MEGABYTE = 1_000_000;

/** A figure that was not measured (NaN) meets no target. */
export const atMost = (name: string, figure: number, most: number, unit = ""): Target => ({
  ...{ name, figure, most, unit },
  met: figure <= most,
});

export const atLeast = (name: string, figure: number, least: number, unit: string): Target => ({
  ...{ name, figure, least, most: Number.POSITIVE_INFINITY, unit },
  met: figure >= least,
});

/** What is asked of a step beyond what is asked of every one: nothing refused, lost, doubled or left half done. */
export type Asked = { sendP50Ms?: number; sendP99Ms: number; sendP999Ms?: number; residentMB: number };

export function targetsOf(step: Measured, asked: Asked): Target[] {
  const largest = Math.max(...Object.values(step.resident)) / MEGABYTE;
  const { sendP50Ms, sendP99Ms, sendP999Ms } = asked;
  return [
    ...(sendP50Ms === undefined ? [] : [atMost("first send p50", step.send.p50, sendP50Ms, "ms")]),
    atMost("first send p99", step.send.p99, sendP99Ms, "ms"),
    ...(sendP999Ms === undefined ? [] : [atMost("first send p99.9", step.send.p999, sendP999Ms, "ms")]),
    atMost("not accepted", step.driven.status.length - step.accepted, 0),
    atMost("lost", step.joined.lost, 0),
    atMost("doubled", step.joined.doubled, 0),
    atMost("half done", halfDone(step), 0),
    atMost("memory of a process", largest, asked.residentMB, "MB"),
  ];
}

/** Updates that were accepted but left less than their whole path behind: row finished, messages kept, profile saved. */
function halfDone({ accepted, kept }: Measured): number {
  return Math.max(...Object.values(kept).map((count) => Math.abs(accepted - count)));
}
