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
import type { Roots } from "./cpu.ts";
import { type Load, startLoad } from "./load.ts";
import { type Program, runCommand, type Settings, startCommand } from "./program.ts";
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

export async function openStage({ serving, program, bots: count, processes, log }: StageOptions): Promise<Stage> {
  await mkdir(OUT, { recursive: true });
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(OUT, "stage-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const services = opened.use(await openEmbedded({ dataDir: folder }));

  const fakePort = await freePort();
  const fake = opened.use(await startCommand(program, ["fake-telegram", "--port", String(fakePort)], {}, log));
  const fakeUrl = `http://127.0.0.1:${fakePort}`;
  const control = fakeTelegramControl(fakeUrl);
  await waitFor("the fake Telegram", START_MS, () => control.stats());

  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const settings = settingsOf(services, fakeUrl, port);
  await runCommand(program, ["migrate"], settings);
  const bots = await addBots(program, settings, control, count);
  const served = ["serve", "--processes", String(processes)];
  const application = opened.use(
    await startCommand(serving.program, served, { ...settings, ...serving.settings }, log),
  );
  await waitFor("the program", START_MS, () => checkReady(url));

  const load = opened.use(startLoad());
  // Telegram opens up to 100 connections for each bot.
  await load.aim({ url, bots, connections: bots.length * 100 });
  await load.setClock(fakeUrl, bots[0]?.token ?? "");
  const sql = connectDatabase(settings.DATABASE_URL ?? "", { connections: 1, name: "bench" });
  opened.defer(() => sql.end({ timeout: 1 }));
  const life = opened.move();
  return {
    ...{ folder, sql, redisUrl: services.redisUrl, fake: control, load, bots },
    roots: () => ({
      generator: load.pid,
      fake: fake.pid,
      application: application.pid,
      PostgreSQL: services.postgresPid,
      Redis: services.redisPid,
    }),
    [Symbol.asyncDispose]: () => life.disposeAsync(),
  };
}

function settingsOf(services: Embedded, fakeUrl: string, port: number): Settings {
  return {
    DATABASE_URL: withSocket(services.databaseUrl, services.databaseSocket),
    REDIS_URL: services.redisUrl,
    TELEGRAM_API_ROOT: fakeUrl,
    SECRET_KEY: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64"),
    PORT: String(port),
  };
}

async function addBots(
  program: Program,
  settings: Settings,
  control: FakeTelegramControl,
  count: number,
): Promise<BenchBot[]> {
  const seller = ["tenant", "add", "--name", "Alice", "--email", "alice@example.com"];
  const { tenantId } = await runCommand<{ tenantId: number }>(program, seller, settings);
  const bots: BenchBot[] = [];
  for (let n = 1; n <= count; n++) {
    const token = `${7_000_000_000 + n}:bench-token-of-35-characters-${String(n).padStart(6, "0")}`;
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
