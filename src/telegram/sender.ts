// One try to send a message: may the bot speak, is it this chat's turn, what did Telegram say, and what does our policy make of it.

import { setTimeout as wait } from "node:timers/promises";
import type { Courtesy, KeptMessage, PlacedEffect } from "../inbox/line.ts";
import { final, later, type Tried } from "../inbox/tried.ts";
import type { Clock } from "../kernel/clock.ts";
import type { SendBody } from "../kernel/effect.ts";
import { PermanentError, reasonOf } from "../kernel/errors.ts";
import type { BotId, MessageId } from "../kernel/ids.ts";
import { openGate } from "../kernel/lanes.ts";
import { limits } from "../kernel/limits.ts";
import { type Log, redactTokens } from "../kernel/log.ts";
import { metrics } from "../kernel/metrics.ts";
import type { Bot, Bots } from "./bots.ts";
import type { Media } from "./media.ts";
import type { Pace } from "./pace.ts";
import { type Sent, send } from "./send.ts";

export type SendEffect = PlacedEffect & { kind: "send" };

export type Sender = {
  /**
   * Tries once and says how it ended; undefined when `isOurs`, asked right before the call, says that it is no longer ours to send. Never
   * throws for what Telegram, the network or the bot's state do.
   */
  trySend(effect: SendEffect, isOurs: () => Promise<boolean>): Promise<Tried | undefined>;
  /** Answers a tapped button or an invoice about to be paid; whatever comes of it, nothing waits for it. */
  giveCourtesy(botId: BotId, courtesy: Courtesy): void;
};

export function openSender(options: { clock: Clock; log: Log; bots: Bots; media: Media; pace: Pace }): Sender {
  const { clock, log, bots, media, pace } = options;
  const gate = openGate<BotId>(limits.sendsInFlightPerBot, limits.sendsInFlight);

  async function trySend(effect: SendEffect, isOurs: () => Promise<boolean>): Promise<Tried | undefined> {
    const heldBack = await waitForTurn(effect);
    if (heldBack) return heldBack;
    return gate.pass(effect.botId, async () => {
      // Looked at again: much may have happened while it waited for a place.
      const bot = await bots.find(effect.botId);
      const stopped = speaksAgainst(bot);
      if (stopped || !bot) return stopped;
      if (!(await isOurs())) return undefined;
      const sent = await callTelegram(bot, effect);
      log.debug(
        { fact: "send.tried", botId: bot.id, slot: effect.slot, rowId: effect.id, n: effect.n, ...sent },
        "message tried",
      );
      return judge(bot, effect, sent);
    });
  }

  /** Resolves when it is this message's turn, or with what speaks against it. A short wait for the chat's pace is spent here. */
  async function waitForTurn(effect: SendEffect): Promise<Tried | undefined> {
    for (;;) {
      const stopped = speaksAgainst(await bots.find(effect.botId));
      if (stopped) return stopped;
      const nowMs = clock.now().getTime();
      // A bot whose calls hang keeps its backlog in PostgreSQL, not in the memory that all bots share.
      if (gate.waiting(effect.botId) >= limits.sendsWaitingPerBot) return postponed("busy", nowMs + limits.shortWaitMs);
      const waitMs = pace.take(effect.botId, effect.chatId, effect.policy === "marketing");
      if (waitMs === 0) return undefined;
      if (waitMs > limits.shortWaitMs) return postponed("pace", nowMs + waitMs);
      await wait(waitMs);
    }
  }

  function speaksAgainst(bot: Bot | undefined): Tried | undefined {
    const nowMs = clock.now().getTime();
    if (!bot) return final("refused", "bot_gone");
    if (bot.status === "token_revoked") return final("refused", "bot_token_revoked");
    if (bot.status === "paused") return postponed("bot_paused", nowMs + limits.sendBackoffMaxMs);
    return bot.pausedUntilMs > nowMs ? postponed("flood", bot.pausedUntilMs) : undefined;
  }

  /** Not begun, so no try is counted; what waits behind it in the chat waits, too. */
  const postponed = (reason: string, dueMs: number): Tried => ({
    ...later(reason, new Date(dueMs)),
    countsAsTry: false,
    behind: true,
  });

  async function callTelegram(bot: Bot, effect: SendEffect): Promise<Sent> {
    if (effect.arrivedMs !== undefined) metrics.firstSend.observe((performance.now() - effect.arrivedMs) / 1_000);
    try {
      return await send(bot, media, effect.chatId, effect.body);
    } catch (error) {
      if (error instanceof PermanentError) return { outcome: "refused", reason: error.reason };
      log.error(
        { fact: "send.failed", botId: bot.id, reason: redactTokens(reasonOf(error)) },
        "a message could not be prepared",
      );
      return { outcome: "later", reason: "internal" };
    }
  }

  async function judge(bot: Bot, effect: SendEffect, sent: Sent): Promise<Tried> {
    const now = clock.now();
    switch (sent.outcome) {
      case "done":
        return final("done", null, keptMessage(effect.body, sent));
      case "refused":
        return isOfToken(sent.reason) && !(await bots.revoke(bot))
          ? postponed("token_replaced", now.getTime())
          : final("refused", sent.reason);
      case "migrated":
        return { ...later("migrated", now), chatId: sent.chatId, behind: true };
      case "unknown":
        // The answer is lost, so it may stand in the chat already: only a delivery is worth a possible second copy.
        return effect.policy === "delivery" ? backOff(effect, sent.reason, now) : final("unknown", sent.reason);
      case "later":
        if (!sent.flood) return backOff(effect, sent.reason, now);
        await bots.pause(bot.id, new Date(now.getTime() + (sent.afterMs ?? 0)));
        return postponed("flood", now.getTime() + (sent.afterMs ?? 0));
    }
  }

  return {
    trySend,
    giveCourtesy(botId, courtesy) {
      answerCallback({ bots, clock }, botId, courtesy).catch((error) =>
        log.warn(
          { fact: "courtesy.failed", botId, reason: redactTokens(reasonOf(error)) },
          "a tapped button was not answered",
        ),
      );
    },
  };
}

