// Where a server's unix socket can be: the kernel bounds the length of its path.
import path from "node:path";

// 108 bytes on Linux and 104 on macOS, of which PostgreSQL's own lock file beside the socket needs some.
const pathAtMostBytes = 98;

/** The socket's path in the folder; undefined when it would be too long to be used. */
export function socketPath(folder: string, name: string): string | undefined {
  const socket = path.join(folder, name);
  return Buffer.byteLength(socket) <= pathAtMostBytes ? socket : undefined;
}
