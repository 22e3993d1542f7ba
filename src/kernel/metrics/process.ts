// Metrics of a process itself: what it is, what it waits for, and what it takes of the machine.

import { Gauge } from "prom-client";
import { openCounter } from "./hot.ts";
import { ofAll, ofProcess } from "./registries.ts";

const registers = [ofProcess];
const shared = [ofAll];

export const processMetrics = {
  buildInfo: new Gauge({
    name: "grimbots_build_info",
    help: "Always 1; the version of the program and of Bun.",
    labelNames: ["version", "bun"],
    registers,
  }),
  processInfo: new Gauge({
    name: "grimbots_process_info",
    help: "Always 1; the queues that the process works on.",
    labelNames: ["workers"],
    registers,
  }),
  processes: new Gauge({
    name: "grimbots_processes",
    help: "Processes of this program whose lease is in force, on all machines.",
    registers: shared,
  }),
  processesSilent: new Gauge({
    name: "grimbots_processes_silent",
    help: "Processes on this machine that did not tell their metrics in time: their series are missing.",
    registers: shared,
  }),
  startTime: new Gauge({
    name: "grimbots_start_time_seconds",
    help: "When the process started, in seconds since 1970.",
    registers,
  }),
  cpu: openCounter({
    name: "grimbots_cpu_seconds_total",
    help: "CPU time of the process, by mode: user, system.",
    labelNames: ["mode"],
    registers,
  }),
  residentBytes: new Gauge({
    name: "grimbots_resident_memory_bytes",
    help: "Resident memory of this process.",
    registers,
  }),
  heapBytes: new Gauge({
    name: "grimbots_heap_bytes",
    help: "JavaScript heap by part: used, total, external.",
    labelNames: ["part"],
    registers,
  }),
  openFiles: new Gauge({
    name: "grimbots_open_fds",
    help: "File descriptors that the process has open.",
    registers,
  }),
  maxFiles: new Gauge({
    name: "grimbots_max_fds",
    help: "File descriptors that the process may have open.",
    registers,
  }),
  eventLoopLag: new Gauge({
    name: "grimbots_event_loop_lag_seconds",
    help: "Event loop delay since the last reading: p50, p99, max; pauses for garbage are in it, Bun tells nothing else of them.",
    labelNames: ["point"],
    registers,
  }),
  inMemory: new Gauge({
    name: "grimbots_waiting_in_memory",
    help: "Items waiting in this process, by place.",
    labelNames: ["place"],
    registers,
  }),
  leaseHeld: new Gauge({
    name: "grimbots_lease_held",
    help: "Whether the process' lease is in force: 1 or 0.",
    registers,
  }),
  leaseGaps: openCounter({
    name: "grimbots_lease_gaps_total",
    help: "Gaps in the lease of the process since it started.",
    registers,
  }),
  diskFree: new Gauge({
    name: "grimbots_disk_free_bytes",
    help: "Free space of the file system that holds DATA_DIR.",
    registers: shared,
  }),
  diskSize: new Gauge({
    name: "grimbots_disk_size_bytes",
    help: "Size of the file system that holds DATA_DIR.",
    registers: shared,
  }),
  alertsFiring: new Gauge({
    name: "grimbots_alerts_firing",
    help: "Built-in alerts by name: how many things each that fires is about; 0 = it does not fire.",
    labelNames: ["alert"],
    registers: shared,
  }),
  alertsLooked: new Gauge({
    name: "grimbots_alerts_looked_seconds",
    help: "Since when nobody has looked whether an alert should fire.",
    registers: shared,
  }),
};
