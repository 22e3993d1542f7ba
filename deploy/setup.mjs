// What npm's scripts run: installs what is missing on a machine that has only Node, then does what the verb says.
import { existsSync } from "node:fs";
import path from "node:path";
import { chdir } from "node:process";
import { fileURLToPath } from "node:url";
import { ensureBun } from "./setup/bun.mjs";
import { ensureTools } from "./setup/debian-tools.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { isBuilt } from "./setup/is-built.mjs";
import { ensureRedis } from "./setup/redis.mjs";
import { end, run } from "./setup/run.mjs";
import { runTests } from "./setup/run-tests.mjs";

/** Verb → what it runs, in order; the first step that fails ends it with its exit code. */
const verbs = {
  start: (bun, args) => [() => run(bun, ["src/main.ts", "demo", ...args])],
  test: (bun, args) => [
    ...verbs.check(bun, []),
    () => (isBuilt() ? 0 : run(bun, ["deploy/build.ts"])),
    () => runTests(bun, args),
  ],
  check: (bun) => [() => run(bun, [tool("tsc"), "--noEmit"]), () => run(bun, [tool("biome"), "check"])],
  build: (bun, args) => [() => run(bun, ["deploy/build.ts", ...args])],
  bench: (bun, args) => [() => run(bun, ["bench/index.ts", ...args])],
  bun: (bun, args) => [() => run(bun, args)],
  biome: (bun, args) => [() => run(bun, [tool("biome"), ...args])],
};

async function main([verb, ...args]) {
  chdir(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
  if (!Object.hasOwn(verbs, verb ?? "")) end(`Say one of: ${Object.keys(verbs).join(", ")}.`, 2);
  const bun = ensureBun();
  ensureDependencies(bun);
  if (verb !== "check" && verb !== "biome") ensureRedis();
  if (verb === "test") ensureTools();
  for (const step of verbs[verb](bun, args)) {
    const code = await step();
    if (code !== 0) process.exit(code);
  }
}

/** The program as npm's packages bring it; run with Bun, so that the `node` of its first line is not needed. */
function tool(name) {
  const file = path.join("node_modules", ".bin", name);
  return existsSync(file) ? file : end(`${file} is missing: delete node_modules and try again.`, 1);
}

await main(process.argv.slice(2));
