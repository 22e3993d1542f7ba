// The server behind the doors: where it listens, and how it takes leave of those who are connected.

import type { AnyElysia } from "elysia";
import { CommandError, reasonOf } from "../kernel/errors.ts";
import { connectionsAt, hasUnread, localAddress } from "../kernel/libc.ts";
import { limits } from "../kernel/limits.ts";
import { adoptListener } from "./inherited.ts";

export type Server = {
  port: number;
  url: string;
  /** Lets those who ask on an open connection have an answer that ends it, at most for so long; nobody new comes in. Needs `listenFd`. */
  linger(ms: number): Promise<void>;
  stop(): Promise<void>;
};

/** Bun refuses longer bodies itself, before they are in memory; doors that allow less say so with a sentence. */
const MAX_BODY_BYTES = 1024 * 1024;

/** How often it is looked whether connections are still open. */
const LOOK_MS = 50;
const LATE_MS = 1_000;

export type Place = {
  host: string;
  port: number;
  /** Several processes listen on the same address and port, and the kernel shares the connections out. */
  isShared?: boolean;
  /** A socket that listens already, in place of host and port. */
  listenFd?: number | undefined;
};

/** Serves there. Throws CommandError when the port is taken. */
export function listen(doors: AnyElysia, { host, port, isShared = false, listenFd }: Place): Server {
  const own = listenFd === undefined ? { hostname: host, port } : { hostname: "127.0.0.1", port: 0 };
  const settings = { maxRequestBodySize: MAX_BODY_BYTES, idleTimeout: limits.socketIdleSeconds, reusePort: isShared };
  try {
    doors.listen({ ...own, ...settings });
  } catch (error) {
    throw new CommandError(
      `Cannot listen on ${host}:${port} (${reasonOf(error)}); set HOST and PORT to an address that is free.`,
    );
  }
  const { server } = doors;
  if (!server) throw new CommandError(`Cannot listen on ${host}:${port}.`);
  const inherited = listenFd === undefined ? undefined : adoptListener(server, listenFd);
  const address = (listenFd === undefined ? undefined : localAddress(listenFd)) ?? { host, port: server.port ?? port };
  return {
    port: address.port,
    url: `http://${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`,
    async linger(ms) {
      if (!inherited) return;
      inherited.stopAccepting();
      server.reload({ ...settings, routes: {}, fetch: async (request) => lastOf(await doors.fetch(request)) });
      await untilClosed(address.port, ms);
    },
    stop: async () => void (await server.stop()),
  };
}

/** The last answer of a connection. */
function lastOf(answer: Response): Response {
  answer.headers.set("connection", "close");
  return answer;
}

/** Waits for the last connection, at most for so long; a request that has arrived by then is still waited for, within a second. */
async function untilClosed(port: number, ms: number): Promise<void> {
  const endMs = performance.now() + ms;
  for (;;) {
    const open = connectionsAt(port);
    const lateMs = performance.now() - endMs;
    if (open.length === 0 || (lateMs > 0 && !open.some(hasUnread)) || lateMs > LATE_MS) return;
    await Bun.sleep(LOOK_MS);
  }
}
