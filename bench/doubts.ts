// Why the figures of a step say less than they seem to: busy neighbours, a generator that was late or ran out of connections.

import { type CpuUse, takenByOthers } from "./cpu.ts";
import type { Driven } from "./drive.ts";
import type { Percentiles } from "./percentiles.ts";
import { percent } from "./words.ts";

/** Of one core; with more than that a run tells of the neighbours. */
const TAKEN_MOST = 0.15;
/** A generator that is late by more makes the program look slower than it is. */
const LAG_P99_MS = 2;

export const isDisturbed = (cpu: CpuUse): boolean => takenByOthers(cpu) > TAKEN_MOST;

const noiseOf = ({ others, stolen }: CpuUse): string =>
  `other processes took ${percent(others)} of a core, other machines on the host ${percent(stolen)}`;

/** That neighbours were busy, if they were. */
export const noiseIn = (cpu: CpuUse): string[] => (isDisturbed(cpu) ? [`NOISY: ${noiseOf(cpu)}`] : []);

/** Empty = a clean run. */
export function doubtsAbout({ cpu, lag, driven }: { cpu: CpuUse; lag: Percentiles; driven: Driven }): string[] {
  const doubts = [
    lag.p99 > LAG_P99_MS &&
      `the generator was late, which counts as ours: p99 ${lag.p99.toFixed(1)} ms after its schedule`,
    driven.heldBack > 0 && `${driven.heldBack} requests waited for a connection in the generator`,
  ];
  return [...noiseIn(cpu), ...doubts.filter((doubt) => doubt !== false)];
}

export const isNoisy = ({ doubts }: { doubts: readonly string[] }): boolean =>
  doubts.some((doubt) => doubt.startsWith("NOISY"));
