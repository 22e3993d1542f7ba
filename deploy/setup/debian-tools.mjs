// Finds the programs that tests of the deployment start, or unpacks Debian's packages of them under .runtime/tools/.
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { copyLibraries, hasApt, withPackages } from "./debian.mjs";
import { say } from "./run.mjs";

const home = ".runtime/tools";

/** LIST of programs: where Debian puts each, and the package; `alone`: it needs nothing of what its package depends on. */
const tools = [
  { file: "usr/sbin/nginx", package: "nginx" },
  { file: "usr/sbin/haproxy", package: "haproxy" },
  { file: "usr/bin/systemd-analyze", package: "systemd" },
  { file: "usr/bin/openssl", package: "openssl" },
  // Written in Go, so it stands alone; Prometheus itself and its web pages are not wanted.
  { file: "usr/bin/promtool", package: "prometheus", alone: true },
];

// systemd-analyze judges a unit together with the units that it names.
const units = ["usr/lib/systemd/system", "lib/systemd/system"];

/**
 * Makes sure that all of them are there: on PATH, where a system keeps its servers, or under `.runtime/tools/` with their libraries in
 * `lib/`. What cannot be had is said; the tests that need it then fail with a sentence, and the others still run.
 */
export function ensureTools() {
  const missing = tools.filter(({ file }) => !isOnMachine(path.basename(file)) && !existsSync(path.join(home, file)));
  if (missing.length === 0) return;
  const names = missing.map(({ file }) => path.basename(file)).join(", ");
  if (!hasApt()) return say(`Missing: ${names}. Install them, or the tests that start them fail.`);
  say(`Fetching ${names}…`);
  const packages = {
    names: missing.filter(({ alone }) => !alone).map((tool) => tool.package),
    alone: missing.filter(({ alone }) => alone).map((tool) => tool.package),
  };
  if (!withPackages(packages, (tree) => keep(tree, missing)))
    say(`Could not be fetched: ${names}. Install them, or the tests that start them fail.`);
}

/** Servers stand in folders that are on root's PATH only. */
function isOnMachine(name) {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  return folders.some((folder) => existsSync(path.join(folder, name)));
}

/** What stands there already is taken along; made beside the final place and renamed: a fetch that was cut off is done again. */
function keep(tree, missing) {
  const draft = `${home}.new`;
  rmSync(draft, { recursive: true, force: true });
  if (existsSync(home)) cpSync(home, draft, { recursive: true });
  copyLibraries(tree, path.join(draft, "lib"));
  for (const { file } of missing) {
    const from = path.join(tree, file);
    if (!existsSync(from)) continue;
    mkdirSync(path.join(draft, path.dirname(file)), { recursive: true });
    copyFileSync(from, path.join(draft, file));
    chmodSync(path.join(draft, file), 0o755);
  }
  const folder = units.map((place) => path.join(tree, place)).find(existsSync);
  if (folder !== undefined) cpSync(folder, path.join(draft, "units"), { recursive: true });
  rmSync(home, { recursive: true, force: true });
  renameSync(draft, home);
}
