// doctor's look at every bot: is its webhook ours, does it bring what we need, does it work?

import type { WebhookInfo } from "grammy/types";
import type { Database } from "#db/connect.ts";
import { type Config, openKeyring } from "../../kernel/config.ts";
import type { BotId } from "../../kernel/ids.ts";
import { createTelegramApi, sentenceOf } from "../../telegram/api.ts";
import { tokenPlace } from "../../telegram/bots.ts";
import { webhookUrl } from "../../telegram/register.ts";
import { ALLOWED_UPDATES } from "../../telegram/update.ts";
import { advice, type Finding, failure, fine } from "./finding.ts";
import { inTurn } from "./in-turn.ts";

type BotRow = { id: BotId; tenant_id: number; username: string; status: string; token_sealed: string };

/** An error of the webhook that is older tells of the past. */
const RECENT_SECONDS = 600;
/** Telegram holds this many back without anybody having to worry. */
const WAITING = 100;

export async function checkBots(sql: Database, config: Config, withinMs: number): Promise<Finding[]> {
  const bots = await sql<BotRow[]>`SELECT id, tenant_id, username, status, token_sealed FROM bot ORDER BY id`;
  return inTurn("bots", bots, withinMs, (bot) => checkBot(bot, config));
}

async function checkBot(bot: BotRow, config: Config): Promise<Finding> {
  const name = `bot ${bot.id} @${bot.username}`;
  if (bot.status === "token_revoked") return failure(name, "token_revoked", "token_new", { tenant: bot.tenant_id });
  try {
    const token = openKeyring(config.secretKey).open(bot.token_sealed, tokenPlace(bot.id));
    const info = await createTelegramApi(token, config.telegramApiRoot).api.getWebhookInfo();
    return judgeWebhook(name, info, { bot: bot.id, ours: webhookUrl(config.publicUrl, bot.id), nowMs: Date.now() });
  } catch (error) {
    return failure(name, "bot_unasked", "bot_check", { reason: sentenceOf(error).replace(/\.$/, "") });
  }
}

/** `ours`: the address that it should be; undefined = bots are polled, or nobody knows. */
export function judgeWebhook(
  name: string,
  info: WebhookInfo,
  { bot, ours, nowMs }: { bot: number; ours: string | undefined; nowMs: number },
): Finding {
  const { url = "", pending_update_count: waiting, allowed_updates: kinds, last_error_message: error = "" } = info;
  const found = url === "" ? "webhook_none" : "webhook_is";
  const values = { bot, ours: ours ?? "", url, waiting };
  if (ours === undefined) return fine(name, found, values);
  if (url !== ours) return failure(name, found, "webhook_set", values);
  const absent = kinds === undefined ? [] : ALLOWED_UPDATES.filter((kind) => !kinds.includes(kind));
  if (absent.length > 0)
    return failure(name, "webhook_kinds", "webhook_again", { ...values, kinds: absent.join(", ") });
  const agoSeconds = nowMs / 1_000 - (info.last_error_date ?? 0);
  if (error !== "" && agoSeconds < RECENT_SECONDS) {
    const about = { ...values, error, minutes: Math.max(0, Math.floor(agoSeconds / 60)) };
    // Telegram shows us no secret: that it is another one than ours is seen from our own refusals.
    if (/\b401\b/.test(error)) return failure(name, "webhook_error", "webhook_again", about);
    return advice(name, "webhook_error", "webhook_watch", about);
  }
  return waiting > WAITING ? advice(name, found, "webhook_watch", values) : fine(name, found, values);
}
