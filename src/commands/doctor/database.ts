// doctor's look at PostgreSQL: version, schema, what it promises to keep, connections, disk, clock, and whether our key opens what is kept.

import { statfsSync } from "node:fs";
import type { Database } from "#db/connect.ts";
import { fits, readSchema, type Schema, schemaVersion } from "#db/migrate.ts";
import { openKeyring } from "../../kernel/config.ts";
import { connectionsPerProcess } from "../../kernel/limits.ts";
import { countByKey, sealedColumns } from "../sealed.ts";
import { advice, type Finding, failure, fine } from "./finding.ts";
import { judgeClock } from "./reach.ts";

const MIN_POSTGRES = 150_000;
/** For migrations, commands and whoever looks after the server. */
const CONNECTIONS_BESIDE = 10;
const FULL = 0.8;

export type Server = {
  version: number;
  now: Date;
  fsync: string;
  fullPageWrites: string;
  synchronousCommit: string;
  maxConnections: number;
  used: number;
};

export async function checkServer(sql: Database): Promise<Finding[]> {
  const beganMs = Date.now();
  const [server] = await sql<Server[]>`
    SELECT current_setting('server_version_num')::int AS version, clock_timestamp() AS now, current_setting('fsync') AS fsync,
      current_setting('full_page_writes') AS "fullPageWrites", current_setting('synchronous_commit') AS "synchronousCommit",
      current_setting('max_connections')::int AS "maxConnections",
      (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS used`;
  const middleMs = (beganMs + Date.now()) / 2;
  if (!server) return [];
  return [
    ...judgeServer(server),
    judgeSchema(await readSchema(sql)),
    judgeClock("clock_database", middleMs - server.now.getTime()),
  ];
}

export function judgeServer(server: Server): Finding[] {
  const version = { version: Math.floor(server.version / 10_000) };
  const promises = [
    ["fsync", server.fsync],
    ["full_page_writes", server.fullPageWrites],
    ["synchronous_commit", server.synchronousCommit],
  ] as const;
  return [
    server.version >= MIN_POSTGRES
      ? fine("database", "database_version", version)
      : failure("database", "database_version", "database_upgrade", version),
    ...promises.map(([name, value]) =>
      value === "off"
        ? failure(name, "setting_is", "setting_on", { name, value })
        : fine(name, "setting_is", { value }),
    ),
  ];
}

export function judgeSchema(schema: Schema): Finding {
  const values = { schema: schema.version, needed: schemaVersion };
  if (fits(schema)) return fine("schema", "schema_at", values);
  return failure("schema", "schema_at", schema.version < schemaVersion ? "schema_migrate" : "schema_newer", values);
}

/** `live`: processes with a lease in force. */
export async function checkConnections(sql: Database, live: number): Promise<Finding[]> {
  const [row] = await sql<{ max: number; used: number }[]>`
    SELECT current_setting('max_connections')::int AS max,
      (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS used`;
  return [judgeConnections({ max: row?.max ?? 0, used: row?.used ?? 0, processes: Math.max(1, live) })];
}

export function judgeConnections({ max, used, processes }: { max: number; used: number; processes: number }): Finding {
  const budget = processes * connectionsPerProcess;
  const wanted = budget + CONNECTIONS_BESIDE;
  const values = { max, used, processes, budget, wanted: Math.ceil(wanted / 10) * 10 };
  if (used > max * FULL)
    return failure("database_connections", "connections", "connections_few", { ...values, wanted: max * 2 });
  if (wanted > max) return advice("database_connections", "connections", "connections_few", values);
  return fine("database_connections", "connections", values);
}

/** PostgreSQL tells the size of its data, not the room that is left; that can be seen when it runs on this machine. */
export async function checkDisk(sql: Database, databaseUrl: string): Promise<Finding[]> {
  const [row] = await sql<{ folder: string | null; bytes: number }[]>`
    SELECT (SELECT setting FROM pg_settings WHERE name = 'data_directory') AS folder, pg_database_size(current_database()) AS bytes`;
  const room = isHere(databaseUrl) && row?.folder ? roomIn(row.folder) : undefined;
  if (!room) return [fine("database_disk", "disk_unseen", { size: gigabytes(row?.bytes ?? 0) })];
  return [judgeDisk(room)];
}

function isHere(databaseUrl: string): boolean {
  const { hostname, searchParams } = new URL(databaseUrl);
  return searchParams.has("socket") || /^(localhost|127\..*|\[::1\])$/.test(hostname);
}

function roomIn(folder: string): { free: number; all: number } | undefined {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder);
    return { free: bavail * bsize, all: blocks * bsize };
  } catch {
    return undefined;
  }
}

const GIGABYTE = 1024 ** 3;
const gigabytes = (bytes: number): string => (bytes / GIGABYTE).toFixed(1);

/** Bytes. Below a twentieth or one gigabyte it is a matter of hours. */
export function judgeDisk({ free, all }: { free: number; all: number }): Finding {
  const share = all > 0 ? free / all : 0;
  const values = { free: gigabytes(free), percent: Math.floor(share * 100) };
  if (share < 0.05 || free < GIGABYTE) return failure("database_disk", "disk_free", "disk_room", values);
  return share < 0.15
    ? advice("database_disk", "disk_free", "disk_room", values)
    : fine("database_disk", "disk_free", values);
}

/** What is sealed with a key that is not here is lost until that comes back; what an older one sealed keeps it from being taken out. */
export async function checkSealed(sql: Database, secretKey: string | undefined): Promise<Finding[]> {
  const { keyIds } = openKeyring(secretKey);
  const [newest = ""] = keyIds;
  let [older, shut] = [0, 0];
  for (const column of sealedColumns)
    for (const { keyId, count } of await countByKey(sql, column)) {
      if (!keyIds.includes(keyId)) shut += count;
      else if (keyId !== newest) older += count;
    }
  if (shut > 0) return [failure("sealed_secrets", "sealed_shut", "sealed_key", { count: shut })];
  if (older > 0) return [advice("sealed_secrets", "sealed_older", "sealed_again", { count: older })];
  return [fine("sealed_secrets", "sealed_newest")];
}

/** Processes whose lease is in force, whatever they work on. */
export async function countLive(sql: Database): Promise<number> {
  const [row] = await sql<{ live: number }[]>`
    SELECT count(*)::int AS live FROM process WHERE beat_at > clock_timestamp() - interval '5 seconds'`;
  return row?.live ?? 0;
}
