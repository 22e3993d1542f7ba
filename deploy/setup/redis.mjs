// Finds redis-server, or unpacks Debian's package of it under .runtime/.
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { copyLibraries, hasApt, withPackages, works } from "./debian.mjs";
import { end, say } from "./run.mjs";

const home = ".runtime/redis";

/** Makes sure that there is a redis-server, on PATH or as `.runtime/redis/redis-server` with its libraries in `lib/`. */
export function ensureRedis() {
  if (existsSync(path.join(home, "redis-server")) || works("redis-server", ["--version"])) return;
  if (process.platform === "darwin") end("Redis is missing: run `brew install redis`, then try again.", 1);
  if (!hasApt()) end("Redis is missing: install your system's redis-server, then try again.", 1);
  say("Fetching Redis…");
  if (!withPackages({ names: ["redis-server"] }, keep))
    end("Redis could not be fetched: install your system's redis-server, then try again.", 1);
}

/** Made beside the final place and renamed: a fetch that was cut off is done again. */
function keep(tree) {
  const draft = `${home}.new`;
  for (const folder of [draft, home]) rmSync(folder, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  copyLibraries(tree, path.join(draft, "lib"));
  // Debian keeps the program in redis-tools under this name, and its name decides what it does: redis-server is a link.
  const program = [path.join(tree, "usr/bin/redis-check-rdb"), "/usr/bin/redis-check-rdb"].find(existsSync);
  if (program === undefined)
    end("Redis was not in the package: install your system's redis-server, then try again.", 1);
  copyFileSync(program, path.join(draft, "redis-server"));
  chmodSync(path.join(draft, "redis-server"), 0o755);
  renameSync(draft, home);
}
