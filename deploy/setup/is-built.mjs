// Tells whether the executable in dist/ is newer than everything it is made of.
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";

const madeOf = ["src", "db", "queues", "deploy", "package.json", "bun.lock", "tsconfig.json"];

export function isBuilt() {
  if (!existsSync("dist/grimbots")) return false;
  const builtAt = statSync("dist/grimbots").mtimeMs;
  return madeOf.filter(existsSync).every((place) => newestIn(place) < builtAt);
}

/** A folder's own time counts, too: it tells of a file that is gone. */
function newestIn(place) {
  const status = statSync(place);
  if (!status.isDirectory()) return status.mtimeMs;
  return Math.max(status.mtimeMs, ...readdirSync(place).map((name) => newestIn(path.join(place, name))));
}
