// All that the payment benchmark needs, started in order and ended in reverse: PostgreSQL, Redis, the fake Telegram, the sandbox gateway,
// the program with a seller, his bots and his account at the gateway, and the generator. Each in processes of its own.

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { connectDatabase } from "#db/connect.ts";
import { withSocket } from "#src/commands/serve.ts";
import { freePort } from "#src/embedded/free-port.ts";
import { openEmbedded } from "#src/embedded/open-embedded.ts";
import { fakeTelegramControl } from "#src/fake-telegram/control-client.ts";
import type { SandboxControl } from "#src/sandbox-gateway/control.ts";
import { sandboxControl } from "#src/sandbox-gateway/control-client.ts";
import { benchToken } from "./bots.ts";
import { type PaymentLoad, startPaymentLoad } from "./payment-load.ts";
import type { ShopBot } from "./payment-requests.ts";
import { type Program, runCommand, type Settings, startCommand } from "./program.ts";
import { OUT, type Stage, type StageOptions } from "./stage.ts";
import { waitFor } from "./wait-for.ts";

/** The seller's account: how the gateway knows him, and where its notices go. */
export type ShopAccount = { token: string; noticeSecret: string; webhookUrl: string };

export type PaymentStage = Omit<Stage, "load" | "bots"> & {
  load: PaymentLoad;
  bots: ShopBot[];
  fakeUrl: string;
  sandbox: SandboxControl;
  sandboxUrl: string;
  account: ShopAccount;
};

const START_MS = 20_000;
/** Taps go to the fake's control, which answers at once. */
const TAP_CONNECTIONS = 64;

/** One product behind one button: R$ 19,90, delivered as a link, which takes the fewest messages. */
const funnel = {
  name: "Loja",
  start: "oferta",
  steps: [
    {
      id: "oferta",
      kind: "message",
      text: "Quer o guia?",
      buttons: [[{ text: "Quero", priceCents: 1_990, product: "Guia", deliver: { link: "https://example.com/guia" } }]],
    },
  ],
};

export async function openPaymentStage(options: StageOptions): Promise<PaymentStage> {
  const { serving, program, processes, log } = options;
  await mkdir(OUT, { recursive: true });
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(OUT, "stage-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const services = opened.use(await openEmbedded({ dataDir: folder }));

  const [fakePort, sandboxPort, port] = [await freePort(), await freePort(), await freePort()];
  const [fakeUrl, sandboxUrl, url] = [fakePort, sandboxPort, port].map((one) => `http://127.0.0.1:${one}`) as Urls;
  const fake = opened.use(await startCommand(program, ["fake-telegram", "--port", String(fakePort)], {}, log));
  const gateway = opened.use(await startCommand(program, ["sandbox-gateway", "--port", String(sandboxPort)], {}, log));
  const control = fakeTelegramControl(fakeUrl);
  const sandbox = sandboxControl(sandboxUrl);
  await waitFor("the fake Telegram", START_MS, () => control.stats());
  await waitFor("the sandbox gateway", START_MS, () => sandbox.stats());

  const settings: Settings = {
    DATABASE_URL: withSocket(services.databaseUrl, services.databaseSocket),
    REDIS_URL: services.redisUrl,
    TELEGRAM_API_ROOT: fakeUrl,
    SECRET_KEY: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64"),
    PORT: String(port),
    PUBLIC_URL: url,
  };
  await runCommand(program, ["migrate"], settings);
  const sql = connectDatabase(settings.DATABASE_URL ?? "", { connections: 1, name: "bench" });
  opened.defer(() => sql.end({ timeout: 1 }));
  const place = { program, settings, folder };
  const tenant = await addSeller(place);
  const added = await addBots(place, tenant, options.bots, (token) => control.bot({ token, openChats: true }));
  const account = await addAccount(place, tenant, sandbox, sandboxUrl);
  const keys = await sql<{ botId: number; buyKey: string }[]>`SELECT bot_id AS "botId", key AS "buyKey" FROM offer`;
  const bots = added.map((bot) => ({ ...bot, buyKey: keys.find(({ botId }) => botId === bot.botId)?.buyKey ?? "" }));
  const served = ["serve", "--processes", String(processes)];
  const application = opened.use(
    await startCommand(serving.program, served, { ...settings, ...serving.settings }, log),
  );
  await waitFor("the program", START_MS, () => checkReady(url));

  const load = opened.use(startPaymentLoad());
  await load.aim({ url: fakeUrl, bots, connections: TAP_CONNECTIONS });
  await load.setClock(fakeUrl, bots[0]?.token ?? "");
  const life = opened.move();
  return {
    ...{ folder, sql, redisUrl: services.redisUrl, fake: control, fakeUrl, load, bots, sandbox, sandboxUrl, account },
    roots: () => ({
      generator: load.pid,
      fake: fake.pid,
      sandbox: gateway.pid,
      application: application.pid,
      PostgreSQL: services.postgresPid,
      Redis: services.redisPid,
    }),
    [Symbol.asyncDispose]: () => life.disposeAsync(),
  };
}

type Urls = [fake: string, sandbox: string, program: string];
type Place = { program: Program; settings: Settings; folder: string };

async function addSeller({ program, settings }: Place): Promise<string> {
  const seller = ["tenant", "add", "--name", "Alice", "--email", "alice@example.com"];
  const { tenantId } = await runCommand<{ tenantId: number }>(program, seller, settings);
  return String(tenantId);
}

async function addBots(
  { program, settings, folder }: Place,
  tenant: string,
  count: number,
  announce: (token: string) => Promise<unknown>,
): Promise<Omit<ShopBot, "buyKey">[]> {
  const file = path.join(folder, "funnel.json");
  await Bun.write(file, JSON.stringify(funnel));
  const bots: Omit<ShopBot, "buyKey">[] = [];
  for (let n = 1; n <= count; n++) {
    const token = benchToken(n);
    await announce(token);
    const args = ["bot", "add", "--tenant", tenant, "--token", token, "--funnel", file];
    const { botId, secretToken } = await runCommand<{ botId: number; secretToken: string }>(program, args, settings);
    bots.push({ botId, token, secretToken });
  }
  return bots;
}

async function addAccount(
  { program, settings, folder }: Place,
  tenant: string,
  sandbox: SandboxControl,
  baseUrl: string,
): Promise<ShopAccount> {
  const merchant = await sandbox.merchant();
  const file = path.join(folder, "credentials.json");
  await Bun.write(file, JSON.stringify({ ...merchant, baseUrl }));
  const args = ["gateway", "add", "--tenant", tenant, "--kind", "sandbox", "--credentials", file];
  const { webhookUrl } = await runCommand<{ webhookUrl: string }>(program, args, settings);
  return { ...merchant, webhookUrl };
}

async function checkReady(url: string): Promise<void> {
  const response = await fetch(`${url}/ready`);
  if (!response.ok) throw new Error(await response.text());
}
