// Hears the taps on "Ciente": long polling by the one who watches, and only while there is something to acknowledge. No public address is
// needed. A bot that has a webhook, is fetched by somebody else, or is one of our sellers' bots, is left alone: it writes without buttons.

import { setTimeout as wait } from "node:timers/promises";
import type { Database } from "#db/connect.ts";
import type { Clock } from "../kernel/clock.ts";
import { reasonOf } from "../kernel/errors.ts";
import { limits } from "../kernel/limits.ts";
import type { Log } from "../kernel/log.ts";
import { type AlertBot, keyboardOf } from "./destinations.ts";
import { acknowledge } from "./incident-book.ts";
import { readAcknowledgement } from "./notification.ts";

export type Ear = {
  /** Whether taps on this bot's buttons reach us. */
  hears(): Promise<boolean>;
  /** Listens for as long as this is said, and a poll longer. */
  listen(isWanted: boolean): void;
  close(): Promise<void>;
};

/** Who is fetched by somebody else, or has a webhook, is asked again after this. */
const DEAF_MS = 10 * 60_000;
const ONLY_TAPS = { allowed_updates: ["callback_query"] };

type Options = { sql: Database; clock: Clock; log: Log; bot: AlertBot };

export function openEar(options: Options): Ear {
  const { sql, log, bot } = options;
  const ending = new AbortController();
  const { signal } = ending;
  let listening: Promise<void> | undefined;
  let isWanted = false;
  let offset = 0;
  let known: { hears: boolean; atMs: number } | undefined;

  async function ask(): Promise<boolean> {
    const [own] = await sql`SELECT 1 FROM bot WHERE telegram_id = ${bot.telegramId}`;
    if (own) return false;
    const answer = await bot.call("getUpdates", { offset, timeout: 0, limit: 1, ...ONLY_TAPS }, signal);
    return answer.ok || answer.reason !== "conflict";
  }

  async function hears(): Promise<boolean> {
    if (listening) return true;
    if (known && performance.now() - known.atMs < DEAF_MS) return known.hears;
    // While PostgreSQL is away nothing could be acknowledged either.
    const answer = await ask().catch(() => undefined);
    if (answer === undefined) return false;
    note(answer);
    return answer;
  }

  function note(isHeard: boolean): void {
    if (!isHeard && known?.hears !== false)
      log.warn(
        { fact: "alert.deaf", telegramId: bot.telegramId },
        "the alerts' bot has a webhook, is fetched elsewhere or belongs to a seller: acknowledge with `grimbots alerts ack`",
      );
    known = { hears: isHeard, atMs: performance.now() };
  }

  async function poll(): Promise<void> {
    while (isWanted && !signal.aborted) {
      const answer = await bot.call("getUpdates", { offset, timeout: limits.pollSeconds, ...ONLY_TAPS }, signal);
      if (answer.ok) await takeAll(answer.result);
      else if (answer.reason === "conflict") return note(false);
      else await wait(limits.pollPauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async function takeAll(result: unknown): Promise<void> {
    for (const update of Array.isArray(result) ? result : []) {
      const { update_id: id, callback_query: tap } = (update ?? {}) as {
        update_id?: unknown;
        callback_query?: unknown;
      };
      // What cannot be kept now comes again: the offset stays.
      if (tap !== undefined) await take(options, tap);
      offset = Math.max(offset, Number(id) + 1 || 0);
    }
  }

  async function listenUntilUnwanted(): Promise<void> {
    if (await hears()) await poll();
  }

  return {
    hears,
    listen(wanted) {
      isWanted = wanted;
      if (!wanted || listening || signal.aborted) return;
      listening = listenUntilUnwanted()
        .catch((error) => log.warn({ fact: "alert.unheard", reason: reasonOf(error) }, "a tap could not be kept"))
        .finally(() => {
          listening = undefined;
        });
    },
    async close() {
      ending.abort();
      await listening;
    },
  };
}

type Tap = {
  id?: unknown;
  data?: unknown;
  from?: { first_name?: unknown; username?: unknown };
  message?: { message_id?: unknown; chat?: { id?: unknown }; reply_markup?: { inline_keyboard?: unknown } };
};

/** One tap: only in the chats that are set; elsewhere it is not even answered. */
async function take({ sql, clock, log, bot }: Options, value: unknown): Promise<void> {
  const { id, data, from, message } = (value ?? {}) as Tap;
  const chatId = message?.chat?.id;
  const said = readAcknowledgement(String(data));
  if (said === undefined || typeof chatId !== "number" || !bot.chatIds.includes(chatId)) {
    log.warn({ fact: "alert.stranger" }, "a tap on an alert came from a chat that is not set, and was passed over");
    return;
  }
  const by = [from?.first_name, from?.username && `(@${from.username})`].filter(Boolean).join(" ") || "alguém";
  const incident = await acknowledge(sql, { ...said, by, now: clock.now() });
  if (incident) log.info({ fact: "alert.acknowledged", alert: said.name }, "an alert was acknowledged");
  const text = incident ? "Anotado: silêncio até acabar ou aumentar." : "Já acabou.";
  await bot.call("answerCallbackQuery", { callback_query_id: id, text });
  await bot.call("editMessageReplyMarkup", {
    chat_id: chatId,
    message_id: message?.message_id,
    reply_markup: keyboardOf(
      buttonsOf(message?.reply_markup?.inline_keyboard).filter((button) => button.data !== data),
    ),
  });
}

/** The buttons under a message, as Telegram tells them. */
function buttonsOf(rows: unknown): { text: string; data: string }[] {
  const buttons = (Array.isArray(rows) ? rows.flat() : []) as { text?: unknown; callback_data?: unknown }[];
  return buttons.map(({ text, callback_data: data }) => ({ text: String(text), data: String(data) }));
}
