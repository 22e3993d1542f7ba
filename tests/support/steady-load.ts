// Requests at a steady rate, on kept connections and on fresh ones. Nothing is forgiven: a refusal, a reset and every other status count.

import type { Socket } from "bun";

export type SteadyLoad = {
  /** What became of the requests so far: "200", "503", "refused", "reset". */
  counts(): Record<string, number>;
  /**
   * Requests that crossed with the end of a kept connection, on which nothing was under way: no server can prevent it, and every client
   * sends them again on a new one (RFC 9112, 9.3.1).
   */
  crossed(): number;
  /** The longest time that a request took, in milliseconds. */
  longestMs(): number;
  /** No more requests; resolves when those under way have ended. */
  end(): Promise<void>;
};

type Line = { kept: boolean; isReused: boolean; request: string; received: string; ended: (how: string) => void };

const PATIENCE_MS = 10_000;
const CROSSED = "crossed";

/**
 * `request`: head and body of the n-th request, complete. Half of them go out on connections that stay open, as long as the server does not
 * announce that it closes them.
 */
export function startLoad(url: string, perSecond: number, request: (n: number, kept: boolean) => string): SteadyLoad {
  const { hostname, port } = new URL(url);
  const idle: Socket<Line>[] = [];
  const counts: Record<string, number> = {};
  const underWay = new Set<Promise<void>>();
  let longestMs = 0;
  let sent = 0;
  let crossed = 0;

  async function ask(): Promise<void> {
    const n = ++sent;
    const kept = n % 2 === 0;
    const startedMs = performance.now();
    const text = request(n, kept);
    let how = await exchange(text, kept);
    if (how === CROSSED) {
      crossed += 1;
      how = await exchange(text, false);
    }
    longestMs = Math.max(longestMs, performance.now() - startedMs);
    counts[how] = (counts[how] ?? 0) + 1;
  }

  function exchange(text: string, kept: boolean): Promise<string> {
    return new Promise((resolve) => {
      const patience = setTimeout(() => resolve("no answer"), PATIENCE_MS);
      const ended = (how: string) => {
        clearTimeout(patience);
        resolve(how);
      };
      const socket = kept ? idle.pop() : undefined;
      const line: Line = { kept, isReused: socket !== undefined, request: text, received: "", ended };
      if (socket) {
        socket.data = line;
        socket.write(text);
      } else Bun.connect({ hostname, port: Number(port), data: line, socket: handlers }).catch(() => ended("refused"));
    });
  }

  const handlers = {
    open: (socket: Socket<Line>) => void socket.write(socket.data.request),
    data(socket: Socket<Line>, chunk: Buffer) {
      const line = socket.data;
      line.received += chunk.toString("latin1");
      const [, status, headers = "", body = ""] =
        /^HTTP\/1.1 (\d+)([\s\S]*?)\r\n\r\n([\s\S]*)$/.exec(line.received) ?? [];
      if (!status || body.length < Number(/content-length: *(\d+)/i.exec(headers)?.[1] ?? 0)) return;
      line.ended(status);
      if (line.kept && !/connection: close/i.test(headers)) idle.push(socket);
      else socket.end();
    },
    close(socket: Socket<Line>) {
      const at = idle.indexOf(socket);
      if (at >= 0) idle.splice(at, 1);
      // Without effect when it was answered.
      socket.data.ended(lossOf(socket.data));
    },
    error: (socket: Socket<Line>) => socket.data.ended(lossOf(socket.data)),
    connectError: (socket: Socket<Line>) => socket.data.ended("refused"),
  };

  const asking = setInterval(() => {
    const one: Promise<void> = ask().finally(() => underWay.delete(one));
    underWay.add(one);
  }, 1_000 / perSecond);
  return {
    counts: () => counts,
    crossed: () => crossed,
    longestMs: () => longestMs,
    async end() {
      clearInterval(asking);
      await Promise.all(underWay);
      for (const socket of idle.splice(0)) socket.end();
    },
  };
}

const lossOf = ({ isReused, received }: Line): string => (isReused && received === "" ? CROSSED : "reset");
