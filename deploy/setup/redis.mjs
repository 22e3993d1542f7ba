// Finds redis-server, or unpacks Debian's package of it under .runtime/: nothing is installed, and no service is started.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { end, say } from "./run.mjs";

const home = ".runtime/redis";
const work = ".runtime/apt";

/** Makes sure that there is a redis-server, on PATH or as `.runtime/redis/redis-server` with its libraries in `lib/`. */
export function ensureRedis() {
  if (existsSync(path.join(home, "redis-server")) || works("redis-server", ["--version"])) return;
  if (process.platform === "darwin") end("Redis is missing: run `brew install redis`, then try again.", 1);
  if (!works("apt-get", ["--version"]) || !works("dpkg-deb", ["--version"])) {
    end("Redis is missing: install your system's redis-server, then try again.", 1);
  }
  say("Fetching Redis…");
  unpack(download());
}

function works(program, args) {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

/** The .deb files of redis-server and of those libraries that this machine lacks. apt's lists are our own: no root needed. */
function download() {
  const folders = { "Dir::State": "state", "Dir::State::lists": "state/lists", "Dir::Cache": "cache" };
  const options = Object.entries(folders).map(([name, folder]) => `${name}=${path.resolve(work, folder)}`);
  options.push("Dir::State::status=/var/lib/dpkg/status", "Debug::NoLocking=1", `APT::Sandbox::User=root`);
  for (const folder of ["state/lists/partial", "cache/archives/partial"]) {
    mkdirSync(path.join(work, folder), { recursive: true });
  }
  apt(options, ["update"]);
  apt(options, ["install", "--yes", "--download-only", "--no-install-recommends", "redis-server"]);
  const archives = path.join(work, "cache", "archives");
  return readdirSync(archives)
    .filter((name) => name.endsWith(".deb"))
    .map((name) => path.join(archives, name));
}

function apt(options, args) {
  const all = ["-qq", ...options.flatMap((option) => ["-o", option]), ...args];
  if (spawnSync("apt-get", all, { stdio: ["ignore", "ignore", "inherit"] }).status === 0) return;
  end("Redis could not be fetched: install your system's redis-server, then try again.", 1);
}

/** Made beside the final place and renamed: a fetch that was cut off is done again. */
function unpack(packages) {
  const [tree, draft] = [path.join(work, "tree"), `${home}.new`];
  for (const folder of [tree, draft, home]) rmSync(folder, { recursive: true, force: true });
  for (const file of packages) spawnSync("dpkg-deb", ["-x", file, tree], { stdio: "inherit" });
  mkdirSync(path.join(draft, "lib"), { recursive: true });
  const files = existsSync(tree) ? readdirSync(tree, { recursive: true }).map(String) : [];
  for (const file of files.filter((name) => /\.so(\.\d+)*$/.test(name))) {
    copyFileSync(path.join(tree, file), path.join(draft, "lib", path.basename(file)));
  }
  // Debian keeps the program in redis-tools under this name, and its name decides what it does: redis-server is a link.
  const program = [path.join(tree, "usr/bin/redis-check-rdb"), "/usr/bin/redis-check-rdb"].find(existsSync);
  if (program === undefined)
    end("Redis was not in the package: install your system's redis-server, then try again.", 1);
  copyFileSync(program, path.join(draft, "redis-server"));
  chmodSync(path.join(draft, "redis-server"), 0o755);
  renameSync(draft, home);
  rmSync(work, { recursive: true });
}
