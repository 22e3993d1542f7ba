// HTTP/1.1 in its least form, on kept-alive connections with one request at a time each: what a load generator can afford.

import type { Socket } from "bun";

export type HttpClient = {
  /** `request`: head and body, complete, in ASCII. Resolves with the status; 0 = no answer, also on a second connection. */
  send(request: string): Promise<number>;
  /** Connections opened so far, and requests that waited for one because all were busy. */
  counts(): { connections: number; heldBack: number; resent: number };
  /** Cuts all connections; requests under way resolve with 0. */
  close(): void;
};

type Exchange = { request: string; resolve: (status: number) => void; isSecondTry: boolean };
type Line = { socket: Socket<Line> | undefined; exchange: Exchange | undefined; received: string; unsent: string };

/** Opens up to `most` connections, each when it is first needed; the one used last is used next. */
export function openHttpClient(url: string, most: number): HttpClient {
  const { hostname, port } = new URL(url);
  const idle: Line[] = [];
  const open = new Set<Line>();
  const queue: Exchange[] = [];
  const counts = { connections: 0, heldBack: 0, resent: 0 };

  function give(exchange: Exchange): void {
    const line = idle.pop();
    if (line) begin(line, exchange);
    else if (open.size < most) connect(exchange);
    else {
      counts.heldBack += 1;
      queue.push(exchange);
    }
  }

  function connect(exchange: Exchange): void {
    const line: Line = { socket: undefined, exchange, received: "", unsent: "" };
    open.add(line);
    counts.connections += 1;
    // A refused connection ends in `connectError`, and there like a closed one.
    Bun.connect({ hostname, port: Number(port), data: line, socket: handlers }).catch(() => undefined);
  }

  function begin(line: Line, exchange: Exchange): void {
    line.exchange = exchange;
    write(line, exchange.request);
  }

  function write(line: Line, text: string): void {
    const written = line.socket?.write(text) ?? 0;
    line.unsent = written < text.length ? text.slice(Math.max(0, written)) : "";
  }

  function receive(line: Line, chunk: Buffer): void {
    line.received += chunk.toString("latin1");
    const status = statusOf(line.received);
    if (status === undefined) return;
    const { exchange } = line;
    line.received = "";
    line.exchange = undefined;
    const next = queue.shift();
    if (next) begin(line, next);
    else idle.push(line);
    exchange?.resolve(status);
  }

  /** The server closes what is idle for long; a request that crosses with that goes out again, as Telegram's does. */
  function lose(line: Line): void {
    if (!open.delete(line)) return;
    const at = idle.indexOf(line);
    if (at >= 0) idle.splice(at, 1);
    const { exchange } = line;
    if (!exchange) return;
    if (exchange.isSecondTry) exchange.resolve(0);
    else {
      counts.resent += 1;
      give({ ...exchange, isSecondTry: true });
    }
  }

  const handlers = {
    open(socket: Socket<Line>) {
      socket.data.socket = socket;
      if (socket.data.exchange) begin(socket.data, socket.data.exchange);
    },
    data: (socket: Socket<Line>, chunk: Buffer) => receive(socket.data, chunk),
    drain(socket: Socket<Line>) {
      if (socket.data.unsent) write(socket.data, socket.data.unsent);
    },
    close: (socket: Socket<Line>) => lose(socket.data),
    error: (socket: Socket<Line>) => lose(socket.data),
    connectError: (socket: Socket<Line>) => lose(socket.data),
  };

  return {
    send: (request) => new Promise((resolve) => give({ request, resolve, isSecondTry: false })),
    counts: () => ({ ...counts }),
    close() {
      for (const exchange of queue.splice(0)) exchange.resolve(0);
      for (const line of [...open]) {
        open.delete(line);
        line.exchange?.resolve(0);
        line.socket?.terminate();
      }
      idle.length = 0;
    },
  };
}

/** The status of an answer once it is here to its last byte; bodies come with their length. */
function statusOf(received: string): number | undefined {
  const headEnd = received.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const length = /\r\ncontent-length: *(\d+)/i.exec(received)?.[1] ?? "0";
  return received.length < headEnd + 4 + Number(length) ? undefined : Number(received.slice(9, 12));
}
