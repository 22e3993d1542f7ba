// Our own PostgreSQL and Redis in one folder, for `--embedded`, the demo and the tests.
import { mkdir, realpath } from "node:fs/promises";
import path from "node:path";
import { serverAccount } from "./account.ts";
import { holdFolder } from "./lock.ts";
import { keptPassword } from "./password.ts";
import { openPostgres } from "./postgres.ts";
import { findPrograms } from "./programs.ts";
import { openRedis } from "./redis.ts";

/**
 * Two servers that live as long as this. `databaseUrl` and `redisUrl` stay the same until disposed, also when a server
 * dies and is started again; its pid then changes. `databaseSocket`: postgres.js's option `path`, faster than the URL's TCP.
 */
export type Embedded = {
  readonly databaseUrl: string;
  readonly databaseSocket: string | undefined;
  readonly redisUrl: string;
  readonly postgresPid: number;
  readonly redisPid: number;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Starts PostgreSQL and Redis on `dataDir/postgres` and `dataDir/redis`, whose data is kept between runs, reachable from
 * this machine only and with a password kept in `dataDir/embedded.password`. Whatever an earlier run left behind, also one
 * that was killed, is cleaned up first. Throws a CommandError when another process uses the folder or a program is missing.
 */
export async function openEmbedded(options: { dataDir: string; log?: (line: string) => void }): Promise<Embedded> {
  const log = options.log ?? (() => {});
  await mkdir(options.dataDir, { recursive: true });
  const dataDir = await realpath(options.dataDir);
  await using opened = new AsyncDisposableStack();
  opened.use(holdFolder(dataDir));
  const [programs, account] = await Promise.all([findPrograms(), serverAccount()]);
  const password = await keptPassword(path.join(dataDir, "embedded.password"));
  const common = { dataDir, password, account, log };
  const { postgresBin: bin, redisServer: program, redisLibs: libs } = programs;
  const starting = [openPostgres({ ...common, bin }), openRedis({ ...common, program, libs })] as const;
  for (const started of await Promise.allSettled(starting))
    if (started.status === "fulfilled") opened.use(started.value);
  const [postgres, redis] = await Promise.all(starting);
  const life = opened.move();
  return {
    databaseUrl: postgres.url,
    databaseSocket: postgres.socket,
    redisUrl: redis.url,
    get postgresPid() {
      return postgres.pid;
    },
    get redisPid() {
      return redis.pid;
    },
    [Symbol.asyncDispose]: () => life.disposeAsync(),
  };
}
