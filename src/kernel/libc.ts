// What Bun has no call for, asked of the C library: datagrams to a unix socket, with descriptors, and sockets that outlive a process.
//
// For Linux with glibc only. It is loaded at the first use: a program that no service manager started never needs it.

import { dlopen, ptr, read } from "bun:ffi";
import { readdirSync, readFileSync } from "node:fs";
import { getSystemErrorName } from "node:util";

const NUMBER = "i32";
const BYTES = "ptr";

const calls = {
  socket: { args: [NUMBER, NUMBER, NUMBER], returns: NUMBER },
  bind: { args: [NUMBER, BYTES, NUMBER], returns: NUMBER },
  listen: { args: [NUMBER, NUMBER], returns: NUMBER },
  setsockopt: { args: [NUMBER, NUMBER, NUMBER, BYTES, NUMBER], returns: NUMBER },
  getsockname: { args: [NUMBER, BYTES, BYTES], returns: NUMBER },
  getpeername: { args: [NUMBER, BYTES, BYTES], returns: NUMBER },
  sendmsg: { args: [NUMBER, BYTES, NUMBER], returns: "i64" },
  fcntl: { args: [NUMBER, NUMBER, NUMBER], returns: NUMBER },
  ioctl: { args: [NUMBER, "u64", BYTES], returns: NUMBER },
  dup2: { args: [NUMBER, NUMBER], returns: NUMBER },
  epoll_ctl: { args: [NUMBER, NUMBER, NUMBER, BYTES], returns: NUMBER },
  inet_pton: { args: [NUMBER, BYTES, BYTES], returns: NUMBER },
  __errno_location: { args: [], returns: "ptr" },
} as const;

let opened: ReturnType<typeof dlopen<typeof calls>>["symbols"] | undefined;

/** The functions themselves. Throws where there is no glibc. */
export function libc() {
  opened ??= dlopen("libc.so.6", calls).symbols;
  return opened;
}

// Linux's numbers for them, the same on x64 and arm64.
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SCM_RIGHTS = 1;
const MSG_NOSIGNAL = 0x4000;
const SOL_TCP = 6;
const TCP_DEFER_ACCEPT = 9;
const F_SETFL = 4;
const FIONREAD = 0x541b;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
/** What waits to be accepted while one process follows another; the kernel's own bound (net.core.somaxconn) is this, too. */
const BACKLOG = 4_096;

/** The result of a call, or an error with the system's own name for it (EADDRINUSE). */
function check(name: keyof typeof calls, result: number | bigint): number {
  if (Number(result) >= 0) return Number(result);
  const location = libc().__errno_location();
  const code = location === null ? "unknown" : getSystemErrorName(-read.i32(location));
  throw new Error(`${name}: ${code}`);
}

const addressOf = (bytes: Uint8Array): bigint => BigInt(ptr(bytes));

/**
 * Opens a datagram socket to the unix socket at `path`; "@name" is an abstract one. `send` waits until the datagram is taken, and throws
 * when nobody is there. `fds`: descriptors that the receiver gets as copies.
 */
export function openDatagrams(path: string): { send(text: string, fds?: number[]): void } {
  const fd = check("socket", libc().socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const name = Buffer.from(path.startsWith("@") ? `\0${path.slice(1)}` : `${path}\0`);
  const address = Buffer.concat([new Uint8Array(new Uint16Array([AF_UNIX]).buffer), name]);
  return {
    send(text, fds = []) {
      const { message, keep } = messageOf(address, Buffer.from(text), fds);
      check("sendmsg", libc().sendmsg(fd, ptr(message), MSG_NOSIGNAL));
      // The kernel reads them through addresses, of which the collector knows nothing.
      void keep.length;
    },
  };
}

/** A struct msghdr (see sendmsg(2)) of 64-bit Linux, and the memory that it points to. */
function messageOf(address: Uint8Array, body: Uint8Array, fds: number[]): { message: Uint8Array; keep: Uint8Array[] } {
  const part = new BigUint64Array([addressOf(body), BigInt(body.length)]);
  const control = new Uint8Array(fds.length === 0 ? 0 : 16 + Math.ceil((4 * fds.length) / 8) * 8);
  if (fds.length > 0) {
    const view = new DataView(control.buffer);
    view.setBigUint64(0, BigInt(16 + 4 * fds.length), true);
    view.setInt32(8, SOL_SOCKET, true);
    view.setInt32(12, SCM_RIGHTS, true);
    fds.forEach((fd, index) => void view.setInt32(16 + 4 * index, fd, true));
  }
  const parts = new Uint8Array(part.buffer);
  const fields = [addressOf(address), address.length, addressOf(parts), 1];
  const ancillary = fds.length === 0 ? [0, 0] : [addressOf(control), control.length];
  const message = new BigUint64Array([...fields, ...ancillary, 0].map(BigInt));
  return { message: new Uint8Array(message.buffer), keep: [address, body, parts, control] };
}

/** A listening TCP socket at an IPv4 or IPv6 address; it is closed with its last copy in any process. Throws an Error with the system's name of the fault. */
export function listenOn(host: string, port: number): number {
  const isV6 = host.includes(":");
  const family = isV6 ? AF_INET6 : AF_INET;
  const address = new Uint8Array(isV6 ? 28 : 16);
  const view = new DataView(address.buffer);
  view.setUint16(0, family, true);
  view.setUint16(2, port);
  if (libc().inet_pton(family, ptr(Buffer.from(`${host}\0`)), ptr(address, isV6 ? 8 : 4)) !== 1)
    throw new Error(`${host} is not an address`);
  const fd = check("socket", libc().socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const yes = new Uint8Array(new Int32Array([1]).buffer);
  check("setsockopt", libc().setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, ptr(yes), 4));
  check("bind", libc().bind(fd, ptr(address), address.length));
  check("listen", libc().listen(fd, BACKLOG));
  return fd;
}

/** Where a socket is bound; undefined when the descriptor is no TCP socket. */
export function localAddress(fd: number): { host: string; port: number } | undefined {
  const address = askAddress("getsockname", fd);
  if (address === undefined) return undefined;
  const view = new DataView(address.buffer);
  const family = view.getUint16(0, true);
  if (family === AF_INET) return { host: address.subarray(4, 8).join("."), port: view.getUint16(2) };
  if (family !== AF_INET6) return undefined;
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(8 + 2 * index).toString(16));
  // The shortest form, as in an address that somebody wrote.
  return { host: new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1), port: view.getUint16(2) };
}

