// A line to a server that can be cut: what goes through it is as unreachable as if the server were gone, and comes back as if it returned.

import { connect, createServer, type Socket } from "node:net";

export type Line = {
  /** The same address by way of this line. */
  through(url: string): string;
  /** Whoever is on it is cut off, and nobody is let on. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** A line to the server that `url` names. */
export async function openLine(url: string): Promise<Line> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ host: hostname, port: Number(port) });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on("error", () => undefined);
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  const listen = (at: number) => new Promise<void>((resolve) => server.listen(at, "127.0.0.1", resolve));
  await listen(0);
  const here = (server.address() as { port: number }).port;
  const cut = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return {
    through(address) {
      const moved = new URL(address);
      moved.port = String(here);
      moved.searchParams.delete("socket");
      moved.searchParams.delete("path");
      return moved.href;
    },
    cut,
    mend: () => listen(here),
    [Symbol.asyncDispose]: cut,
  };
}
