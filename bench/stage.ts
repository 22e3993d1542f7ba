// All that a benchmark needs, started in order and ended in reverse: PostgreSQL, Redis, the fake Telegram, the program with its bots,
// and the generator. Each in processes of its own, each bounded in its start and its end.

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { connectDatabase, type Database } from "#db/connect.ts";
import { withSocket } from "#src/commands/serve.ts";
import { freePort } from "#src/embedded/free-port.ts";
import { type Embedded, openEmbedded } from "#src/embedded/open-embedded.ts";
import type { FakeTelegramControl } from "#src/fake-telegram/control.ts";
import { fakeTelegramControl } from "#src/fake-telegram/control-client.ts";
import { createKeyring } from "#src/kernel/secret.ts";
import { type Application, holdApplication } from "./application.ts";
import { benchToken, copyBots } from "./bots.ts";
import type { Roots } from "./cpu.ts";
import { ourBooks } from "./kept.ts";
import { type Load, startLoad } from "./load.ts";
import type { Measurable } from "./measure.ts";
import { type Program, runCommand, type Settings, startCommand } from "./program.ts";
import { settleLog } from "./settle-log.ts";
import type { BenchBot } from "./start-request.ts";
import { waitFor } from "./wait-for.ts";

/** Ignored by git; on the disk of the project, so fsync means something. */
export const OUT = path.resolve("bench/out");

export type Stage = {
  folder: string;
  sql: Database;
  redisUrl: string;
  fake: FakeTelegramControl;
  load: Load;
  bots: BenchBot[];
  /** Processes by the part they play, for accounting; `application` is the supervisor when there are several. */
  roots(): Roots;
  [Symbol.asyncDispose](): Promise<void>;
};

/** What stands still while programs come and go on it: the services, the fake Telegram and the generator. */
export type Ground = {
  folder: string;
  services: Embedded;
  fake: FakeTelegramControl;
  fakeUrl: string;
  load: Load;
  /** The parts of a run with this process as the application. */
  rootsWith(application: number): Roots;
  [Symbol.asyncDispose](): Promise<void>;
};

/** A stage whose program can be ended and started again, with as many bots as are wanted. */
export type OpenStage = Measurable & {
  program: Program;
  application: Application;
  /** Where the program listens. */
  url: string;
  /** More bots, which the program meets when somebody writes to them. `withReply`: false = they answer nothing to loose text. */
  addBots(count: number, options: { withReply: boolean }): Promise<BenchBot[]>;
  /** Whom the generator writes to from now on, on new connections. */
  aim(bots: BenchBot[]): Promise<void>;
};

export type StageOptions = {
  /** What runs the fake and the commands. */
  program: Program;
  /** What is measured, with its settings beyond the usual ones. */
  serving: { program: Program; settings: Settings };
  bots: number;
  processes: number;
  /** Log of this stage's programs. */
  log: string;
};

const START_MS = 20_000;
/** Telegram opens up to 100 connections for each bot; more than these in all tell nothing new. */
const CONNECTIONS_PER_BOT = 100;
const CONNECTIONS = 1_000;
/** Enough for 120,000 /start. */
const LOG_FILES = 30;

