// Finds Bun in the version that package.json pins, or installs it with npm under .runtime/.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { end, say } from "./run.mjs";

const home = ".runtime/bun";

/** The path of a Bun that runs here and has the pinned version. */
export function ensureBun() {
  const version = JSON.parse(readFileSync("package.json", "utf8")).devDependencies.bun;
  const found = find(version);
  if (found !== undefined) return found;
  say(`Installing Bun ${version}…`);
  const args = [
    "install",
    "--no-save",
    "--no-package-lock",
    "--no-audit",
    "--no-fund",
    "--prefix",
    home,
    `bun@${version}`,
  ];
  spawnSync("npm", args, { stdio: ["ignore", "ignore", "inherit"] });
  return find(version) ?? end(`Bun ${version} could not be installed: see https://bun.sh, then try again.`, 1);
}

function find(version) {
  return [...inPackages("node_modules"), ...inPackages(`${home}/node_modules`), ...onPath()].find(
    (bun) => spawnSync(bun, ["--version"], { encoding: "utf8" }).stdout?.trim() === version,
  );
}

/** By its whole path: npm puts node_modules/.bin first, where the name means something else once the dependencies are there. */
function onPath() {
  const { status, stdout } = spawnSync("bun", ["--print", "process.execPath"], { encoding: "utf8" });
  return status === 0 ? [stdout.trim()] : [];
}

/** npm's package `bun` moves the program into itself with an install script; where that is blocked it is still in @oven. */
function inPackages(folder) {
  const vendor = path.join(folder, "@oven");
  const names = existsSync(vendor) ? readdirSync(vendor) : [];
  const programs = [...names.map((name) => path.join(vendor, name, "bin/bun")), path.join(folder, "bun/bin/bun.exe")];
  return programs.filter(existsSync).map((program) => path.resolve(program));
}
