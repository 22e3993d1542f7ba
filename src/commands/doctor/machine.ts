// doctor's look at the machine: open files, memory, folders, who may read secrets, the clock's source, the embedded programs.

import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { findPrograms } from "../../embedded/programs.ts";
import type { Config } from "../../kernel/config.ts";
import { advice, type Finding, failure, fine, shortReason } from "./finding.ts";

/** A process at its bounds holds 1,536 sends, 1,024 of broadcasts and the connections of those who write to it. */
const FILES_WANTED = 8_192;
const FILES_NEEDED = 1_024;
const MEMORY_WANTED_MB = 512;
const MEMORY_NEEDED_MB = 128;

/** Where an installed program finds its settings. */
const ENV_FILE = "/etc/grimbots/grimbots.env";
const CREDENTIALS = "/etc/grimbots/credentials";

export function judgeFileLimit(count: number): Finding {
  const values = { count };
  if (count >= FILES_WANTED) return fine("file_limit", "file_limit", values);
  const judge = count < FILES_NEEDED ? failure : advice;
  return judge("file_limit", "file_limit", "file_limit_raise", values);
}

/** `availableKb`: MemAvailable of /proc/meminfo. */
export function judgeMemory(availableKb: number): Finding {
  const free = Math.round(availableKb / 1_024);
  if (free >= MEMORY_WANTED_MB) return fine("memory", "memory", { free });
  const judge = free < MEMORY_NEEDED_MB ? failure : advice;
  return judge("memory", "memory", "memory_more", { free });
}

export function checkMachine(): Finding[] {
  if (process.platform !== "linux") return [];
  const limit = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
  return [
    ...(limit === undefined ? [] : [judgeFileLimit(limit === "unlimited" ? 1_000_000 : Number(limit))]),
    ...(available === undefined ? [] : [judgeMemory(Number(available))]),
  ];
}

/** A folder that is not there yet is made when it is first needed: then the nearest one above it counts. */
export function checkDataDir({ dataDir: folder }: Config): Finding[] {
  let nearest = folder;
  while (!existsSync(nearest) && nearest !== path.dirname(nearest)) nearest = path.dirname(nearest);
  try {
    if (!statSync(nearest).isDirectory()) throw new Error(`${nearest} is no folder`);
    accessSync(nearest, constants.W_OK | constants.X_OK);
    return [fine("DATA_DIR", "folder_writable", { folder })];
  } catch (error) {
    return [failure("DATA_DIR", "folder_shut", "folder_open", { folder, reason: shortReason(error) })];
  }
}

/** `files`: those that hold secret settings. What systemd hands over is guarded by systemd itself. */
export function checkPermissions(files: string[]): Finding[] {
  const all = [...files.filter((file) => !file.startsWith("/run/credentials/")), ENV_FILE, ...filesIn(CREDENTIALS)];
  const open = [...new Set(all)].filter(isOpen);
  if (open.length === 0) return [fine("permissions", "private")];
  return [failure("permissions", "readable", "make_private", { files: open.join(" ") })];
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => path.join(folder, name));
  } catch {
    return [];
  }
}

const OTHERS_READ = 0o044;

/** What cannot be looked at is not open. */
function isOpen(file: string): boolean {
  try {
    return (statSync(file).mode & OTHERS_READ) !== 0;
  } catch {
    return false;
  }
}

/** What systemd knows of the clock; nothing where systemd is not. */
export async function checkNtp(): Promise<Finding[]> {
  if (Bun.which("timedatectl") === null) return [];
  const child = Bun.spawn(["timedatectl", "show", "-p", "NTPSynchronized", "--value"], {
    ...{ stdin: "ignore", stdout: "pipe", stderr: "ignore", timeout: 3_000 },
  });
  const told = (await new Response(child.stdout).text()).trim();
  if (told === "yes") return [fine("clock_ntp", "ntp_on")];
  return told === "no" ? [advice("clock_ntp", "ntp_off", "clock_mend")] : [];
}

/** Only where --embedded has been used: it leaves its settings behind. */
export async function checkRuntime({ dataDir }: Config, find = findPrograms): Promise<Finding[]> {
  if (!existsSync(path.join(dataDir, "embedded.env"))) return [];
  try {
    return [fine("runtime", "runtime_there", { folder: (await find()).postgresBin })];
  } catch {
    return [failure("runtime", "runtime_missing", "runtime_restore")];
  }
}
