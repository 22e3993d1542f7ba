// The receiving end of sd_notify(3), as a service manager has it: what it was told, and the descriptors that came along.

import { dlopen, ptr } from "bun:ffi";
import { closeSync, rmSync } from "node:fs";

export type Told = Record<string, string>;

export type NotifySocket = {
  /** For NOTIFY_SOCKET. */
  path: string;
  /** One record a datagram, in order. */
  told(): Told[];
  /** The descriptors that it was given to keep. */
  kept(): number[];
  [Symbol.dispose](): void;
};

const { symbols } = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "i32"], returns: "i32" },
  recvmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
});

const AF_UNIX = 1;
const DATAGRAMS = 2 | 0o4000 | 0o2000000;
const CLOSE_ON_EXEC = 0x40000000;
const READ_EVERY_MS = 5;

/** Binds it there; "@name" is an abstract address. */
export function openNotifySocket(path: string): NotifySocket {
  const fd = symbols.socket(AF_UNIX, DATAGRAMS, 0);
  const name = Buffer.from(path.startsWith("@") ? `\0${path.slice(1)}` : `${path}\0`);
  const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), name]);
  if (fd < 0 || symbols.bind(fd, ptr(address), address.length) !== 0) throw new Error(`cannot bind ${path}`);
  const told: Told[] = [];
  const kept: number[] = [];
  const reading = setInterval(() => {
    for (let one = receive(fd); one; one = receive(fd)) {
      told.push(Object.fromEntries(one.text.trimEnd().split("\n").map(split)));
      kept.push(...one.fds);
    }
  }, READ_EVERY_MS);
  return {
    path,
    told: () => told,
    kept: () => kept,
    [Symbol.dispose]() {
      clearInterval(reading);
      for (const one of [fd, ...kept]) closeSync(one);
      if (!path.startsWith("@")) rmSync(path, { force: true });
    },
  };
}

function split(line: string): [string, string] {
  const at = line.indexOf("=");
  return [line.slice(0, at), line.slice(at + 1)];
}

/** The next datagram, by a struct msghdr of 64-bit Linux; undefined when there is none. */
function receive(fd: number): { text: string; fds: number[] } | undefined {
  const body = Buffer.alloc(4_096);
  const control = Buffer.alloc(64);
  const part = new BigUint64Array([BigInt(ptr(body)), BigInt(body.length)]);
  const fields = [0, 0, ptr(part), 1, ptr(control), control.length, 0];
  const message = new BigUint64Array(fields.map(BigInt));
  const length = Number(symbols.recvmsg(fd, ptr(message), CLOSE_ON_EXEC));
  if (length < 0) return undefined;
  const controlLength = Number(message[5]);
  const fds = Array.from({ length: Math.floor((controlLength - 16) / 4) }, (_, index) =>
    control.readInt32LE(16 + 4 * index),
  );
  return { text: body.toString("utf8", 0, length), fds: controlLength > 0 ? fds.slice(0, 1) : [] };
}
