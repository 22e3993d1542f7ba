// Builds dist/: the executable, beside it the programs it starts for itself where a machine has none, and what installs it.
import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { findPrograms } from "#src/embedded/programs.ts";
import { copyInstall } from "./build/copy-install.ts";
import { copyPostgres } from "./build/copy-postgres.ts";
import { copyRedis } from "./build/copy-redis.ts";

const options = ["--compile", "--minify", "--sourcemap", "--bytecode"];

/** `folder`: where dist/ is made; `entry`: the program's first file. */
async function build(entry: string, folder: string): Promise<void> {
  const executable = path.join(folder, "grimbots");
  const runtime = path.join(folder, "runtime");
  const programs = await findPrograms();
  await rm(runtime, { recursive: true, force: true });
  await Promise.all([
    copyInstall(folder),
    copyPostgres(programs, path.join(runtime, "postgres")),
    copyRedis(programs, path.join(runtime, "redis")),
  ]);
  // Last, so that its time tells that all of dist/ is made.
  await compile(entry, executable);
  const sizes = await Promise.all(
    [executable, path.join(runtime, "postgres"), path.join(runtime, "redis")].map(megabytes),
  );
  process.stdout.write(`${executable} ${sizes[0]} MB, runtime/postgres ${sizes[1]} MB, runtime/redis ${sizes[2]} MB\n`);
}

async function compile(entry: string, executable: string): Promise<void> {
  const command = [process.execPath, "build", ...options, entry, "--outfile", executable];
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const said = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) === 0) return;
  process.stderr.write(said.join(""));
  process.exit(1);
}

async function megabytes(place: string): Promise<number> {
  const status = await stat(place).catch(() => undefined);
  if (status === undefined) return 0;
  if (!status.isDirectory()) return Math.round(status.size / 1_000_000);
  let bytes = 0;
  for (const entry of await readdir(place, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(path.join(entry.parentPath, entry.name))).size;
  }
  return Math.round(bytes / 1_000_000);
}

const [entry = "src/main.ts", folder = "dist"] = process.argv.slice(2);
await build(entry, folder);
