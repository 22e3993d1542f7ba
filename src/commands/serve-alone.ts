// One process that serves: what is open, what is said of it, and how it ends.

import type { QueueName } from "#queues/index.ts";
import { openApp } from "../app.ts";
import { openHttp } from "../http/index.ts";
import { joinScrapes } from "../http/scrapes.ts";
import type { Config } from "../kernel/config.ts";
import { closeWithin, HANDED_OVER, SERVING, tellParent } from "../kernel/life.ts";
import { limits } from "../kernel/limits.ts";
import type { Log } from "../kernel/log.ts";
import type { Keyring } from "../kernel/secret.ts";
import type { Systemd } from "../kernel/systemd.ts";
import { startPolling } from "../telegram/poll.ts";

export type Alone = {
  config: Config & { databaseUrl: string; redisUrl: string };
  keyring: Keyring;
  log: Log;
  systemd: Systemd;
  /** The reason to end: a signal, or that another process takes over. */
  ending: Promise<string>;
  /** The signal alone: it ends the patience of who has handed over, too. */
  asked: Promise<string>;
  workers: QueueName[];
  /** Processes that share the bots' rates, and, unless `listenFd` is given, the port. */
  processes: number;
  /** A listening socket to serve on, in place of HOST and PORT. */
  listenFd: number | undefined;
  hasHttp: boolean;
  polls: boolean;
  /** Whether updates are fetched, here or in another process. */
  isPolled: boolean;
};

/** Serves until `ending`, then lets what is under way end. */
export async function serveAlone(options: Alone): Promise<void> {
  const { config, keyring, log, systemd, ending, asked, workers, processes, listenFd } = options;
  await using app = await openApp({ config, keyring, log, workers, processes, polls: options.isPolled });
  await joinScrapes(app, workers, options.hasHttp);
  const polling = options.polls ? await startPolling(app) : undefined;
  const http = options.hasHttp ? openHttp(app, { ...config, isShared: processes > 1, listenFd }) : undefined;
  log.info({ fact: "serving", url: http?.url, workers, poll: polling !== undefined }, "serving");
  systemd.serves(http ? `serves at ${http.url}` : `works on ${workers.join(", ")}`);
  tellParent(SERVING);
  const reason = await ending;
  log.info({ fact: "ending", signal: reason }, "ending: no more is taken in, what is under way ends");
  if (reason !== HANDED_OVER) systemd.ends();
  if (http) {
    if (reason === HANDED_OVER) await Promise.race([http.linger(limits.handedOverLingerMs), asked]);
    await http.linger(limits.lingerMs);
    await closeWithin("http", 2_000, log, http.stop);
  }
  if (polling) await closeWithin("polling", 2_000, log, polling.stop);
}