/** Whether it is the bot's token that Telegram refuses, whatever the message. */
const isOfToken = (reason: string): boolean => reason === "token_revoked" || reason === "token_unknown";

/** Doubling pauses with jitter, so that what failed together does not come back together; in the end it is refused. */
function backOff(effect: SendEffect, reason: string, now: Date): Tried {
  const most = effect.policy === "delivery" ? limits.deliveryAttempts : limits.sendAttempts;
  if (effect.attempts >= most) return final("refused", `exhausted_${reason}`);
  const pauseMs = Math.min(limits.sendBackoffMs * 2 ** Math.max(0, effect.attempts - 1), limits.sendBackoffMaxMs);
  return { ...later(reason, new Date(now.getTime() + pauseMs * (0.5 + Math.random()))), behind: true };
}

async function answerCallback(
  { bots, clock }: { bots: Bots; clock: Clock },
  botId: BotId,
  courtesy: Courtesy,
): Promise<void> {
  const bot = await bots.find(botId);
  const nowMs = clock.now().getTime();
  // A pause is a pause for courtesies, too; they are not made up for.
  if (bot?.status !== "active" || bot.pausedUntilMs > nowMs) return;
  const answer = await bot.api().call(...callOf(courtesy));
  metrics.courtesies.inc({ outcome: answer.ok ? "done" : answer.reason });
  if (!answer.ok && answer.meaning === "flood") await bots.pause(botId, new Date(nowMs + (answer.retryAfterMs ?? 0)));
}

function callOf(courtesy: Courtesy): [method: string, payload: Record<string, unknown>] {
  if ("callbackQueryId" in courtesy) {
    const { callbackQueryId, text } = courtesy;
    return ["answerCallbackQuery", { callback_query_id: callbackQueryId, ...(text && { text }) }];
  }
  const { preCheckoutQueryId, isOk, sentence } = courtesy;
  const why = sentence === undefined ? {} : { error_message: sentence };
  return ["answerPreCheckoutQuery", { pre_checkout_query_id: preCheckoutQueryId, ok: isOk, ...why }];
}

/** What stands in the chat, as it is kept. */
export function keptMessage(body: SendBody, sent: Sent & { outcome: "done" }): KeptMessage {
  const { text, caption } = body.payload;
  return {
    messageId: sent.messageId as MessageId,
    kind: body.media?.field ?? "text",
    body: String(text ?? caption ?? "") || null,
    fileId: sent.fileId ?? null,
    at: sent.at,
  };
}
