// Installs the peers' libraries when their lock file has changed since the last time, and finds the Node.js that runs them.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { CommandError } from "#src/kernel/errors.ts";

export const PEERS = path.join(import.meta.dir, "peers");

/** What @hono/node-server and ioredis ask for. */
const NODE_LEAST = 20;

/** Node.js and its version; bench/peers/node_modules is what the lock file says. Throws CommandError with what is missing. */
export async function ensurePeers(tell: (sentence: string) => void): Promise<{ node: string; version: string }> {
  const node = Bun.which("node");
  const version = node === null ? "" : Bun.spawnSync([node, "--version"]).stdout.toString().trim();
  if (node === null || Number(/^v(\d+)/.exec(version)?.[1] ?? 0) < NODE_LEAST)
    throw new CommandError(`The peers need Node.js ${NODE_LEAST} or newer; found ${version || "none"}.`);
  const stamp = path.join(PEERS, "node_modules/.lock-hash");
  const hash = Bun.hash(readFileSync(path.join(PEERS, "bun.lock"))).toString(16);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return { node, version };
  tell("Installing the peers' libraries …");
  const args = ["install", "--frozen-lockfile", "--ignore-scripts"];
  const install = Bun.spawn([process.execPath, ...args], { cwd: PEERS, stdio: ["ignore", "ignore", "pipe"] });
  const complained = await new Response(install.stderr).text();
  if ((await install.exited) !== 0)
    throw new CommandError(`The peers' libraries could not be installed: ${complained}`);
  writeFileSync(stamp, hash);
  return { node, version };
}
