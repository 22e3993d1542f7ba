// The private PostgreSQL of one data folder: its settings, and how it is started.
import { access } from "node:fs/promises";
import path from "node:path";
import { type Account, giveFolder } from "./account.ts";
import { commandFor } from "./command.ts";
import { initdb } from "./initdb.ts";
import { isDatabaseReady } from "./is-database-ready.ts";
import { type Kept, keepRunning } from "./keep-running.ts";
import { startServer } from "./server.ts";
import { socketPath } from "./socket-path.ts";
import { stopOrphanPostgres } from "./stop-orphan-postgres.ts";

/** `dataDir` is the folder of all embedded services; `bin` holds the programs. */
export type PostgresPlan = {
  bin: string;
  dataDir: string;
  password: string;
  account: Account | undefined;
  log(line: string): void;
};

/** `url` for a client on TCP; `socket`, when there is one, saves it about a quarter of a round trip. */
export type Postgres = Kept & { url: string; socket: string | undefined };

/** Given on the command line at every start, so that a data directory made by an older program gets them too. */
const settings = {
  listen_addresses: "127.0.0.1",
  max_connections: 120,
  shared_buffers: "256MB",
  max_wal_size: "2GB",
  // So much of the log is kept for use again: to make a file of it anew holds up every commit for a tenth of a second.
  min_wal_size: "1GB",
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  autovacuum: "on",
  // Queries here are short: compiling one costs more than it saves.
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  password_encryption: "scram-sha-256",
};

/** Starts PostgreSQL on `dataDir/postgres` (made when missing) and keeps it running until disposed. */
export async function openPostgres(plan: PostgresPlan): Promise<Postgres> {
  const { dataDir, account, password } = plan;
  const data = path.join(dataDir, "postgres");
  if (
    !(await access(data).then(
      () => true,
      () => false,
    ))
  )
    await initdb({ ...plan, data });
  await giveFolder(data, account);
  const kept = await keepRunning({ name: "PostgreSQL", start, log: plan.log });
  const url = `postgres://grimbots:${password}@127.0.0.1:${kept.port}/grimbots`;
  return Object.assign(kept, { url, socket: socketPath(data, `.s.PGSQL.${kept.port}`) });

  async function start(port: number) {
    await stopOrphanPostgres(data);
    const socket = socketPath(data, `.s.PGSQL.${port}`);
    const folder = socket === undefined ? "" : `"${data.replaceAll('"', '""')}"`;
    const values = Object.entries({ ...settings, port, unix_socket_directories: folder });
    const args = ["-D", data, ...values.flatMap(([name, value]) => ["-c", `${name}=${value}`])];
    const program = path.join(plan.bin, "postgres");
    return startServer({
      name: "PostgreSQL",
      // INT is PostgreSQL's fast shutdown; QUIT its immediate one, repaired from the log at the next start.
      command: await commandFor({ program, args, folders: [data], account, deathSignal: "INT" }),
      stopSignals: ["SIGINT", "SIGQUIT"],
      logPath: path.join(dataDir, "postgres.log"),
      isReady: () => isDatabaseReady({ port, socket, password }),
    });
  }
}
