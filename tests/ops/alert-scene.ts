// An operator with a chat and a mailbox, and a process that watches for him: what is told, as the clock is moved.

import { type Monitoring, type MonitoringOptions, startMonitoring } from "#src/monitoring.ts";
import type { Incident } from "#src/ops/incident.ts";
import { readIncidents } from "#src/ops/incident-book.ts";
import type { Running, StartOptions, TestBot, World } from "../support/world.ts";

export const OPERATOR = { id: 4_242, first_name: "Bob", username: "bob" };
export const alertToken = "9000001:test-token-of-the-alerts-bot-with-35-chars";

export type Watch = {
  one: Running;
  monitoring: Monitoring;
  /** Looks every ten seconds for so long, the clock moving on. */
  look(seconds?: number): Promise<void>;
  stop(): Promise<void>;
};

export type WatchOptions = Partial<MonitoringOptions> & {
  start?: StartOptions;
  /** Over what its settings would be. */
  settings?: StartOptions["settings"];
};

/** Starts a process that tells the operator's chat, and whatever else its settings say. */
export async function startWatch(world: World, options: WatchOptions = {}): Promise<Watch> {
  const { start, settings, ...rest } = options;
  await world.fake.control.bot({ token: alertToken, username: "alerts_bot", openChats: true });
  const one = await world.start({
    ...start,
    settings: { alertChats: [{ token: alertToken, chatId: OPERATOR.id }], ...settings },
  });
  const monitoring = await startMonitoring(one.app, {
    ...{ workers: ["clock"], byItself: false, polls: false },
    // Of disks only what a test says.
    roomOn: async () => undefined,
    ...rest,
  });
  return {
    one,
    monitoring,
    async look(seconds = 10) {
      for (let passed = 0; passed < seconds; passed += 10) {
        world.clock.advance(10_000);
        await monitoring.tallying.write().catch(() => undefined);
        await monitoring.monitor?.once();
      }
    },
    async stop() {
      await monitoring.stop();
      await one.stop();
    },
  };
}

/** What stands in the operator's chat, in order, since `from` texts. */
export async function toldIn(world: World, from = 0, chatId = OPERATOR.id): Promise<string[]> {
  const calls = await world.fake.control.calls({ token: alertToken, chat_id: chatId, method: "sendMessage" });
  return calls.flatMap(({ payload, outcome }) => (outcome?.ok ? [String(payload.text)] : [])).slice(from);
}

export async function incidentOf({ sql }: Pick<World, "sql">, name: string): Promise<Incident | undefined> {
  const [incident] = await readIncidents(sql, [name]);
  return incident;
}

/** Sets a bot's webhook at the fake Telegram, as whoever has its token can. */
export async function setWebhook(world: World, bot: TestBot, url: string, secret?: string): Promise<void> {
  await fetch(`${world.fake.url}/bot${bot.token}/setWebhook`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ url, secret_token: secret }),
  });
}

export const ownWebhook = (one: Running, bot: TestBot): string => `${one.http.url}/webhook/telegram/${bot.botId}`;
