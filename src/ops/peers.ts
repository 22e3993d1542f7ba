// How the processes of one machine tell one another their metrics: each listens on a socket with a number of its own, the lowest that is free.
// The sockets have abstract names (https://man7.org/linux/man-pages/man7/unix.7.html): they are in no folder, and are gone with their process.

import { createHash, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { limits } from "../kernel/limits.ts";
import { within } from "../kernel/within.ts";

/** What one process may tell: a thousand series are 150 KB. */
const MOST_BYTES = 8 * 1024 * 1024;

/** What one process tells: who it is, by a name that is its own among those that live, and its metrics. */
export type Told<Content> = { self: string; process: string; content: Content };

/** This process, among those that answer. */
export const self: string = randomUUID();

/** What is common to the processes of one installation and to no other: the database they work on. Holds no password. */
export function peersOf(databaseUrl: string): string {
  const { host, pathname, searchParams } = new URL(databaseUrl);
  const name = [host, pathname, searchParams.get("socket")].join("|");
  return `grimbots:${createHash("sha256").update(name).digest("hex").slice(0, 16)}`;
}

const socketOf = (peers: string, number: number): string => `\0${peers}:${number}`;

/**
 * Answers whoever asks, as `${role}-${number}`. Resolves with undefined when no number is free, or the machine has no such sockets.
 */
export async function answerPeers(
  peers: string,
  role: string,
  tell: () => Promise<unknown>,
): Promise<{ process: string; close(): void } | undefined> {
  for (let number = 1; number <= limits.processesOnMachine; number++) {
    const process = `${role}-${number}`;
    const answer = async (socket: Socket): Promise<void> => {
      socket.on("error", () => socket.destroy());
      const content = await tell();
      socket.end(JSON.stringify({ self, process, content }));
    };
    const server = createServer((socket) => void answer(socket).catch(() => socket.destroy()));
    const listening = await listen(server, socketOf(peers, number));
    if (listening === "yes") return { process, close: () => void server.close() };
    if (listening === "never") return undefined;
  }
  return undefined;
}

function listen(server: Server, path: string): Promise<"yes" | "taken" | "never"> {
  return new Promise((resolve) => {
    server.once("error", (error: { code?: unknown }) => resolve(error.code === "EADDRINUSE" ? "taken" : "never"));
    server.listen({ path }, () => resolve("yes"));
    // Telling is no reason to live on.
    server.unref();
  });
}

/** What all processes of this installation on this machine tell, this one among them if it answers; `silent`: those that said nothing in time. */
export async function askPeers(peers: string): Promise<{ told: Told<unknown>[]; silent: number }> {
  const numbers = await findListening(peers).catch(() => []);
  const answers = await Promise.all(numbers.map((number) => ask(socketOf(peers, number)).catch(() => undefined)));
  const told = answers.filter((one) => one !== undefined);
  return { told, silent: answers.length - told.length };
}

/** Column 4 holds the flag of those that accept connections. */
async function findListening(peers: string): Promise<number[]> {
  const table = await readFile("/proc/self/net/unix", "utf8");
  const line = new RegExp(`^\\S+ \\S+ \\S+ 00010000 .* @${peers}:(\\d{1,3})$`, "gm");
  const numbers = [...table.matchAll(line)].map(([, number]) => Number(number));
  return numbers.filter((number) => number <= limits.processesOnMachine).sort((a, b) => a - b);
}

async function ask(path: string): Promise<Told<unknown>> {
  const socket = connect({ path });
  try {
    const late = () => new Error("no answer");
    const value: unknown = JSON.parse(await within(limits.peerMs, readAll(socket), late));
    if (!isTold(value)) throw new TypeError("not an answer of this program");
    return value;
  } finally {
    socket.destroy();
  }
}

function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) reject(new Error("too long"));
      else chunks.push(chunk);
    });
    socket.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("broke off")));
  });
}

function isTold(value: unknown): value is Told<unknown> {
  const { self: who, process, content } = (value ?? {}) as Record<string, unknown>;
  return typeof who === "string" && typeof process === "string" && PROCESS.test(process) && content !== undefined;
}

const PROCESS = /^[a-z_]{1,40}-\d{1,3}$/;
