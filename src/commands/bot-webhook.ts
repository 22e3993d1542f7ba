// grimbots bot webhook

import { openKeyring } from "../kernel/config.ts";
import { CommandError } from "../kernel/errors.ts";
import { type BotId, parseId } from "../kernel/ids.ts";
import { createTelegramApi, sentenceOf } from "../telegram/api.ts";
import { secretPlace, tokenPlace } from "../telegram/bots.ts";
import { registerWebhook, webhookUrl } from "../telegram/register.ts";
import type { Command } from "./command.ts";
import { onDatabase } from "./open.ts";

type BotRow = { id: BotId; token_sealed: string; secret_sealed: string };

export const botWebhook: Command = {
  words: "bot webhook",
  summary: "sets the webhook again: after PUBLIC_URL changed, after --poll, or when somebody took it.",
  flags: [{ name: "bot", value: "ID", means: "Only this bot. Default: every active bot." }],
  async run(flags, print) {
    const only = flags.text("bot");
    const id = only === undefined ? undefined : parseId<BotId>(only);
    if (only !== undefined && id === undefined)
      throw new CommandError("--bot must be the number that `grimbots bot add` printed.", 2);
    const set = await onDatabase(async (sql, config) => {
      if (!config.publicUrl)
        throw new CommandError("Set PUBLIC_URL to the https address under which Telegram reaches this program.", 2);
      const keyring = openKeyring(config.secretKey);
      const bots = await sql<BotRow[]>`
        SELECT id, token_sealed, secret_sealed FROM bot WHERE status = 'active' AND id = coalesce(${id ?? null}, id) ORDER BY id`;
      if (id && bots.length === 0) throw new CommandError(`There is no active bot ${id}.`);
      for (const bot of bots) {
        const telegram = createTelegramApi(keyring.open(bot.token_sealed, tokenPlace(bot.id)), config.telegramApiRoot);
        const secret = keyring.open(bot.secret_sealed, secretPlace(bot.id));
        await registerWebhook(telegram, webhookUrl(config.publicUrl, bot.id) ?? "", secret).catch((error) => {
          throw new CommandError(`Bot ${bot.id}: ${sentenceOf(error)}`);
        });
      }
      return bots.map((bot) => bot.id);
    });
    print({ bots: set }, `Webhook set for ${set.length} ${set.length === 1 ? "bot" : "bots"}.`);
  },
};
