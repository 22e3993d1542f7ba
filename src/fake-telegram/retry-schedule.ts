// When an update that failed is sent again. Source: tdlib/telegram-bot-api, WebhookActor.cpp (on_update_error).

import type { PendingUpdate } from "./updates.ts";

const RETRY_AFTER_MAX_SECONDS = 3_600;
/** The backoff's cap is drawn anew each time, between this and twice this. */
const RESEND_CAP_SECONDS = 60;

/** Counts the failure and gives the pause: `Retry-After` if the webhook asked for one (0 = it did not), up to an hour.
 *  Else nothing after the first failure, then 2, 4, 8 … seconds, capped at a random 60–120. */
export function nextPauseSeconds(update: PendingUpdate, retryAfterSeconds: number, random: () => number): number {
  const isFirst = update.failures === 0;
  update.failures += 1;
  if (retryAfterSeconds > 0) return Math.min(retryAfterSeconds, RETRY_AFTER_MAX_SECONDS);
  if (isFirst) return 0;
  const cap = RESEND_CAP_SECONDS + Math.floor(random() * (RESEND_CAP_SECONDS + 1));
  update.delaySeconds = Math.min(cap, update.delaySeconds * 2);
  return update.delaySeconds;
}