function askAddress(call: "getsockname" | "getpeername", fd: number): Uint8Array | undefined {
  const address = new Uint8Array(128);
  const length = new Uint8Array(new Uint32Array([address.length]).buffer);
  return libc()[call](fd, ptr(address), ptr(length)) === 0 ? address : undefined;
}

/** The connections of this process that came in at a port. */
export function connectionsAt(port: number): number[] {
  const fds = readdirSync("/proc/self/fd").map(Number);
  return fds.filter((fd) => localAddress(fd)?.port === port && askAddress("getpeername", fd) !== undefined);
}

/** Whether something has arrived there that this process has not read yet. */
export function hasUnread(fd: number): boolean {
  const bytes = new Int32Array(1);
  return libc().ioctl(fd, FIONREAD, ptr(bytes)) === 0 && (bytes[0] ?? 0) > 0;
}

/** One place of an epoll instance, as /proc/PID/fdinfo tells it: `data` is what its owner knows it by. */
export type Watch = { epoll: number; fd: number; events: number; data: bigint };

/** Who waits for news of this descriptor. */
export function findWatch(fd: number): Watch | undefined {
  const place = new RegExp(`^tfd:\\s+${fd} events:\\s+([0-9a-f]+) data:\\s+([0-9a-f]+)`, "m");
  for (const epoll of readdirSync("/proc/self/fdinfo").map(Number)) {
    const [, events, data] = place.exec(readInfo(epoll)) ?? [];
    if (events && data) return { epoll, fd, events: Number.parseInt(events, 16), data: BigInt(`0x${data}`) };
  }
  return undefined;
}

/** Empty for the one descriptor that was open only to list the others. */
function readInfo(fd: number): string {
  try {
    return readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
  } catch {
    return "";
  }
}

/** Puts the listening socket `fd` in the place of the one that is watched: whoever waited for connections there now waits here. */
export function replaceListener({ epoll, fd: watched, events, data }: Watch, fd: number): void {
  // Several processes accept from it: one that comes too late must not wait. And as Bun sets it on its own sockets, they come with data.
  check("fcntl", libc().fcntl(fd, F_SETFL, SOCK_NONBLOCK));
  const one = new Uint8Array(new Int32Array([1]).buffer);
  libc().setsockopt(fd, SOL_TCP, TCP_DEFER_ACCEPT, ptr(one), 4);
  check("dup2", libc().dup2(fd, watched));
  // struct epoll_event is packed on x64 only.
  const offset = process.arch === "x64" ? 4 : 8;
  const event = new DataView(new ArrayBuffer(offset + 8));
  event.setUint32(0, events, true);
  event.setBigUint64(offset, data, true);
  check("epoll_ctl", libc().epoll_ctl(epoll, EPOLL_CTL_ADD, watched, ptr(new Uint8Array(event.buffer))));
}

/** No news any more: nothing is accepted, and what waits in the socket is for whoever else has it. */
export function stopWatching({ epoll, fd }: Watch): void {
  libc().epoll_ctl(epoll, EPOLL_CTL_DEL, fd, ptr(new Uint8Array(16)));
}