export async function openGround({ program, log }: { program: Program; log: string }): Promise<Ground> {
  await mkdir(OUT, { recursive: true });
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(OUT, "stage-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const services = opened.use(await openEmbedded({ dataDir: folder }));
  await settle(services);
  const fakePort = await freePort();
  const running = opened.use(await startCommand(program, ["fake-telegram", "--port", String(fakePort)], {}, log));
  const fakeUrl = `http://127.0.0.1:${fakePort}`;
  const fake = fakeTelegramControl(fakeUrl);
  await waitFor("the fake Telegram", START_MS, () => fake.stats());
  const load = opened.use(startLoad());
  const life = opened.move();
  return {
    ...{ folder, services, fake, fakeUrl, load },
    rootsWith: (application) => ({
      ...{ generator: load.pid, fake: running.pid, application },
      ...{ PostgreSQL: services.postgresPid, Redis: services.redisPid },
    }),
    [Symbol.asyncDispose]: () => life.disposeAsync(),
  };
}

async function settle({ databaseUrl, databaseSocket }: Embedded): Promise<void> {
  const sql = connectDatabase(withSocket(databaseUrl, databaseSocket), { connections: 1, name: "bench" });
  await settleLog(sql, LOG_FILES).finally(() => sql.end({ timeout: 1 }));
}

/** Points the generator at a program, once that is ready, and at its bots; then compares the clocks. */
export async function aimAt({ load, fakeUrl }: Ground, url: string, bots: BenchBot[]): Promise<void> {
  await waitFor("the program", START_MS, () => checkReady(url));
  await load.aim({ url, bots, connections: Math.min(CONNECTIONS, bots.length * CONNECTIONS_PER_BOT) });
  await load.setClock(fakeUrl, bots[0]?.token ?? "");
}

export async function openStage({ serving, program, bots: count, processes, log }: StageOptions): Promise<OpenStage> {
  await using opened = new AsyncDisposableStack();
  const ground = opened.use(await openGround({ program, log }));
  const { folder, services, fake, load } = ground;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const settings = settingsOf(ground, port);
  const sql = connectDatabase(settings.DATABASE_URL ?? "", { connections: 1, name: "bench" });
  opened.defer(() => sql.end({ timeout: 1 }));
  const [model] = await addOurBots(program, settings, fake, 1);
  if (!model) throw new RangeError("one bot was asked for");
  const keyring = createKeyring([Buffer.from(settings.SECRET_KEY ?? "", "base64")]);
  let added = 1;
  async function addBots(more: number, { withReply }: { withReply: boolean }): Promise<BenchBot[]> {
    const first = added + 1;
    added += more;
    return more > 0 && model ? copyBots({ sql, keyring, fake, model }, { first, count: more, withReply }) : [];
  }
  const bots = [model, ...(await addBots(count - 1, { withReply: true }))];
  const served = { program: serving.program, settings: { ...settings, ...serving.settings }, url, sql, log };
  const application = opened.use(holdApplication(served));
  await application.start(processes);
  const aim = (aimed: BenchBot[]) => aimAt(ground, url, aimed);
  await aim(bots);
  const ids = bots.map((bot) => bot.botId);
  const life = opened.move();
  return {
    ...{ folder, sql, redisUrl: services.redisUrl, fake, load, bots, program, application, url, addBots, aim },
    openBooks: ourBooks(sql, ids),
    roots: () => ground.rootsWith(application.pid()),
    [Symbol.asyncDispose]: () => life.disposeAsync(),
  };
}

/** Of a program on this ground that listens on `port`; each call gives another key. */
export function settingsOf({ services, fakeUrl }: Ground, port: number): Settings {
  return {
    DATABASE_URL: withSocket(services.databaseUrl, services.databaseSocket),
    REDIS_URL: services.redisUrl,
    TELEGRAM_API_ROOT: fakeUrl,
    SECRET_KEY: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64"),
    PORT: String(port),
  };
}

/** Brings the database up to date and adds a seller with bots, as an operator does it. */
export async function addOurBots(
  program: Program,
  settings: Settings,
  control: FakeTelegramControl,
  count: number,
): Promise<BenchBot[]> {
  await runCommand(program, ["migrate"], settings);
  const seller = ["tenant", "add", "--name", "Alice", "--email", "alice@example.com"];
  const { tenantId } = await runCommand<{ tenantId: number }>(program, seller, settings);
  const bots: BenchBot[] = [];
  for (let n = 1; n <= count; n++) {
    const token = benchToken(n);
    await control.bot({ token, openChats: true });
    const args = ["bot", "add", "--tenant", String(tenantId), "--token", token];
    const added = await runCommand<{ botId: number; secretToken: string }>(program, args, settings);
    bots.push({ botId: added.botId, token, secretToken: added.secretToken });
  }
  return bots;
}

async function checkReady(url: string): Promise<void> {
  const response = await fetch(`${url}/ready`);
  if (!response.ok) throw new Error(await response.text());
}
