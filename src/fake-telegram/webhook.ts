// Delivery as Telegram does it: head of line per queue, queues side by side up to max_connections, retries on schedule.
// Source: tdlib/telegram-bot-api, WebhookActor.cpp. Left out on purpose: the window of 2 × max_connections loaded
// updates, and the slow start with one connection after ten seconds without a success.

import { nextPauseSeconds } from "./retry-schedule.ts";
import type { Bot, World } from "./state.ts";
import { createUpdateQueues } from "./update-queues.ts";
import { type PendingUpdate, preciseNow } from "./updates.ts";
import { createWebhookSender, type WebhookAnswer } from "./webhook-sender.ts";

/** `token`: the one that set the webhook; calls carried by answers are made with it. */
export type WebhookSettings = { token: string; url: string; secretToken: string; maxConnections: number };
export type WebhookError = { dateSeconds: number; message: string };

export type Webhook = {
  settings: WebhookSettings;
  lastError: WebhookError | undefined;
  add(update: PendingUpdate): void;
  /** Cuts what is under way; its updates stay pending for whoever comes next. */
  close(): void;
};

const GONE_AFTER_MS = 23 * 3_600_000;

/** Starts delivering the bot's pending updates to `settings.url`, and all later ones through `add`. */
export function openWebhook(world: World, bot: Bot, settings: WebhookSettings): Webhook {
  const { timeline, random, responseTimeoutMs } = world.settings;
  const sender = createWebhookSender(settings.url, settings.secretToken, responseTimeoutMs);
  const queues = createUpdateQueues();
  const retries = new Set<() => void>();
  let inFlight = 0;
  let isClosed = false;
  let goneSinceMs: number | undefined;

  const webhook: Webhook = { settings, lastError: undefined, add, close };
  for (const update of bot.updates.pending) queues.add(update);
  pump();
  return webhook;

  function add(update: PendingUpdate): void {
    queues.add(update);
    pump();
  }

  function pump(): void {
    while (!isClosed && inFlight < settings.maxConnections) {
      const head = queues.takeHead();
      if (!head) return;
      if (head.expiresAtMs <= timeline.nowMs()) leave(head, "expired");
      else void deliver(head);
    }
  }

  async function deliver(update: PendingUpdate): Promise<void> {
    inFlight += 1;
    update.attempts += 1;
    update.firstSentAt ??= preciseNow();
    const answer = await sender.post(JSON.stringify({ update_id: update.id, ...update.body }));
    inFlight -= 1;
    if (isClosed) return;
    if (answer.status >= 200 && answer.status < 300) await succeed(update, answer);
    else fail(update, answer);
    pump();
  }

  async function succeed(update: PendingUpdate, answer: WebhookAnswer): Promise<void> {
    goneSinceMs = undefined;
    if (answer.body.includes('"method"')) await world.execute(world, bot, settings.token, answer.body);
    leave(update, "delivered");
  }

  function fail(update: PendingUpdate, answer: WebhookAnswer): void {
    const nowMs = timeline.nowMs();
    webhook.lastError = { dateSeconds: Math.floor(nowMs / 1_000), message: answer.problem };
    goneSinceMs = answer.status === 410 ? (goneSinceMs ?? nowMs) : undefined;
    if (goneSinceMs !== undefined && nowMs > goneSinceMs + GONE_AFTER_MS) {
      close();
      bot.webhook = undefined;
      return;
    }
    const waitMs = 1_000 * nextPauseSeconds(update, answer.retryAfterSeconds, random);
    if (nowMs + waitMs > update.expiresAtMs) leave(update, "expired");
    else if (waitMs === 0) queues.release(update);
    else retryLater(update, waitMs);
  }

  function retryLater(update: PendingUpdate, waitMs: number): void {
    const cancel = timeline.after(waitMs, () => {
      retries.delete(cancel);
      queues.release(update);
      pump();
    });
    retries.add(cancel);
  }

  function leave(update: PendingUpdate, status: "delivered" | "expired"): void {
    queues.leave(update);
    bot.updates.finish(update, status);
  }

  function close(): void {
    isClosed = true;
    for (const cancel of retries) cancel();
    sender.close();
  }
}
