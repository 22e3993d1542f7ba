// Serving on a listening socket that somebody else opened, so that it outlives this process: who connects while one process follows another waits.
//
// Bun.serve opens a socket of its own and takes no other. So it opens one on any free port, and ours is put in its place: under the same
// descriptor, and registered again with epoll under the data that Bun knows it by (both as Linux tells them in /proc).

import type { Server as BunServer } from "bun";
import { findWatch, localAddress, replaceListener, stopWatching, type Watch } from "../kernel/libc.ts";

export type Inherited = {
  /** Accepts no more; connections that are open stay open. */
  stopAccepting(): void;
};

/** Lets `server`, which listens on a port of its own, serve on the listening socket `fd` instead. Throws an Error when this Bun works otherwise. */
export function adoptListener(server: BunServer<unknown>, fd: number): Inherited {
  const watch = findListener(server.port ?? 0);
  if (watch === undefined) throw new Error("this Bun does not let a listening socket be replaced");
  replaceListener(watch, fd);
  return { stopAccepting: () => stopWatching(watch) };
}

/** By its port, which nobody else on this machine listens on. */
function findListener(port: number): Watch | undefined {
  // Descriptors are given out from below, and few are open yet.
  for (let fd = 3; fd < 1_024; fd += 1) {
    const watch = localAddress(fd)?.port === port ? findWatch(fd) : undefined;
    if (watch) return watch;
  }
  return undefined;
}
