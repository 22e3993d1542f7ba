// Whether a measured step is what was asked for: each target with its figure.

import type { Measured } from "./measure.ts";

/** With `least` it is asked for at least that, and `most` is infinite. */
export type Target = { name: string; figure: number; least?: number; most: number; unit: string; met: boolean };

const MEGABYTE = 1_000_000;

/** A figure that was not measured (NaN) meets no target. */
export const atMost = (name: string, figure: number, most: number, unit: string): Target => ({
  ...{ name, figure, most, unit },
  met: figure <= most,
});

export const atLeast = (name: string, figure: number, least: number, unit: string): Target => ({
  ...{ name, figure, least, most: Number.POSITIVE_INFINITY, unit },
  met: figure >= least,
});

/** `sendP99Ms`, `residentMB`: what is asked for; nothing refused, lost, doubled or left half done is asked of every step. */
export function targetsOf(step: Measured, asked: { sendP99Ms: number; residentMB: number }): Target[] {
  const largest = Math.max(...Object.values(step.resident)) / MEGABYTE;
  return [
    atMost("first send p99", step.send.p99, asked.sendP99Ms, "ms"),
    atMost("not accepted", step.driven.status.length - step.accepted, 0, ""),
    atMost("lost", step.joined.lost, 0, ""),
    atMost("doubled", step.joined.doubled, 0, ""),
    atMost("half done", halfDone(step), 0, ""),
    atMost("memory of a process", largest, asked.residentMB, "MB"),
  ];
}

/** Updates that were accepted but left less than their whole path behind: row finished, messages kept, profile saved. */
function halfDone({ accepted, kept }: Measured): number {
  return Math.max(...Object.values(kept).map((count) => Math.abs(accepted - count)));
}
