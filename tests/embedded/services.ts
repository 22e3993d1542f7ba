// What the tests of the embedded services share: a data folder of their own, and a look at what the services keep.
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Redis } from "ioredis";
import postgres from "postgres";
import type { Embedded } from "#src/embedded/open-embedded.ts";

/** A folder under the machine's temporary one, removed when disposed. `mode` 700 keeps other accounts out. */
export async function temporaryFolder(mode = 0o711): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), "grimbots-"));
  await chmod(folder, mode);
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** Keeps one more row and one more count, and tells how many there are now. */
export async function keepOneMore(services: Embedded): Promise<{ rows: number; count: number }> {
  const sql = postgres(services.databaseUrl, { max: 1, onnotice: () => {} });
  const redis = new Redis(services.redisUrl);
  try {
    await sql`create table if not exists visits (at timestamptz not null default now())`;
    await sql`insert into visits default values`;
    const [row] = await sql<{ rows: number }[]>`select count(*)::int as rows from visits`;
    return { rows: row?.rows ?? 0, count: await redis.incr("visits") };
  } finally {
    redis.disconnect();
    await sql.end();
  }
}

/** True while a process has this pid; one that ended but was not yet waited for is not running. */
export async function isRunning(pid: number): Promise<boolean> {
  if (process.platform === "linux") {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    return status !== "" && !/^State:\s+Z/m.test(status);
  }
  return !/^\s*(Z|$)/.test(await Bun.$`ps -o stat= -p ${pid}`.nothrow().text());
}
