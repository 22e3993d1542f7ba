// Does Telegram take our bots' tokens, and do their updates come to us?

import type { BotId } from "../kernel/ids.ts";
import { counted, type Seen, troubleWith } from "./look.ts";
import type { Readings } from "./readings.ts";

const MOST_BOTS = 1_000;

type BotRow = { id: BotId; username: string };
const nameOf = ({ id }: BotRow): string => `bot:${id}`;
const botText = ({ id, username }: BotRow): string => `@${username} (nº ${id})`;

export async function botTokenRevoked({ sql }: Readings): Promise<Seen> {
  const bots = await sql<BotRow[]>`
    SELECT id, username FROM bot WHERE status = 'token_revoked' ORDER BY id DESC LIMIT ${MOST_BOTS}`;
  return troubleWith(
    bots,
    nameOf,
    (named, total) => `O Telegram recusa o token de ${counted(total, "bot", "bots")}: ${named}.`,
    bots.length,
    botText,
  );
}

/** Somebody else set the bot's webhook, or it has none. What was seen stands in webhook_trouble (webhook-watch.ts). */
export async function webhookStolen({ sql }: Readings): Promise<Seen> {
  const bots = await sql<(BotRow & { stolen_by: string })[]>`
    SELECT bot.id, username, stolen_by FROM webhook_trouble JOIN bot ON bot.id = bot_id
    WHERE stolen_by IS NOT NULL AND status = 'active' ORDER BY bot.id LIMIT ${MOST_BOTS}`;
  return troubleWith(
    bots,
    nameOf,
    (named, total) => `O webhook de ${counted(total, "bot", "bots")} não aponta para este servidor: ${named}.`,
    bots.length,
    (bot) => `${botText(bot)} → ${bot.stolen_by || "nenhum"}`,
  );
}

/** Telegram could not hand over updates, or many of them wait there. */
export async function webhookFailing({ sql }: Readings): Promise<Seen> {
  const bots = await sql<(BotRow & { error: string; pending: number })[]>`
    SELECT bot.id, username, error, pending FROM webhook_trouble JOIN bot ON bot.id = bot_id
    WHERE error IS NOT NULL AND status = 'active' ORDER BY bot.id LIMIT ${MOST_BOTS}`;
  return troubleWith(
    bots,
    nameOf,
    (named, total) => `O Telegram não consegue entregar as mensagens de ${counted(total, "bot", "bots")}: ${named}.`,
    bots.length,
    (bot) => `${botText(bot)}: ${bot.error}, ${bot.pending} na espera`,
  );
}
