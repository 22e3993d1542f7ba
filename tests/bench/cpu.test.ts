// CPU accounting: shares of a core between two readings, and a reading of this very process.

import { expect, test } from "bun:test";
import { type CpuReading, cpuBetween, readCpu, residentBytes, takenByOthers } from "../../bench/cpu.ts";

const reading = (part: Partial<CpuReading>): CpuReading => ({
  ...{ atMs: 0, parts: {}, kernelMs: {}, busyMs: 0, interruptMs: 0, stolenMs: 0 },
  ...part,
});

test("what is busy and neither ours nor the kernel's is others'", () => {
  const before = reading({ parts: { application: 100, bench: 0 } });
  const after = reading({
    ...{ atMs: 2_000, parts: { application: 900, bench: 20 }, kernelMs: { 7: 60 }, busyMs: 1_200, interruptMs: 40 },
    stolenMs: 100,
  });
  const use = cpuBetween(before, after);
  expect(use).toMatchObject({ seconds: 2, parts: { application: 0.4, bench: 0.01 }, kernel: 0.03, interrupts: 0.02 });
  expect(use.others).toBeCloseTo(0.16);
  expect(takenByOthers(use)).toBeCloseTo(0.21);
});

test("rounding of the kernel's ticks never makes others negative", () => {
  const after = reading({ atMs: 1_000, parts: { application: 500 }, busyMs: 490 });
  expect(cpuBetween(reading({}), after).others).toBe(0);
});

test("a thread of the kernel that has ended takes nothing away, and a new one counts", () => {
  const before = reading({ kernelMs: { 7: 5_000, 8: 100 }, busyMs: 9_000 });
  const after = reading({ atMs: 1_000, kernelMs: { 8: 130, 9: 20 }, busyMs: 9_050 });
  const use = cpuBetween(before, after);
  expect(use.kernel).toBeCloseTo(0.05);
  expect(use.others).toBeCloseTo(0);
});

// Only Linux has the /proc that is read here; the benchmarks that need it run there only.
test.skipIf(process.platform !== "linux")("a process counts with its descendants", async () => {
  const child = Bun.spawn(["sleep", "60"]);
  try {
    const { parts, busyMs } = readCpu({ self: process.pid, child: child.pid });
    expect(parts.self).toBeGreaterThan(parts.child ?? Number.NaN);
    expect(busyMs).toBeGreaterThan(0);
    const resident = residentBytes(process.pid);
    expect(resident[process.pid]).toBeGreaterThan(10_000_000);
    expect(Object.keys(resident)).toContain(String(child.pid));
  } finally {
    child.kill();
    await child.exited;
  }
});
