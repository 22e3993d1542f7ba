// The system's programs that a test starts: nginx, haproxy, promtool, systemd-analyze, openssl.

import { existsSync } from "node:fs";
import path from "node:path";
import { projectFolder } from "./sources.ts";

/** How a program is started: its path, and what its environment needs besides. */
export type Tool = { path: string; env: Record<string, string> };

const unpacked = path.join(projectFolder, ".runtime/tools");

/** Finds it on PATH, where a system keeps its servers, or in what `npm test` unpacked. Throws a sentence when it is nowhere. */
export function toolPath(name: string): Tool {
  const found = Bun.which(name, { PATH: `${process.env.PATH ?? ""}:/usr/local/sbin:/usr/sbin:/sbin` });
  if (found !== null) return { path: found, env: {} };
  const file = ["usr/sbin", "usr/bin"].map((folder) => path.join(unpacked, folder, name)).find(existsSync);
  if (file === undefined)
    throw new Error(`${name} is missing: \`npm test\` fetches it, or install your system's package.`);
  return { path: file, env: { LD_LIBRARY_PATH: path.join(unpacked, "lib"), ...unitsFor(name) } };
}

/** A machine without systemd has no units either, and ours name some of them. A path that ends with ":" comes before the usual ones. */
function unitsFor(name: string): Record<string, string> {
  return name === "systemd-analyze" ? { SYSTEMD_UNIT_PATH: `${path.join(unpacked, "units")}:` } : {};
}
