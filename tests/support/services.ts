// The services that all tests of a run share: PostgreSQL and Redis of their own, started when the first test asks for them.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { connectDatabase, type Database } from "#db/connect.ts";
import { migrate } from "#db/migrate.ts";
import { withSocket } from "#src/commands/serve.ts";
import { type Embedded, openEmbedded } from "#src/embedded/open-embedded.ts";

export type Services = {
  redisUrl: string;
  embedded: Embedded;
  /** A fresh database of the current schema, and its address. */
  createDatabase(): Promise<string>;
};

const TEMPLATE = "grimbots_template";

let started: Promise<Services & { stop(): Promise<void> }> | undefined;

/** The shared services; a test file that wants to break them opens its own with `startServices`. */
export function services(): Promise<Services> {
  started ??= startServices();
  return started;
}

/** Ends them, if they were started; tests/support/preload.ts calls it after the last test file. */
export async function stopServices(): Promise<void> {
  await (await started)?.stop();
}

export async function startServices(): Promise<Services & { stop(): Promise<void> }> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "grimbots-test-"));
  const embedded = await openEmbedded({ dataDir });
  const adminUrl = withSocket(embedded.databaseUrl, embedded.databaseSocket);
  const admin = connectDatabase(adminUrl, { connections: 1 });
  await prepareTemplate(admin, adminUrl);
  let created = 0;
  return {
    redisUrl: embedded.redisUrl,
    embedded,
    async createDatabase() {
      const name = `test_${++created}`;
      await admin.unsafe(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
      return named(adminUrl, name);
    },
    async stop() {
      await admin.end({ timeout: 1 });
      await embedded[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function prepareTemplate(admin: Database, adminUrl: string): Promise<void> {
  await admin.unsafe(`CREATE DATABASE ${TEMPLATE}`);
  const sql = connectDatabase(named(adminUrl, TEMPLATE), { connections: 1 });
  await migrate(sql);
  // A database with connections is no template.
  await sql.end();
}

function named(url: string, database: string): string {
  const address = new URL(url);
  address.pathname = `/${database}`;
  return address.href;
}
