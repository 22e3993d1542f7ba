// grimbots broadcast

import { readFileSync } from "node:fs";
import { type Content, checkContent } from "../broadcasts/content.ts";
import { makeBroadcast } from "../broadcasts/store.ts";
import { systemClock } from "../kernel/clock.ts";
import { CommandError, RejectedError } from "../kernel/errors.ts";
import { type BotId, parseId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import type { Command, Flags } from "./command.ts";
import { onDatabase } from "./open.ts";

export const broadcast: Command = {
  words: "broadcast",
  summary: "sends one message to all customers of a bot; the running serve does it.",
  flags: [
    { name: "bot", value: "ID", required: true, means: "The bot." },
    { name: "text", value: "TEXT", means: "What it says, as Telegram's HTML, with {nome} and {primeiro_nome}." },
    {
      name: "message",
      value: "FILE",
      means: "Instead: the message as JSON, with text, media, buttons (url) and options as in a funnel's step.",
    },
    {
      name: "rate",
      value: "N",
      means: `Messages per second, from 1 to ${limits.bulkPerSecond}. Default: ${limits.bulkPerSecond}.`,
    },
  ],
  async run(flags, print) {
    const botId = parseId<BotId>(flags.need("bot"));
    if (!botId) throw new CommandError("--bot must be the number of a bot.", 2);
    const rate = readRate(flags.text("rate"));
    const content = readContent(flags);
    const made = await onDatabase((sql) =>
      makeBroadcast(sql, { tenantId: null, botId, content, rate }, systemClock.now()).catch((error) => {
        throw error instanceof RejectedError ? new CommandError(error.message, 2) : error;
      }),
    );
    if (!made) throw new CommandError(`There is no bot ${botId}.`);
    const { broadcastId, recipients } = made;
    print(
      made,
      `Broadcast ${broadcastId} goes to ${recipients} customers of bot ${botId}; the running serve sends it.`,
    );
  },
};

function readRate(text: string | undefined): number {
  const rate = text === undefined ? limits.bulkPerSecond : Number(text);
  if (!Number.isInteger(rate) || rate < 1 || rate > limits.bulkPerSecond)
    throw new CommandError(`--rate takes a number from 1 to ${limits.bulkPerSecond}.`, 2);
  return rate;
}

function readContent(flags: Flags): Content {
  const [text, file] = [flags.text("text"), flags.text("message")];
  if ((text === undefined) === (file === undefined))
    throw new CommandError("Give the message as --text TEXT or as --message FILE, one of them.", 2);
  const check = checkContent(file === undefined ? { text } : parseFile(file));
  if (check.ok) return check.content;
  throw new CommandError(`A mensagem tem problemas:\n${check.problems.map((problem) => `- ${problem}`).join("\n")}`, 2);
}

function parseFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw new CommandError(`${file} cannot be read as a JSON file.`, 2);
  }
}
