// Ends a PostgreSQL that an earlier run of ours left on the same data directory, and clears what a dead one left.
import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { CommandError } from "../kernel/errors.ts";
import { retry } from "./retry.ts";

const stopPace = { firstMs: 10, longestMs: 200, withinMs: 10_000 };

/**
 * Call only while holding the folder. A process is taken for the server of this directory only when postmaster.pid names
 * it and its own command line names the directory; a pid that another program has by now is left alone.
 */
export async function stopOrphanPostgres(data: string): Promise<void> {
  const pid = await pidIn(path.join(data, "postmaster.pid"));
  if (pid === undefined) return;
  if (await isServerOf(pid, data)) await stop(pid, data);
  // PostgreSQL would refuse to start beside a postmaster.pid or socket lock whose pid lives on as something else. Its own
  // check of the shared memory, by the directory's inode, still finds processes of a killed server.
  const stale = (await readdir(data)).filter((name) => name === "postmaster.pid" || name.startsWith(".s.PGSQL."));
  await Promise.all(stale.map((name) => rm(path.join(data, name), { force: true })));
}

async function stop(pid: number, data: string): Promise<void> {
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    process.kill(pid, signal);
    if (await retry(stopPace, async () => ((await isServerOf(pid, data)) ? undefined : "ended"))) return;
  }
  throw new CommandError(`PostgreSQL of an earlier run (process ${pid}) does not stop: end it by hand.`);
}

/** The pid is the first line of postmaster.pid. */
async function pidIn(file: string): Promise<number | undefined> {
  const text = (await Bun.file(file).exists()) ? await readFile(file, "utf8") : "";
  const pid = Number.parseInt(text, 10);
  return pid > 1 ? pid : undefined;
}

async function isServerOf(pid: number, data: string): Promise<boolean> {
  const words = await commandLine(pid);
  return words.includes(data) && words.includes("postgres");
}

/** What the process was started with; empty when there is no such process. */
async function commandLine(pid: number): Promise<string> {
  if (process.platform === "linux") {
    return readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  }
  return new Response(Bun.spawn(["ps", "-ww", "-o", "args=", "-p", String(pid)]).stdout).text();
}
