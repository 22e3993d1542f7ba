// Metrics of this process itself that are read when somebody asks. Bun tells nothing of garbage collection (it has no "gc" performance entries,
// and bun:jsc's heapStats takes 14 ms), so its pauses show as lag of the event loop.

import { readdir, readFile } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { App } from "../app.ts";
import { metrics } from "../kernel/metrics.ts";

type Watched = Pick<App, "inbox" | "processor" | "performer" | "lease">;

export async function readProcessGauges({ inbox, processor, performer, lease }: Watched): Promise<void> {
  metrics.inMemory.set({ place: "accept" }, inbox.waiting());
  metrics.inMemory.set({ place: "process" }, processor.waiting());
  metrics.inMemory.set({ place: "perform" }, performer.waiting());
  metrics.leaseHeld.set(lease.holds() ? 1 : 0);
  readRuntime();
  await readFiles();
}

/** `listens`: it answers HTTP. Who does not never opened the connections of the doors, and is not made to by a question. */
export async function readRoundTrips({ pools }: Pick<App, "pools">, listens: boolean): Promise<void> {
  const { line, lease, ...doors } = pools;
  const used = Object.entries({ line, lease, ...(listens ? doors : {}) });
  await Promise.all(used.map(([pool, sql]) => readRoundTrip(pool, sql)));
}

/** postgres.js tells nothing of its pools, but a statement that asks nothing tells how long one waits there. */
async function readRoundTrip(pool: string, sql: App["sql"]): Promise<void> {
  const beganMs = performance.now();
  await sql`SELECT 1`;
  metrics.databaseRoundTrip.set({ pool }, (performance.now() - beganMs) / 1_000);
}

/** One for the one event loop, however many programs a test opens on it. */
let delay: ReturnType<typeof monitorEventLoopDelay> | undefined;
const cpuTold = { user: 0, system: 0 };

function readRuntime(): void {
  if (!delay) {
    delay = monitorEventLoopDelay({ resolution: 10 });
    delay.enable();
  }
  metrics.eventLoopLag.set({ point: "p50" }, delay.percentile(50) / 1e9);
  metrics.eventLoopLag.set({ point: "p99" }, delay.percentile(99) / 1e9);
  metrics.eventLoopLag.set({ point: "max" }, delay.max / 1e9);
  delay.reset();
  const cpu = process.cpuUsage();
  for (const mode of ["user", "system"] as const) {
    metrics.cpu.inc({ mode }, (cpu[mode] - cpuTold[mode]) / 1e6);
    cpuTold[mode] = cpu[mode];
  }
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  metrics.residentBytes.set(rss);
  metrics.heapBytes.set({ part: "used" }, heapUsed);
  metrics.heapBytes.set({ part: "total" }, heapTotal);
  metrics.heapBytes.set({ part: "external" }, external);
  metrics.startTime.set(performance.timeOrigin / 1_000);
}

/** https://man7.org/linux/man-pages/man5/proc_pid_limits.5.html */
async function readFiles(): Promise<void> {
  const [open, bounds] = await Promise.all([readdir("/proc/self/fd"), readFile("/proc/self/limits", "utf8")]);
  metrics.openFiles.set(open.length);
  const most = /^Max open files +(\d+)/m.exec(bounds)?.[1];
  if (most !== undefined) metrics.maxFiles.set(Number(most));
}
