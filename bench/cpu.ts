// CPU by process, from the kernel's accounting (proc(5)): what each part of a run took, and what everybody else took meanwhile.

import { readdirSync, readFileSync } from "node:fs";

/** Part of a run → the process at its root; its descendants count with it. */
export type Roots = Record<string, number>;

export type CpuReading = {
  atMs: number;
  /** CPU milliseconds by part since its processes began. */
  parts: Record<string, number>;
  /** The same of each of the kernel's threads by pid: writing our files and our log is among it. They come and go. */
  kernelMs: Record<number, number>;
  /** Of everything that is a process or a kernel thread. */
  busyMs: number;
  interruptMs: number;
  /** What the host gave to other machines while this one wanted it. */
  stolenMs: number;
};

/** Shares of one core, between two readings. `others`: processes that are no part of the run. */
export type CpuUse = {
  seconds: number;
  parts: Record<string, number>;
  others: number;
  kernel: number;
  interrupts: number;
  stolen: number;
};

/** USER_HZ of Linux, the same on every architecture that Bun runs on. */
const MS_PER_TICK = 10;
const KERNEL_THREAD = 0x0020_0000;

type Process = { pid: number; parent: number; isKernel: boolean; ownMs: number; reapedMs: number };

export function readCpu(roots: Roots): CpuReading {
  const processes = readProcesses();
  const children = Map.groupBy(processes.values(), (one) => one.parent);
  const treeMs = (pid: number): number => {
    const one = processes.get(pid);
    const below = children.get(pid) ?? [];
    return below.reduce((sum, child) => sum + treeMs(child.pid), one ? one.ownMs + one.reapedMs : 0);
  };
  const kernel = [...processes.values()].filter((one) => one.isKernel);
  return {
    atMs: performance.now(),
    parts: { ...Object.fromEntries(Object.entries(roots).map(([part, pid]) => [part, treeMs(pid)])), bench: ownMs() },
    kernelMs: Object.fromEntries(kernel.map((one) => [one.pid, one.ownMs])),
    ...readMachine(),
  };
}

export function cpuBetween(before: CpuReading, after: CpuReading): CpuUse {
  const wallMs = after.atMs - before.atMs;
  const share = (fromMs: number, toMs: number): number => (toMs - fromMs) / wallMs;
  const parts = Object.fromEntries(
    Object.entries(after.parts).map(([part, ms]) => [part, share(before.parts[part] ?? 0, ms)]),
  );
  // Thread by thread: in a sum, one that has ended would take away all that it ever took, as if a neighbour had taken it now.
  const kernelMs = Object.entries(after.kernelMs).map(([pid, ms]) => ms - (before.kernelMs[Number(pid)] ?? 0));
  const kernel = share(
    0,
    kernelMs.reduce((sum, ms) => sum + ms, 0),
  );
  const ours = Object.values(parts).reduce((sum, part) => sum + part, 0);
  return {
    seconds: wallMs / 1_000,
    parts,
    others: Math.max(0, share(before.busyMs, after.busyMs) - ours - kernel),
    kernel,
    interrupts: share(before.interruptMs, after.interruptMs),
    stolen: share(before.stolenMs, after.stolenMs),
  };
}

/** Resident memory in bytes of the processes below and including `root`, by pid. */
export function residentBytes(root: number): Record<number, number> {
  const children = Map.groupBy(readProcesses().values(), (one) => one.parent);
  const tree = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap((child) => tree(child.pid))];
  return Object.fromEntries(tree(root).map((pid) => [pid, residentOf(pid)]));
}

function residentOf(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readText(`/proc/${pid}/status`))?.[1];
  return Number(kibibytes ?? 0) * 1_024;
}

/** What neighbours took of this machine's cores: processes that are no part of the run, and the host's other machines. */
export const takenByOthers = ({ others, stolen }: CpuUse): number => others + stolen;

/** This process alone: what it started is counted by its own name. */
function ownMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function readMachine(): Pick<CpuReading, "busyMs" | "interruptMs" | "stolenMs"> {
  const [line = ""] = readText("/proc/stat").split("\n");
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return {
    busyMs: (user + nice + system) * MS_PER_TICK,
    interruptMs: (irq + softirq) * MS_PER_TICK,
    stolenMs: steal * MS_PER_TICK,
  };
}

function readProcesses(): Map<number, Process> {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const found = pids.map(readProcess).filter((one) => one !== undefined);
  return new Map(found.map((one) => [one.pid, one]));
}

/** Undefined when the process is gone by now. */
function readProcess(pid: string): Process | undefined {
  const text = readText(`/proc/${pid}/stat`);
  if (text === "") return undefined;
  // The name in parentheses may hold anything, also spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = (index: number): number => Number(fields[index] ?? 0);
  return {
    pid: Number(pid),
    parent: ticks(1),
    isKernel: (ticks(6) & KERNEL_THREAD) !== 0,
    ownMs: (ticks(11) + ticks(12)) * MS_PER_TICK,
    reapedMs: (ticks(13) + ticks(14)) * MS_PER_TICK,
  };
}

/** CPU milliseconds of one process so far; 0 when it is gone. */
export const readProcessMs = (pid: number): number => readProcess(String(pid))?.ownMs ?? 0;

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
