// Results for people: one block of lines per step.

import type { CpuUse } from "./cpu.ts";
import { type Percentiles, spreadOf } from "./percentiles.ts";
import type { StepResult } from "./step.ts";
import { type Versions, versionsText } from "./versions.ts";
import { count, latencyOf, megabytes, ms, percent, sentenceOf, sharesOf } from "./words.ts";

/** What everything below was measured on, and what the parts take while nothing happens, if that was measured. */
export function headOf(versions: Versions, atRest?: CpuUse): string {
  return versionsText(versions) + (atRest ? restOf(atRest) : "");
}

function restOf({ parts, others, stolen }: CpuUse): string {
  return `CPU at rest: ${sharesOf(parts)} of a core; others ${percent(others)}, stolen by the host ${percent(stolen)}\n`;
}

export function reportOf({ step, measured, targets, doubts, rejected }: StepResult): string {
  const { send, ack, lag, driven, joined, accepted, kept, cpu, fsync } = measured;
  const updates = driven.dueMs.length;
  const lines: [string, string][] = [
    ["first send", latencyOf(send)],
    ["answer 200", latencyOf(ack)],
    [
      "updates",
      `${count(updates)} sent, ${count(accepted)} accepted${refusalsOf(measured.refused)}, ${joined.lost} lost, ${joined.doubled} doubled, ${driven.resent} resent`,
    ],
    [
      "whole path",
      Object.entries(kept)
        .map(([what, many]) => `${what} ${count(many)}`)
        .join(", "),
    ],
    ["drained", `${measured.drainMs.toFixed(0)} ms after the last answer`],
    ["CPU", partsOf(cpu, updates)],
    ["CPU of others", othersOf(cpu)],
    [
      "memory",
      Object.entries(measured.resident)
        .map(([pid, bytes]) => `${megabytes(bytes)} (pid ${pid})`)
        .join(", "),
    ],
    ["generator", `late p50 ${ms(lag.p50)}, p99 ${ms(lag.p99)}; ${driven.connections} connections`],
    ["fsync of disk", `before ${syncOf(fsync.before)}; after ${syncOf(fsync.after)}`],
    ...rejected.map((run): [string, string] => [
      "rejected try",
      `others took ${percent(run.taken)} of a core; first send p99 ${ms(run.sendP99Ms)}`,
    ]),
    ...doubts.map((doubt): [string, string] => ["doubt", doubt]),
    ...targets.map((target): [string, string] => ["target", sentenceOf(target)]),
  ];
  const title = `start: ${step.name} for ${step.seconds} s, ${step.schedule}`;
  return `\n${title}\n${lines.map(([name, text]) => `  ${name.padEnd(14)} ${text}`).join("\n")}\n`;
}

/** Several runs of the same steps: the middle one, and how far they lie apart. */
export function summaryOf(results: StepResult[]): string {
  const lines = [...Map.groupBy(results, (result) => result.step.name)].map(([name, runs]) => {
    const spread = (pick: (run: StepResult) => number): string => {
      const { median, least, most } = spreadOf(runs.map(pick));
      return `${ms(median)} (${ms(least)} to ${ms(most)})`;
    };
    const p50 = spread((run) => run.measured.send.p50);
    const p99 = spread((run) => run.measured.send.p99);
    return `  ${name.padEnd(18)} ${runs.length} runs, first send: median p50 ${p50}, median p99 ${p99}`;
  });
  return `\nAll runs\n${lines.join("\n")}\n`;
}

function refusalsOf(refused: Record<number, number>): string {
  const words = Object.entries(refused).map(
    ([status, many]) => `${count(many)} × ${status === "0" ? "no answer" : status}`,
  );
  return words.length === 0 ? "" : ` (else ${words.join(", ")})`;
}

function partsOf(cpu: CpuUse, updates: number): string {
  const each = Object.entries(cpu.parts).map(([part, share]) => {
    const perUpdateUs = (share * cpu.seconds * 1_000_000) / updates;
    return `${part} ${percent(share)} (${perUpdateUs.toFixed(0)} µs/update)`;
  });
  return `${each.join(", ")} of a core`;
}

function othersOf({ others, kernel, interrupts, stolen }: CpuUse): string {
  return `processes ${percent(others)} of a core; kernel threads ${percent(kernel)}, interrupts ${percent(interrupts)}, stolen by the host ${percent(stolen)}`;
}

const syncOf = ({ p50, p99 }: Percentiles): string => `p50 ${ms(p50)}, p99 ${ms(p99)}`;
