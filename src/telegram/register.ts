// Tells Telegram where a bot's updates go.

import type { BotId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import type { TelegramApi } from "./api.ts";
import { ALLOWED_UPDATES } from "./update.ts";

/** The address of a bot's webhook; undefined without PUBLIC_URL. */
export function webhookUrl(publicUrl: string | undefined, botId: BotId): string | undefined {
  return publicUrl === undefined ? undefined : `${publicUrl}/webhook/telegram/${botId}`;
}

/** Sets the webhook; throws grammY's errors. Updates that wait at Telegram are kept. */
export async function registerWebhook({ api }: TelegramApi, url: string, secretToken: string): Promise<void> {
  await api.setWebhook(url, {
    secret_token: secretToken,
    max_connections: limits.webhookConnections,
    allowed_updates: [...ALLOWED_UPDATES],
    drop_pending_updates: false,
  });
}
