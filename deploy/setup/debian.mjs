// Fetches Debian's packages and unpacks them into a folder: nothing is installed, no root is needed, and no service is started.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";

const work = path.resolve(".runtime/apt");
const archives = path.join(work, "cache/archives");

// glibc belongs together with the machine's loader: a copy of it would not fit.
const glibc = /^(ld-linux.*|lib(c|m|mvec|pthread|dl|rt|resolv|util|nsl|anl|BrokenLocale|thread_db|nss_.*))[.-]/;

let hasLists = false;

/** Whether this machine can fetch and unpack Debian's packages. */
export function hasApt() {
  return works("apt-get", ["--version"]) && works("dpkg-deb", ["--version"]);
}

/** Whether a program can be started and says that all is well. */
export function works(program, args) {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

/**
 * Unpacks `names` with those of their dependencies that this machine lacks, and `alone` without any, gives the folder to `use`,
 * and removes it. False when apt could not fetch them.
 */
export function withPackages({ names = [], alone = [] }, use) {
  const tree = path.join(work, "tree");
  for (const folder of [tree, archives]) rmSync(folder, { recursive: true, force: true });
  if (!download(names, alone)) return false;
  for (const file of readdirSync(archives).filter((name) => name.endsWith(".deb")))
    spawnSync("dpkg-deb", ["-x", path.join(archives, file), tree], { stdio: "inherit" });
  mkdirSync(tree, { recursive: true });
  use(tree);
  for (const folder of [tree, archives]) rmSync(folder, { recursive: true, force: true });
  return true;
}

function download(names, alone) {
  for (const folder of ["state/lists/partial", "cache/archives/partial"])
    mkdirSync(path.join(work, folder), { recursive: true });
  hasLists ||= readLists();
  return (
    hasLists &&
    (names.length === 0 || apt(["install", "--yes", "--download-only", "--no-install-recommends", ...names])) &&
    (alone.length === 0 || apt(["download", ...alone]))
  );
}

/** They last as long as this process. */
function readLists() {
  process.once("exit", () => rmSync(work, { recursive: true, force: true }));
  return apt(["update"]);
}

/** apt with lists and a cache of our own; `apt-get download` writes where it stands. */
function apt(args) {
  const folders = { "Dir::State": "state", "Dir::State::lists": "state/lists", "Dir::Cache": "cache" };
  const options = Object.entries(folders).map(([name, folder]) => `${name}=${path.join(work, folder)}`);
  options.push("Dir::State::status=/var/lib/dpkg/status", "Debug::NoLocking=1", "APT::Sandbox::User=root");
  const all = ["-qq", ...options.flatMap((option) => ["-o", option]), ...args];
  return spawnSync("apt-get", all, { cwd: archives, stdio: ["ignore", "ignore", "inherit"] }).status === 0;
}

/** Puts all shared libraries of an unpacked tree side by side into one folder. */
export function copyLibraries(tree, to) {
  mkdirSync(to, { recursive: true });
  const files = readdirSync(tree, { recursive: true }).map(String);
  for (const file of files.filter((name) => /\.so(\.\d+)*$/.test(name) && !glibc.test(path.basename(name)))) {
    const from = path.join(tree, file);
    // A link to a file that the machine itself has leads nowhere here.
    if (existsSync(from)) copyFileSync(from, path.join(to, path.basename(file)));
  }
}
