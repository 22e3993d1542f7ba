// grimbots demo: everything on one machine, and a sale to watch, from the first words to the delivery.

import { setTimeout as wait } from "node:timers/promises";
import { connectDatabase } from "#db/connect.ts";
import { migrate } from "#db/migrate.ts";
import { openTables } from "#db/tables.ts";
import { type App, allQueues, openApp } from "../app.ts";
import { openEmbedded } from "../embedded/open-embedded.ts";
import { startFakeTelegram } from "../fake-telegram/server.ts";
import { openHttp } from "../http/index.ts";
import { type Config, openKeyring, readConfig } from "../kernel/config.ts";
import { CommandError } from "../kernel/errors.ts";
import type { BotId } from "../kernel/ids.ts";
import { askedToEnd, closeWithin } from "../kernel/life.ts";
import { openLog } from "../kernel/log.ts";
import { addAccount } from "../payments/add-account.ts";
import { startSandboxGateway } from "../sandbox-gateway/server.ts";
import { addBot } from "../telegram/add-bot.ts";
import { addTenant } from "../tenants/add-tenant.ts";
import type { Command } from "./command.ts";
import { playConversation } from "./demo-conversation.ts";
import { withSocket } from "./serve.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);

export const demo: Command = {
  words: "demo",
  summary: "plays a whole sale with a sample bot, on services of its own, and stays up for trying.",
  flags: [{ name: "once", means: "End after the sale; exit 0 only if it was delivered." }],
  async run(flags, print) {
    const config = readConfig();
    // What a person watches is the conversation; the log tells only of trouble.
    const log = openLog(config.logLevel === "info" ? "warn" : config.logLevel, 2);
    const isSilent = flags.has("json");
    const tell = isSilent ? () => undefined : say;
    const ending = askedToEnd();
    tell("Starting PostgreSQL, Redis, the fake Telegram and the sandbox gateway …");
    await using services = await openEmbedded({
      dataDir: config.dataDir,
      log: (line) => log.info({ fact: "embedded" }, line),
    });
    await using fake = await startFakeTelegram();
    await using sandbox = await startSandboxGateway();
    const served = {
      ...config,
      databaseUrl: withSocket(services.databaseUrl, services.databaseSocket),
      redisUrl: services.redisUrl,
      telegramApiRoot: fake.url,
    };
    await bringUpToDate(served.databaseUrl);
    const keyring = openKeyring(config.secretKey, config.dataDir);
    await using app = await openApp({ config: served, keyring, log, workers: allQueues });
    const http = openOnFreePort(app, config);
    served.publicUrl ??= http.url;
    const { publicUrl } = served;
    // A bot of its own for every run: the fake forgets everything, the database nothing.
    const run = Date.now();
    const token = `${run}:demo-${crypto.randomUUID()}`;
    await fake.control.bot({ token, username: `demo_${run}_bot` });
    await using tables = openTables(served.databaseUrl);
    const tenant = await addTenant(tables, { name: "Alice", email: `alice.${run}@example.com` });
    const bot = await addBot(app.sql, { keyring, apiRoot: fake.url, publicUrl, tenantId: tenant.tenantId, token });
    const { token: merchant, noticeSecret } = await sandbox.control.merchant({});
    await addAccount(app.sql, {
      ...{ keyring, publicUrl, tenantId: tenant.tenantId, kind: "sandbox" },
      credentials: { token: merchant, noticeSecret, baseUrl: sandbox.url },
    });
    const stage = {
      control: fake.control,
      token,
      sandbox: sandbox.control,
      merchant,
      tell,
      untilDelivered: () => untilDelivered(app, bot.botId),
    };
    const { isAnswered, isDelivered, exchanges } = await playConversation(stage);
    print({ answered: isAnswered, delivered: isDelivered, exchanges }, "");
    if (!flags.has("once")) {
      tell(
        nextSteps({
          fakeUrl: fake.url,
          sandboxUrl: sandbox.url,
          url: http.url,
          token,
          username: bot.username,
          merchant,
        }),
      );
      await ending;
      tell("Ending …");
    }
    await closeWithin("http", 2_000, log, http.stop);
    if (flags.has("once") && !isDelivered)
      throw new CommandError("The sale did not get as far as the delivery; LOG_LEVEL=debug says more.");
  },
};

const DELIVERY_MS = 10_000;
const LOOK_MS = 50;

async function untilDelivered({ sql }: App, botId: BotId): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < DELIVERY_MS; waitedMs += LOOK_MS) {
    const [row] = await sql<{ open: number; sent: number }[]>`
      SELECT count(*) FILTER (WHERE state <> 'sent')::int AS open, count(*) FILTER (WHERE state = 'sent')::int AS sent FROM delivery
      WHERE bot_id = ${botId}`;
    if (row && row.open === 0 && row.sent > 0) return true;
    await wait(LOOK_MS);
  }
  return false;
}

async function bringUpToDate(url: string): Promise<void> {
  const sql = connectDatabase(url, { connections: 1 });
  await migrate(sql).finally(() => sql.end({ timeout: 1 }));
}

/** The configured port, or any other one when somebody has it: a demo need not be found by anybody. */
function openOnFreePort(app: Parameters<typeof openHttp>[0], config: Config): ReturnType<typeof openHttp> {
  try {
    return openHttp(app, { host: "127.0.0.1", port: config.port });
  } catch {
    return openHttp(app, { host: "127.0.0.1", port: 0 });
  }
}

type Running = { fakeUrl: string; sandboxUrl: string; url: string; token: string; username: string; merchant: string };

function nextSteps({ fakeUrl, sandboxUrl, url, token, username, merchant }: Running): string {
  const user = `{"id":1001,"first_name":"Bob"}`;
  return `
@${username} keeps running. Try, in another terminal:

  Say something as Bob:
    curl -s ${fakeUrl}/_/say -H 'content-type: application/json' -d '{"token":"${token}","user":${user},"text":"/start"}'
  Tap the button that sells, and pay what is asked for:
    curl -s ${fakeUrl}/_/tap -H 'content-type: application/json' -d '{"token":"${token}","user":${user},"message_id":N,"button":"🌿 Quero o guia - R$ 19,90"}'
    curl -s ${sandboxUrl}/_/pay-all -H 'content-type: application/json' -d '{"token":"${merchant}"}'
  See what he got:
    curl -s '${fakeUrl}/_/calls?token=${token}&chat_id=1001'
  See how the program is:
    curl -s ${url}/ready; curl -s ${url}/metrics

Ctrl-C ends everything; the data stay.`;
}
