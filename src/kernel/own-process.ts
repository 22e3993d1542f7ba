// This process and those that it starts: what a service manager told it, how it was called, and what its children are told.

import { type Config, keyFile, ownEnvironment, type SettingName } from "./config.ts";
import { limits } from "./limits.ts";

/** What a service manager tells the process that it started: sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3). */
export type Managed = {
  notifySocket: string | undefined;
  watchdogMs: number | undefined;
  /** An open, listening socket, and whether it is one that we gave the manager to keep. */
  listener: { fd: number; isKept: boolean } | undefined;
};

/** Where sd_listen_fds(3) lays the first descriptor, and the name under which ours is kept. */
export const LISTENER = { fd: 3, name: "grimbots" };

const OF_THE_MANAGER = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"];

export function readManaged(env: Record<string, string | undefined> = ownEnvironment()): Managed {
  const isOurs = (pid: string | undefined) => !pid || Number(pid) === process.pid;
  const listens = Number(env.LISTEN_FDS) > 0 && isOurs(env.LISTEN_PID);
  const watchdogUs = isOurs(env.WATCHDOG_PID) ? Number(env.WATCHDOG_USEC) : 0;
  return {
    notifySocket: env.NOTIFY_SOCKET || undefined,
    watchdogMs: watchdogUs > 0 ? watchdogUs / 1_000 : undefined,
    listener: listens ? { fd: LISTENER.fd, isKept: env.LISTEN_FDNAMES === LISTENER.name } : undefined,
  };
}

/** What a process is told that inherits our listening socket, or none. */
export function withListener(env: Record<string, string | undefined>, hasListener: boolean) {
  const { LISTEN_PID, WATCHDOG_PID, LISTEN_FDS, LISTEN_FDNAMES, ...rest } = env;
  return hasListener ? { ...rest, LISTEN_FDS: "1", LISTEN_FDNAMES: LISTENER.name } : rest;
}

/** The environment for a child of this program: as ours, with `settled` in place of what was found out; the key stays in its file. */
export function environmentOf(
  config: Config,
  settled: Partial<Record<SettingName, string>>,
): Record<string, string | undefined> {
  const env: Record<string, string | undefined> = ownEnvironment();
  for (const name of [...Object.keys(settled).map((one) => `${one}_FILE`), ...OF_THE_MANAGER]) delete env[name];
  if (config.secretKey === undefined) env.SECRET_KEY_FILE = keyFile(config.dataDir);
  return { [MAX_HTTP_REQUESTS]: String(limits.httpRequests), ...env, ...settled };
}

/** This program: the executable, or Bun with the source. */
export const ownCommand = (): string[] => [process.execPath, ...ownScript()];

/**
 * The same by the path by which it was called. That may be a link (/opt/grimbots/current) that leads to a newer executable by now, while
 * `ownCommand` stays the one that runs.
 */
export const calledCommand = (): string[] => [calledPath(), ...ownScript()];

const calledPath = (): string => (process.argv0.startsWith("/") ? process.argv0 : process.execPath);

function ownScript(): string[] {
  const [, script = ""] = Bun.argv;
  return script.startsWith("/$bunfs/") || script === "" ? [] : [script];
}

const MAX_HTTP_REQUESTS = "BUN_CONFIG_MAX_HTTP_REQUESTS";

/**
 * Bun allows 256 HTTP requests at once and reads another number from its environment only while it starts, so a program that needs
 * more becomes itself again with that number set: the same process, some tens of milliseconds later. Descriptors that it inherited are
 * closed by that: who has some starts children instead.
 */
export function allowHttpRequests(): void {
  const env = ownEnvironment();
  if (env[MAX_HTTP_REQUESTS] !== undefined || process.execve === undefined) return;
  process.execve(process.execPath, [...calledCommand(), ...Bun.argv.slice(2)], {
    ...env,
    [MAX_HTTP_REQUESTS]: String(limits.httpRequests),
  });
}
