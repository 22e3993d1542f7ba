// Keeps one server running on its port for as long as we live, also when somebody kills it.
import { reasonOf } from "../kernel/errors.ts";
import { freePort } from "./free-port.ts";
import { retry } from "./retry.ts";
import type { Server } from "./server.ts";

/** A server that is started again when it ends by itself; `pid` is that of the present one. */
export type Kept = { readonly port: number; readonly pid: number; [Symbol.asyncDispose](): Promise<void> };

export type Keeping = { name: string; start(port: number): Promise<Server>; log(line: string): void };

// A server that dies this often in one run is broken, and starting it again hides it.
const restartsAtMost = 10;
// The port may be taken between choosing and using it, and after a `kill -9` of PostgreSQL its last processes hold the
// shared memory for a moment: both pass with another try.
const startPace = { firstMs: 100, longestMs: 1_000, withinMs: 2_000 };

/** Starts the server on a free port and keeps it running until disposed. */
export async function keepRunning({ name, start, log }: Keeping): Promise<Kept> {
  let port = 0;
  let server = await persist(async () => {
    port = await freePort();
    return start(port);
  });
  let closing = false;
  const watching = watch();
  return {
    port,
    get pid() {
      return server.pid;
    },
    async [Symbol.asyncDispose]() {
      closing = true;
      await server.stop();
      await watching;
    },
  };

  async function watch(): Promise<void> {
    for (let restarts = 0; restarts < restartsAtMost; restarts++) {
      await server.exited;
      if (closing) return;
      log(`${name} ended by itself; starting it again.`);
      try {
        server = await persist(() => start(port));
      } catch (error) {
        log(reasonOf(error));
        return;
      }
      if (closing) await server.stop();
    }
    log(`${name} has ended ${restartsAtMost} times and is not started again.`);
  }
}

async function persist(start: () => Promise<Server>): Promise<Server> {
  let failure: unknown;
  const server = await retry(startPace, async () => {
    try {
      return await start();
    } catch (error) {
      failure = error;
      return undefined;
    }
  });
  if (server === undefined) throw failure;
  return server;
}
