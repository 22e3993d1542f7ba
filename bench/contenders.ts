// LIST of what is measured side by side: grimbots, what a good engineer would write instead, and the floor. On one ground, with the same
// bots, each with a database of its own; only the one whose turn it is runs.

import { chmod } from "node:fs/promises";
import path from "node:path";
import { Redis } from "ioredis";
import { connectDatabase, type Database } from "#db/connect.ts";
import { withSocket } from "#src/commands/serve.ts";
import { freePort } from "#src/embedded/free-port.ts";
import { samplePhoto } from "#src/funnel/sample-photo.ts";
import { limits } from "#src/kernel/limits.ts";
import { PEERS } from "./install-peers.ts";
import { type OpenBooks, ourBooks } from "./kept.ts";
import type { Measurable } from "./measure.ts";
import { floorBooks, grammyHonoBooks } from "./peer-books.ts";
import floorSchema from "./peers/floor.sql" with { type: "text" };
import grammyHonoSchema from "./peers/grammy-hono.sql" with { type: "text" };
import type { PeerBot, PeerSettings, ProfileBy } from "./peers/settings.ts";
import { type Program, type Running, startCommand } from "./program.ts";
import { addOurBots, aimAt, type Ground, settingsOf } from "./stage.ts";
import type { BenchBot } from "./start-request.ts";

export type Contender = {
  name: string;
  /** What it is made of. */
  means: string;
  bots: BenchBot[];
  sql: Database;
  openBooks: OpenBooks;
  /** Begins to listen on this port soon. */
  start(port: number): Promise<Running>;
};

export const OURS = "grimbots";
export const PEER = "grammy-hono";
export const FLOOR = "floor";

const MEANS = {
  peer: (profileBy: ProfileBy) =>
    `grammY, Hono on Node, BullMQ with ioredis, pg; one process; profile saved by ${profileBy}`,
  floor: "Bun.serve, postgres.js, fetch; one row, one message, nothing else",
};

export type Contenders = { list: Contender[]; [Symbol.asyncDispose](): Promise<void> };
type Options = { program: Program; node: string; bots: number; log: string; profileBy: ProfileBy };

/** What each of them wants in production: Bun's own bound of 256 requests is below what a burst asks for; grimbots lifts it by itself. */
const ENVIRONMENT = { NODE_ENV: "production", BUN_CONFIG_MAX_HTTP_REQUESTS: String(limits.httpRequests) };

export async function openContenders(ground: Ground, options: Options): Promise<Contenders> {
  await using opened = new AsyncDisposableStack();
  const { program, log, profileBy } = options;
  const key = settingsOf(ground, 0);
  const bots = await addOurBots(program, key, ground.fake, options.bots);
  const photos = await Promise.all(bots.map((bot) => learnPhoto(ground.fakeUrl, bot)));
  const sqlOf = (database: string): Database => {
    const sql = connectDatabase(addressOf(ground, database), { connections: 1, name: "bench" });
    opened.defer(() => sql.end({ timeout: 1 }));
    return sql;
  };
  const redis = new Redis(ground.services.redisUrl, { maxRetriesPerRequest: 1 });
  opened.defer(() => redis.disconnect());
  const main = sqlOf("grimbots");
  const peer = async (name: string, schema: string, run: Program): Promise<Pick<Contender, "sql" | "start">> => {
    const database = name.replace("-", "_");
    await makeDatabase(main, database);
    const sql = sqlOf(database);
    await sql.unsafe(schema);
    const settings = { name, database, bots: photos, profileBy };
    return { sql, start: (port) => startPeer(ground, { ...settings, port }, run, log) };
  };
  const ids = bots.map((bot) => bot.botId);
  const ours: Contender = {
    ...{ name: OURS, means: "this program, one process", bots, sql: main, openBooks: ourBooks(main, ids) },
    start: (port) => startCommand(program, ["serve", "--processes", "1"], { ...key, PORT: String(port) }, log),
  };
  const grammyHono = await peer(PEER, grammyHonoSchema, [options.node, path.join(PEERS, "grammy-hono.mjs")]);
  const floor = await peer(FLOOR, floorSchema, [process.execPath, path.join(PEERS, "floor.ts")]);
  const list: Contender[] = [
    ours,
    {
      name: PEER,
      means: MEANS.peer(profileBy),
      bots,
      ...grammyHono,
      openBooks: grammyHonoBooks(grammyHono.sql, redis),
    },
    { name: FLOOR, means: MEANS.floor, bots, ...floor, openBooks: floorBooks(floor.sql) },
  ];
  const life = opened.move();
  return { list, [Symbol.asyncDispose]: () => life.disposeAsync() };
}

