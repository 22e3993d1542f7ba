// One try to send one of many: may the bot speak, what did Telegram say, and what does it mean for this message and for all the others. When,
// how often and how many at a time is its caller's business.

import type { KeptMessage } from "../inbox/line.ts";
import type { Clock } from "../kernel/clock.ts";
import type { SendBody } from "../kernel/effect.ts";
import { PermanentError, reasonOf } from "../kernel/errors.ts";
import type { BotId, ChatId } from "../kernel/ids.ts";
import { type Log, redactTokens } from "../kernel/log.ts";
import type { Bot, Bots } from "./bots.ts";
import type { Media } from "./media.ts";
import { type Sent, send } from "./send.ts";
import { keptMessage } from "./sender.ts";

export type BulkTried =
  | { state: "sent"; message: KeptMessage }
  | { state: "refused" | "unknown"; reason: string }
  /** It did not happen, and Telegram asks the bot to be silent until then (milliseconds since 1970). */
  | { state: "held"; untilMs: number }
  /** It did not happen because Telegram failed or was not there. */
  | { state: "failed"; reason: string }
  /** It did not happen: the chat has another id now. */
  | { state: "moved"; chatId: ChatId }
  /** It did not happen, and nothing of this bot's will until somebody does something. */
  | { state: "stopped"; reason: string };

export type Bulk = {
  /** Never throws for what Telegram, the network or the bot's state do. */
  trySend(botId: BotId, chatId: ChatId, body: SendBody): Promise<BulkTried>;
};

export function openBulk(options: { clock: Clock; log: Log; bots: Bots; media: Media }): Bulk {
  const { clock, log, bots, media } = options;

  async function call(bot: Bot, chatId: ChatId, body: SendBody): Promise<Sent> {
    try {
      return await send(bot, media, chatId, body);
    } catch (error) {
      if (error instanceof PermanentError) return { outcome: "refused", reason: error.reason };
      const reason = redactTokens(reasonOf(error));
      log.error({ fact: "send.failed", botId: bot.id, reason }, "a message could not be prepared");
      return { outcome: "later", reason: "internal" };
    }
  }

  async function judge(bot: Bot, body: SendBody, sent: Sent): Promise<BulkTried> {
    switch (sent.outcome) {
      case "done":
        return { state: "sent", message: keptMessage(body, sent) };
      case "refused":
        if (sent.reason !== "token_revoked" && sent.reason !== "token_unknown")
          return { state: "refused", reason: sent.reason };
        return (await bots.revoke(bot))
          ? { state: "stopped", reason: "token_revoked" }
          : { state: "failed", reason: "token_replaced" };
      case "unknown":
        return { state: "unknown", reason: sent.reason };
      case "migrated":
        return { state: "moved", chatId: sent.chatId };
      case "later":
        return sent.flood ? silence(bot, sent.afterMs ?? 0) : { state: "failed", reason: sent.reason };
    }
  }

  async function silence(bot: Bot, afterMs: number): Promise<BulkTried> {
    const untilMs = clock.now().getTime() + afterMs;
    // Those beside it met the same wall.
    if (bot.pausedUntilMs < untilMs) await bots.pause(bot.id, new Date(untilMs));
    return { state: "held", untilMs };
  }

  return {
    async trySend(botId, chatId, body) {
      const bot = await bots.find(botId);
      if (!bot) return { state: "stopped", reason: "bot_gone" };
      if (bot.status !== "active")
        return { state: "stopped", reason: bot.status === "paused" ? "bot_paused" : bot.status };
      if (bot.pausedUntilMs > clock.now().getTime()) return { state: "held", untilMs: bot.pausedUntilMs };
      return judge(bot, body, await call(bot, chatId, body));
    },
  };
}
