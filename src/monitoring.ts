// Knowing before the customers do: every process adds what it counts to the tally, and those that work on `clock` watch, one at a time.

import { statfs } from "node:fs/promises";
import { hostname } from "node:os";
import type { QueueName } from "#queues/index.ts";
import type { App } from "./app.ts";
import { GRACE } from "./inbox/lease.ts";
import { type Clock, systemClock } from "./kernel/clock.ts";
import type { Config } from "./kernel/config.ts";
import { reasonOf } from "./kernel/errors.ts";
import type { BotId } from "./kernel/ids.ts";
import { openEar } from "./ops/acknowledge.ts";
import { type AlertBot, mailDestination, telegramDestinations } from "./ops/destinations.ts";
import { type Monitor, openMonitor } from "./ops/monitor.ts";
import type { Destination } from "./ops/outbox.ts";
import type { Room } from "./ops/readings.ts";
import { openTallying, type Tallying } from "./ops/tallies.ts";
import { openWebhookWatch, type WebhookState } from "./ops/webhook-watch.ts";
import { createTelegramApi } from "./telegram/api.ts";
import { webhookUrl } from "./telegram/register.ts";
import { askWebhookInfo } from "./telegram/webhook-info.ts";

type Watched = Pick<App, "config" | "sql" | "redis" | "queues" | "clock" | "log" | "lease" | "bots">;

/** What a process has counted is written so often for all to see. */
const TALLY_MS = 10_000;
/** Nobody waits for what Telegram says of a webhook; it comes again. */
const WEBHOOK_ASK_MS = 5_000;

export type Monitoring = {
  tallying: Tallying;
  /** In processes that work on `clock`. */
  monitor: Monitor | undefined;
  stop(): Promise<void>;
};

export type MonitoringOptions = {
  workers: readonly QueueName[];
  /** Every ten seconds, until stopped; else only when asked. */
  byItself: boolean;
  /** Updates are fetched, so that no webhook is right. */
  polls: boolean;
  /** This machine's own clock, to be compared with others'. Default: the system's. */
  machine?: Clock;
  roomOn?: (folder: string) => Promise<Room | undefined>;
};

export async function startMonitoring(app: Watched, options: MonitoringOptions): Promise<Monitoring> {
  const tallying = await openTallying(app);
  const monitor = options.workers.includes("clock") ? openWatch(app, options) : undefined;
  const write = (): Promise<void> =>
    tallying
      .write()
      .catch((error) => app.log.debug({ fact: "tally.missed", reason: reasonOf(error) }, "counts wait for PostgreSQL"));
  const timer = options.byItself ? setInterval(() => void write(), TALLY_MS) : undefined;
  return {
    tallying,
    monitor,
    async stop() {
      clearInterval(timer);
      await monitor?.stop();
      if (options.byItself) await write();
    },
  };
}

function openWatch(app: Watched, options: MonitoringOptions): Monitor {
  const { config, sql, log } = app;
  const { machine = systemClock, byItself } = options;
  const ears = alertBots(config).map((bot) => ({ bot, ear: openEar({ ...app, bot }) }));
  const chats = ears.flatMap(({ bot, ear }) => telegramDestinations(bot, ear.hears));
  return openMonitor({
    ...{ app, byItself, grace: GRACE, place: placeOf(config) },
    destinations: [...chats, ...mailOf(config)],
    ears: ears.map(({ ear }) => ear),
    watch: openWebhookWatch({
      ...{ sql, log, looks: !options.polls && config.publicUrl !== undefined },
      ask: (id) => askWebhook(app, id, machine),
    }),
    scene: { machineNow: machine.now, roomOn: options.roomOn ?? roomOn },
  });
}

/** The addresses that are set, for who tells them something right now: without a button to tap. */
export function openDestinations(config: Config): Destination[] {
  const chats = alertBots(config).flatMap((bot) => telegramDestinations(bot, async () => false));
  return [...chats, ...mailOf(config)];
}

/** One for each token, with all its chats. */
function alertBots({ alertChats, telegramApiRoot }: Config): AlertBot[] {
  return [...Map.groupBy(alertChats, ({ token }) => token)].map(([token, chats]) => ({
    telegramId: Number(token.split(":")[0]),
    chatIds: chats.map(({ chatId }) => chatId),
    call: createTelegramApi(token, telegramApiRoot).call,
  }));
}

const mailOf = ({ smtpUrl, alertEmails }: Config): Destination[] =>
  smtpUrl === undefined || alertEmails.length === 0 ? [] : [mailDestination(smtpUrl, alertEmails)];

/** Which installation this is. */
export const placeOf = ({ publicUrl }: Config): string =>
  publicUrl === undefined ? hostname() : new URL(publicUrl).host;

/** A bot whose token is refused stops, as it does when a message of its is. */
async function askWebhook(
  { bots, config, log }: Watched,
  id: BotId,
  machine: Clock,
): Promise<WebhookState | undefined> {
  const bot = await bots.find(id);
  if (bot?.status !== "active") return undefined;
  const info = await askWebhookInfo(bot.api(), { withinMs: WEBHOOK_ASK_MS, now: machine.now });
  if (!("reason" in info)) return { ...info, expected: webhookUrl(config.publicUrl, id) };
  // Only the plain word for it: an address that is wrong for all bots is answered 404.
  if (info.reason === "token_revoked") await bots.revoke(bot);
  else log.debug({ fact: "webhook.unseen", botId: id, reason: info.reason }, "Telegram did not tell a bot's webhook");
  return undefined;
}

async function roomOn(folder: string): Promise<Room | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { free: bavail * bsize, total: blocks * bsize };
  } catch {
    return undefined;
  }
}