/** Starts a contender for its turn, and aims the load at it. What others have written is on the disk by then. */
export async function openTurn(ground: Ground, contender: Contender): Promise<Measurable> {
  await using opened = new AsyncDisposableStack();
  const { bots, sql, openBooks } = contender;
  await sql`CHECKPOINT`;
  const port = await freePort();
  const running = opened.use(await contender.start(port));
  await aimAt(ground, `http://127.0.0.1:${port}`, bots);
  const life = opened.move();
  const { folder, fake, load, services } = ground;
  return {
    ...{ folder, sql, redisUrl: services.redisUrl, fake, load, bots, openBooks },
    roots: () => ground.rootsWith(running.pid),
    [Symbol.asyncDispose]: () => life.disposeAsync(),
  };
}

export function addressOf({ services }: Ground, database: string): string {
  const url = new URL(services.databaseUrl);
  url.pathname = `/${database}`;
  return withSocket(url.href, services.databaseSocket);
}

/** With the same compression of the log as grimbots' own database has. */
async function makeDatabase(sql: Database, name: string): Promise<void> {
  await sql.unsafe(`CREATE DATABASE ${name}`);
  const [row] = await sql<{ value: string }[]>`SELECT current_setting('wal_compression') AS value`;
  await sql.unsafe(`ALTER DATABASE ${name} SET wal_compression = '${row?.value ?? "off"}'`);
}

type PeerStart = Pick<PeerSettings, "port" | "bots" | "profileBy"> & { name: string; database: string };

async function startPeer(ground: Ground, peer: PeerStart, program: Program, log: string): Promise<Running> {
  return startCommand(program, [await writeSettings(ground, peer)], ENVIRONMENT, log);
}

async function writeSettings({ services, fakeUrl, folder }: Ground, peer: PeerStart): Promise<string> {
  const { name, port, bots, profileBy, database } = peer;
  const { hostname, port: databasePort, username: user, password } = new URL(services.databaseUrl);
  const host = services.databaseSocket ? path.dirname(services.databaseSocket) : hostname;
  const file = path.join(folder, `${name}.json`);
  const settings: PeerSettings = {
    ...{ port, apiRoot: fakeUrl, redisUrl: services.redisUrl, bots, profileBy },
    database: { host, port: Number(databasePort), user, password, database },
  };
  await Bun.write(file, JSON.stringify(settings));
  await chmod(file, 0o600);
  return file;
}

/** A chat that nobody else writes to. */
const CHAT = 1;

/** Uploads the welcome's photo once with this bot: from then on it has a file_id, as grimbots' own bots have after their first welcome. */
async function learnPhoto(fakeUrl: string, bot: BenchBot): Promise<PeerBot> {
  const form = new FormData();
  form.set("chat_id", String(CHAT));
  form.set("photo", new Blob([Buffer.from(samplePhoto.bytes)], { type: "image/png" }), "photo.png");
  const response = await fetch(`${fakeUrl}/bot${bot.token}/sendPhoto`, { method: "POST", body: form });
  const { result } = (await response.json()) as { result?: { photo: { file_id: string }[] } };
  const photo = result?.photo.at(-1)?.file_id;
  if (photo === undefined) throw new Error("the fake Telegram took no photo");
  return { ...bot, photo };
}
