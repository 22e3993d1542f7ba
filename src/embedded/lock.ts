// One process per data folder, held by a lock that the kernel gives back however the process ends.
import { Database } from "bun:sqlite";
import path from "node:path";
import { CommandError, reasonOf } from "../kernel/errors.ts";

/**
 * Holds the folder until disposed. The lock is SQLite's exclusive file lock: unlike a pid file it cannot go stale after a
 * `kill -9`, and a reused pid cannot be mistaken for its owner. Throws a CommandError when another process holds it.
 */
export function holdFolder(folder: string): Disposable {
  const database = openLock(path.join(folder, "grimbots.lock"));
  try {
    database.run("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw error;
    throw new CommandError(`Another grimbots already uses ${folder}: stop it, or choose another DATA_DIR.`);
  }
  return { [Symbol.dispose]: () => database.close() };
}

function openLock(file: string): Database {
  try {
    return new Database(file, { create: true });
  } catch (error) {
    throw new CommandError(`Cannot write ${file} (${reasonOf(error)}): choose a DATA_DIR that is yours.`);
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "SQLITE_BUSY";
}
