// Redis and PostgreSQL go away, fill up and are set wrongly: the operator is told, also when what is known of it can be kept in memory only.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { Redis } from "ioredis";
import { connectDatabase } from "#db/connect.ts";
import { type Line, openLine } from "../support/cut-line.ts";
import { services } from "../support/services.ts";
import { type MailServer, startMailServer } from "../support/smtp.ts";
import { until } from "../support/until.ts";
import { OPENING_MS, openWorld, type World } from "../support/world.ts";
import { incidentOf, startWatch, toldIn, type Watch } from "./alert-scene.ts";

setDefaultTimeout(30_000);

let world: World;
let watch: Watch;
let redisLine: Line;
let databaseLine: Line;
let mail: MailServer;
let redis: Redis;
let room = { free: 50e9, total: 100e9 };
let toldBefore = 0;

beforeAll(async () => {
  world = await openWorld();
  redisLine = await openLine(world.redisUrl);
  databaseLine = await openLine((await services()).embedded.databaseUrl);
  mail = startMailServer();
  redis = new Redis(world.redisUrl);
  watch = await startWatch(world, {
    start: {
      redisUrl: redisLine.through(world.redisUrl),
      databaseUrl: databaseLine.through(world.databaseUrl),
    },
    settings: { alertEmails: ["alice@example.com"], smtpUrl: mail.url },
    roomOn: async () => room,
  });
  await watch.look();
}, OPENING_MS);
afterAll(async () => {
  redis.disconnect();
  await watch.stop();
  await world[Symbol.asyncDispose]();
  await redisLine[Symbol.asyncDispose]();
  await databaseLine[Symbol.asyncDispose]();
  mail[Symbol.dispose]();
}, OPENING_MS);

/** What the chat was told since the last time; every message went out as a mail, too. */
async function news(): Promise<string[]> {
  const texts = await toldIn(world, toldBefore);
  const mails = mail.mails.slice(toldBefore).map(({ text }) => text.replaceAll("\r\n", "\n"));
  toldBefore += texts.length;
  expect(mails.length).toBe(texts.length);
  for (const [n, text] of texts.entries()) expect(mails[n]).toContain(text.split("\n\n")[1] ?? text);
  return texts;
}

const only = async (...words: string[]): Promise<void> => {
  const texts = await news();
  expect(texts).toHaveLength(1);
  for (const word of words) expect(texts[0]).toContain(word);
};

test("redis_down: after 15 s without it, by chat and by mail; queues that cannot be seen are no news", async () => {
  const { app } = watch.one;
  await redisLine.cut();
  await until("it is noticed", () => app.redis.status !== "ready");
  await watch.look(20);
  expect(await news()).toEqual([]);
  await watch.look();
  await only("O Redis não responde ou não aceita gravações (sem conexão).", "docs/operations.md#redis_down");
  expect(mail.mails[0]).toMatchObject({ from: "grimbots@example.com", to: ["alice@example.com"] });
  expect(mail.mails[0]?.subject).toContain("Redis fora do ar");
  expect(mail.mails[0]?.text).toContain("Para silenciar: grimbots alerts ack redis_down");
  await redisLine.mend();
  await until("it is back", () => app.redis.status === "ready");
  await until("the workers, too", async () => (await app.queues.clock.workers().catch(() => 0)) > 0);
  await watch.look(40);
  await only("✅ O Redis voltou a responder. Durou 30 s.");
});

test("redis_policy and redis_memory", async () => {
  const used = Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);
  await redis.config("SET", "maxmemory-policy", "allkeys-lru");
  await redis.config("SET", "maxmemory", String(Math.ceil(used * 1.1)));
  try {
    await watch.look(50);
    const texts = (await news()).join("\n");
    expect(texts).toContain("maxmemory-policy é allkeys-lru, e não noeviction");
    expect(texts).toMatch(/O Redis usa \d+ MB de \d+ MB \([89]\d,\d%\)/);
  } finally {
    await redis.config("SET", "maxmemory", "0");
    await redis.config("SET", "maxmemory-policy", "noeviction");
  }
  await watch.look(40);
  await only("✅ O Redis não apaga mais nada sozinho", "✅ O Redis tem memória livre de novo");
});

test("redis_down: it answers, but takes nothing", async () => {
  world.clock.advance(600_000);
  await redis.config("SET", "maxmemory", "1");
  try {
    await watch.look(40);
    expect((await news()).join("\n")).toMatch(/não aceita gravações \(OOM/);
  } finally {
    await redis.config("SET", "maxmemory", "0");
  }
  await watch.look(40);
  expect((await news()).join("\n")).toContain("✅ O Redis voltou a responder");
});

test("database_connections: nearly all are taken", async () => {
  const many = connectDatabase(world.databaseUrl, { connections: 95, name: "test" });
  await Promise.all(Array.from({ length: 95 }, () => many`SELECT pg_sleep(0.3)`));
  await watch.look(40);
  await only("O PostgreSQL está com ", " conexões em uso", "docs/operations.md#database_connections");
  await many.end({ timeout: 1 });
  await watch.look(40);
  await only("✅ O PostgreSQL tem conexões livres de novo.");
});

test("database_disk: little room, and a block that is refused", async () => {
  room = { free: 3e9, total: 100e9 };
  await watch.look();
  await only("Restam 3,0 GB (3,0%) no disco do PostgreSQL.");
  room = { free: 50e9, total: 100e9 };
  await watch.look(40);
  await only("✅ O disco do PostgreSQL tem espaço de novo.");

  world.clock.advance(600_000);
  await world.sql.unsafe(`CREATE FUNCTION refuse_block() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER refuse_block BEFORE INSERT ON disk_probe FOR EACH ROW EXECUTE FUNCTION refuse_block()`);
  await watch.look(20);
  await only("o disco dele está cheio (erro 53100)");
  await world.sql.unsafe("DROP TRIGGER refuse_block ON disk_probe");
  await watch.look(100);
  await only("✅ O disco do PostgreSQL tem espaço de novo.");
});

test("database_down: told from memory, again after ten minutes, written down and told to be over when it is back", async () => {
  await databaseLine.cut();
  await watch.look(10);
  expect(await news()).toEqual([]);
  await watch.look(20);
  await only("O PostgreSQL não responde (", "docs/operations.md#database_down");
  await watch.look(60);
  expect(await news()).toEqual([]);
  world.clock.advance(600_000);
  await watch.look();
  await only("(continua há 11 min) O PostgreSQL não responde");
  // Redis is watched all the same.
  await redis.config("SET", "maxmemory-policy", "allkeys-lru");
  await watch.look();
  await redis.config("SET", "maxmemory-policy", "noeviction");
  await only("maxmemory-policy é allkeys-lru");
  expect(await incidentOf(world, "database_down")).toBeUndefined();

  await databaseLine.mend();
  const { sql } = watch.one.app;
  await until("it is back", async () => (await sql`SELECT 1`.catch(() => undefined)) !== undefined);
  await watch.look();
  expect(await incidentOf(world, "database_down")).toMatchObject({ told: { times: 2 }, resolvedAt: null });
  await watch.look(40);
  await only("✅ O PostgreSQL voltou a responder.", "✅ O Redis não apaga mais nada sozinho");
  expect((await incidentOf(world, "database_down"))?.resolvedAt).toBeInstanceOf(Date);
});
