// What stands behind a proxy in tests: a server that tells what reached it, one that takes requests and never answers, and nobody.

import { freePort } from "#src/embedded/free-port.ts";
import { CHALLENGE } from "./proxy.ts";

/** What the server saw of a request, as it answers it. */
export type Seen = { method: string; path: string; headers: Record<string, string>; bytes: number };

/** `count`: requests that reached it, questions whether it lives left out. */
export type Upstream = { port: number; count(): number; [Symbol.asyncDispose](): Promise<void> };

/** Answers with what it saw. A WebSocket hears its own words again. Under /delivery/ it sets headers as the program's page does. */
export function startMirror(): Upstream {
  let count = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request, self) {
      const { pathname, search } = new URL(request.url);
      if (pathname === "/health") return new Response("ok");
      if (pathname.startsWith("/.well-known/acme-challenge/")) return new Response(CHALLENGE);
      count += 1;
      if (request.headers.get("upgrade") === "websocket" && self.upgrade(request, { data: undefined }))
        return undefined;
      const bytes = (await request.arrayBuffer()).byteLength;
      const seen: Seen = {
        method: request.method,
        path: `${pathname}${search}`,
        headers: Object.fromEntries(request.headers),
        bytes,
      };
      const headers = pathname.startsWith("/delivery/") ? { "referrer-policy": "no-referrer" } : {};
      return Response.json(seen, { headers: new Headers(headers) });
    },
    websocket: { message: (socket, message) => void socket.send(message) },
  });
  return { port: server.port ?? 0, count: () => count, [Symbol.asyncDispose]: () => server.stop(true) };
}

/** Lives, as it says, but closes the connection on whatever else it is sent: it dies in the middle of each request. */
export function startDying(): Upstream {
  let count = 0;
  const server = Bun.listen({
    port: 0,
    hostname: "127.0.0.1",
    socket: {
      data(socket, bytes) {
        const isHealth = bytes.toString("latin1").startsWith("GET /health");
        if (isHealth) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        else count += 1;
        socket.end();
      },
    },
  });
  return { port: server.port, count: () => count, [Symbol.asyncDispose]: async () => server.stop(true) };
}

/** A port on which nobody listens. */
export const nobody = freePort;
