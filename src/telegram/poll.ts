// Long polling: the second door into the same `accept`, for a machine without a public address. The offset moves on only after the
// commit, so Telegram keeps what we have not kept.

import { setTimeout as wait } from "node:timers/promises";
import type { Database } from "#db/connect.ts";
import type { Inbox } from "../inbox/accept.ts";
import type { Clock } from "../kernel/clock.ts";
import { reasonOf } from "../kernel/errors.ts";
import type { BotId, UpdateId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import type { Log } from "../kernel/log.ts";
import { metrics } from "../kernel/metrics.ts";
import { BOT_CHANGED, type Bot, type Bots } from "./bots.ts";
import { ALLOWED_UPDATES, faultOf, isIgnored, isUpdate, isUrgent, type TelegramUpdate } from "./update.ts";

type Door = { sql: Database; bots: Bots; inbox: Pick<Inbox<TelegramUpdate>, "accept">; clock: Clock; log: Log };

export type Polling = { stop(): Promise<void> };

/** Polls for every active bot, also for those that are added later, until stopped. */
export async function startPolling(door: Door): Promise<Polling> {
  const ending = new AbortController();
  const loops = new Map<BotId, Promise<void>>();

  async function startMissing(): Promise<void> {
    const rows = await door.sql<{ id: BotId }[]>`SELECT id FROM bot WHERE status = 'active'`;
    for (const { id } of rows) {
      if (loops.has(id) || ending.signal.aborted) continue;
      loops.set(
        id,
        pollBot(door, id, ending.signal).finally(() => loops.delete(id)),
      );
    }
  }

  const lookAgain = (): void => {
    startMissing().catch((error) =>
      door.log.warn({ fact: "poll.bots", reason: reasonOf(error) }, "the bots could not be read"),
    );
  };
  const listener = await door.sql.listen(BOT_CHANGED, lookAgain, lookAgain);
  await startMissing();
  return {
    async stop() {
      ending.abort();
      await listener.unlisten();
      await Promise.all(loops.values());
    },
  };
}

async function pollBot(door: Door, id: BotId, signal: AbortSignal): Promise<void> {
  let isWebhookGone = false;
  while (!signal.aborted) {
    try {
      const bot = await door.bots.find(id);
      if (bot?.status !== "active") return;
      // A webhook and getUpdates exclude each other; pending updates stay with Telegram.
      if (!isWebhookGone) isWebhookGone = (await bot.api().call("deleteWebhook", {})).ok;
      await pollOnce(door, bot, signal);
    } catch (error) {
      door.log.warn({ fact: "poll.failed", botId: id, reason: reasonOf(error) }, "polling failed; trying again");
      await pause(limits.pollPauseMs, signal);
    }
  }
}

async function pollOnce(door: Door, bot: Bot, signal: AbortSignal): Promise<void> {
  const { id } = bot;
  const [row] = await door.sql<{ offset: number }[]>`SELECT poll_offset AS offset FROM bot WHERE id = ${id}`;
  const offset = row?.offset ?? 0;
  const options = { offset, limit: 100, timeout: limits.pollSeconds, allowed_updates: ALLOWED_UPDATES };
  const answer = await bot.api().call("getUpdates", options, signal);
  if (answer.ok) return keepUpdates(door, id, answer.result, offset);
  if (answer.meaning === "token_revoked") return void (await door.bots.revoke(bot));
  if (answer.reason === "conflict")
    door.log.error(
      { fact: "poll.conflict", botId: id },
      "somebody else fetches this bot's updates (409): is it running twice, or does a webhook exist?",
    );
  await pause(answer.meaning === "flood" ? (answer.retryAfterMs ?? limits.pollPauseMs) : limits.pollPauseMs, signal);
}

async function keepUpdates(door: Door, botId: BotId, result: unknown, offset: number): Promise<void> {
  const updates: unknown[] = Array.isArray(result) ? result : [];
  const readable = updates.filter(isUpdate);
  for (const update of updates)
    if (!isUpdate(update)) {
      metrics.updatesRefused.inc({ status: "unreadable" });
      door.log.error(
        { fact: "poll.unreadable", botId, fault: faultOf(update) },
        "an update is of a form that we do not know; it is passed over",
      );
    }
  const arrivedMs = performance.now();
  const receivedAt = door.clock.now();
  const accept = (update: TelegramUpdate): Promise<void> =>
    door.inbox.accept({
      botId,
      updateId: update.update_id as UpdateId,
      body: JSON.stringify(update),
      update,
      receivedAt,
      arrivedMs,
      atOnce: isUrgent(update),
      isIgnored: isIgnored(update),
    });
  // As by webhook: the next update of a chat only when the one before it is kept.
  const chats = Map.groupBy(readable, (update) => update.message?.chat.id ?? update.callback_query?.from.id);
  await Promise.all(
    [...chats.values()].map((chat) =>
      chat.reduce((before, update) => before.then(() => accept(update)), Promise.resolve()),
    ),
  );
  const last = Math.max(
    offset - 1,
    ...updates.map((update) => Number((update as { update_id?: unknown } | null)?.update_id) || 0),
  );
  // Set, not raised: after a week of silence Telegram may begin its numbers anew.
  if (updates.length > 0) await door.sql`UPDATE bot SET poll_offset = ${last + 1} WHERE id = ${botId}`;
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  wait(ms, undefined, { signal }).catch(() => undefined);
