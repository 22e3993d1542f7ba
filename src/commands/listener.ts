// The listening socket that a service's processes accept from. The service manager keeps it while one process follows another.

import { lookup } from "node:dns/promises";
import { closeSync } from "node:fs";
import { CommandError, reasonOf } from "../kernel/errors.ts";
import { listenOn, localAddress } from "../kernel/libc.ts";
import type { Managed } from "../kernel/own-process.ts";
import type { Systemd } from "../kernel/systemd.ts";

type Place = { host: string; port: number };

/**
 * The one that the service manager handed us, or a new one that it keeps from now on: then whoever connects while nobody serves waits instead of
 * being refused, after a crash, too. undefined without a service systemd. Throws CommandError when the port is taken.
 */
export async function openListener(
  { host, port }: Place,
  { notifySocket, listener }: Managed,
  systemd: Systemd,
): Promise<number | undefined> {
  // Of a socket unit: the operator has said there where to listen.
  if (listener?.isKept === false) return listener.fd;
  if (notifySocket === undefined) return undefined;
  const { address } = await lookup(host).catch(() => ({ address: host }));
  if (listener && isAt(listener.fd, { host: address, port })) return listener.fd;
  if (listener) {
    systemd.dropsKept();
    closeSync(listener.fd);
  }
  const fd = listenAt(address, port);
  systemd.keeps(fd);
  return fd;
}

/** PORT=0, any free port, is wherever it already is. */
function isAt(fd: number, { host, port }: Place): boolean {
  const address = localAddress(fd);
  return address?.host === host && (port === 0 || address.port === port);
}

function listenAt(host: string, port: number): number {
  try {
    return listenOn(host, port);
  } catch (error) {
    throw new CommandError(
      `Cannot listen on ${host}:${port} (${reasonOf(error)}); set HOST and PORT to an address that is free.`,
    );
  }
}
