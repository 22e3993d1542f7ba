// The process over several that serve: what they are told, and what is said of them.

import type { Config } from "../kernel/config.ts";
import { CommandError } from "../kernel/errors.ts";
import { localAddress } from "../kernel/libc.ts";
import { HANDED_OVER, SERVING, tellParent } from "../kernel/life.ts";
import type { Log } from "../kernel/log.ts";
import { environmentOf, withListener } from "../kernel/own-process.ts";
import type { Systemd } from "../kernel/systemd.ts";
import { type Supervision, supervise } from "./supervise.ts";

export type Together = {
  config: Config;
  /** Addresses of the embedded services, which no setting names. */
  services: { databaseUrl: string; redisUrl: string } | undefined;
  log: Log;
  systemd: Systemd;
  ending: Promise<string>;
  processes: number;
  /** The socket that they accept from; undefined: each opens one of its own. */
  listenFd: number | undefined;
  hasHttp: boolean;
  args: { all: string[]; first: string[] };
};

/** Starts them, and tells the service manager once all of them serve, and when one dies or comes back. */
export function serveTogether(options: Together): Supervision {
  const { config, log, systemd, ending, processes, listenFd, args } = options;
  let isFirst = true;
  void ending.then((reason) => (reason === HANDED_OVER ? undefined : systemd.ends()));
  return supervise({
    ...{ processes, args, listenFd, log, ending },
    env: environmentFor(options),
    onServing(serving) {
      const address = listenFd === undefined ? config : (localAddress(listenFd) ?? config);
      const status = `${serving} of ${processes} processes serve${options.hasHttp ? ` at ${address.host}:${address.port}` : ""}`;
      if (!isFirst) return systemd.tells(status);
      isFirst = false;
      systemd.serves(status);
      tellParent(SERVING);
    },
  });
}

function environmentFor({ config, services, listenFd, hasHttp }: Together): Record<string, string | undefined> {
  const needsPort = hasHttp && listenFd === undefined && config.port === 0;
  const env = environmentOf(config, {
    ...(services ? { DATABASE_URL: services.databaseUrl, REDIS_URL: services.redisUrl } : {}),
    ...(needsPort ? { PORT: String(freePort(config.host)) } : {}),
  });
  return withListener(env, listenFd !== undefined);
}

/** A port for all of them when none is named: with PORT=0 every process would get one of its own. */
function freePort(host: string): number {
  const server = Bun.serve({ hostname: host, port: 0, fetch: () => new Response() });
  const { port } = server;
  void server.stop(true);
  if (port === undefined) throw new CommandError(`Cannot listen on ${host}; set HOST to an address of this machine.`);
  return port;
}
