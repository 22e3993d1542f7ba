// What this process tells the service manager that started it, by the protocol of sd_notify(3): a few lines in a datagram.

import { reasonOf } from "./errors.ts";
import { openDatagrams } from "./libc.ts";
import type { Log } from "./log.ts";
import { LISTENER, type Managed } from "./own-process.ts";

export type Systemd = {
  /** It serves, and from now on it is this service's main process, whoever was that before. `status`: a line for `systemctl status`. */
  serves(status: string): void;
  tells(status: string): void;
  /** Another process is about to take its place … */
  handsOver(): void;
  /** … or is not, and this one goes on. */
  staysOn(status: string): void;
  ends(): void;
  /** Gives it a listening socket to keep: the next process gets it, and who connects in between waits in it. */
  keeps(listenFd: number): void;
  /** Takes that socket out of its keeping. */
  dropsKept(): void;
};

/**
 * Opens the line to it and says, twice within the time it asks for, that the event loop turns; that alone, because a database that is
 * away does not come back by killing us. Without a service manager all of it does nothing.
 */
export function openSystemd({ notifySocket, watchdogMs }: Managed, log: Log): Systemd {
  const line = notifySocket === undefined ? undefined : openDatagrams(notifySocket);
  const tell = (facts: Record<string, string | number>, fds: number[] = []): void => {
    const text = Object.entries(facts).map(([name, value]) => `${name}=${value}\n`);
    try {
      line?.send(text.join(""), fds);
    } catch (error) {
      log.warn({ fact: "notify.failed", reason: reasonOf(error) }, "the service manager could not be told");
    }
  };
  if (line && watchdogMs !== undefined) {
    const saysAlive = () => tell({ WATCHDOG: 1 });
    // At once, too: of several that take over from each other in short order, none may live to its first turn.
    saysAlive();
    setInterval(saysAlive, watchdogMs / 2).unref();
  }
  return {
    serves: (status) => tell({ MAINPID: process.pid, READY: 1, STATUS: status }),
    tells: (status) => tell({ STATUS: status }),
    handsOver: () => tell({ RELOADING: 1, MONOTONIC_USEC: monotonicUs(), STATUS: "handing over" }),
    staysOn: (status) => tell({ READY: 1, STATUS: status }),
    ends: () => tell({ STOPPING: 1, STATUS: "ending" }),
    keeps: (listenFd) => tell({ FDSTORE: 1, FDNAME: LISTENER.name, FDPOLL: 0 }, [listenFd]),
    dropsKept: () => tell({ FDSTOREREMOVE: 1, FDNAME: LISTENER.name }),
  };
}

/** Of CLOCK_MONOTONIC, by which the manager tells a new reload from the one before. */
const monotonicUs = (): number => Number(process.hrtime.bigint() / 1_000n);
