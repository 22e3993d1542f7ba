// Telegram's getWebhookInfo → ours: where a bot's updates go, whether they arrive, and what time it is there.

import type { TelegramApi } from "./api.ts";

/** `errorAgoMs`: by Telegram's clock, as `skewMs` says by how much ours is ahead of it; undefined = never, or not known. */
export type WebhookInfo = {
  url: string;
  pending: number;
  error: string | undefined;
  errorAgoMs: number | undefined;
  skewMs: number | undefined;
};

/** Asks once, within `withinMs`; a refusal's reason when Telegram does not say. `now`: our own clock. */
export async function askWebhookInfo(
  api: TelegramApi,
  { withinMs, now }: { withinMs: number; now: () => Date },
): Promise<WebhookInfo | { reason: string }> {
  const beforeMs = now().getTime();
  const { answer, at } = await api.callDated("getWebhookInfo", {}, AbortSignal.timeout(withinMs));
  if (!answer.ok) return { reason: answer.reason };
  const ownMs = (beforeMs + now().getTime()) / 2;
  const info = (answer.result ?? {}) as Record<string, unknown>;
  const errorAt = Number.isInteger(info.last_error_date) ? (info.last_error_date as number) * 1_000 : undefined;
  return {
    url: String(info.url ?? ""),
    pending: Number(info.pending_update_count) || 0,
    error: typeof info.last_error_message === "string" ? info.last_error_message : undefined,
    errorAgoMs: errorAt === undefined ? undefined : (at?.getTime() ?? ownMs) - errorAt,
    // The header leaves out the fraction of its second: half of one on average.
    skewMs: at && ownMs - (at.getTime() + 500),
  };
}
