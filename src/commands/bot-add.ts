// grimbots bot add

import { openKeyring } from "../kernel/config.ts";
import { addBot, readFunnelFile } from "../telegram/add-bot.ts";
import { needTenant } from "./arguments.ts";
import type { Command } from "./command.ts";
import { onDatabase } from "./open.ts";

export const botAdd: Command = {
  words: "bot add",
  summary: "adds a bot, or gives one that is here a new token: checks it, keeps it encrypted, sets the webhook.",
  flags: [
    { name: "tenant", value: "ID", required: true, means: "The seller whose bot it is." },
    {
      name: "token",
      value: "TOKEN",
      required: true,
      means: "The bot's token, from @BotFather; - reads it from stdin.",
    },
    {
      name: "funnel",
      value: "FILE",
      means: "The funnel as JSON. Default: the sample funnel; a bot that is here keeps its own.",
    },
  ],
  async run(flags, print) {
    const tenantId = needTenant(flags);
    const given = flags.need("token");
    const token = given === "-" ? (await Bun.stdin.text()).trim() : given;
    const file = flags.text("funnel");
    const funnel = file === undefined ? undefined : readFunnelFile(file);
    const added = await onDatabase((sql, config) =>
      addBot(sql, {
        keyring: openKeyring(config.secretKey),
        apiRoot: config.telegramApiRoot,
        publicUrl: config.publicUrl,
        tenantId,
        token,
        ...(funnel && { funnel }),
      }),
    );
    const where = added.webhookUrl
      ? `its updates go to ${added.webhookUrl}`
      : "no webhook is set: set PUBLIC_URL, or serve with --poll";
    const what = added.replaced ? "has a new token in place of the old one" : "added";
    print(added, `Bot ${added.botId} (@${added.username}) ${what}; ${where}.`);
  },
};
