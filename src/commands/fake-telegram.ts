// grimbots fake-telegram

import { startFakeTelegram } from "../fake-telegram/server.ts";
import { askedToEnd } from "../kernel/life.ts";
import { portOf } from "./arguments.ts";
import type { Command } from "./command.ts";

export const fakeTelegram: Command = {
  words: "fake-telegram",
  summary: "runs the fake Bot API server, for tests and benchmarks.",
  flags: [{ name: "port", value: "PORT", means: "Port to listen on; default 8081, 0 = any free one." }],
  async run(flags, print) {
    const port = portOf(flags, 8081);
    const ending = askedToEnd();
    await using fake = await startFakeTelegram({ port });
    print(
      { url: fake.url },
      `Fake Telegram at ${fake.url} (set TELEGRAM_API_ROOT to it); control it at ${fake.url}/_/. Ctrl-C ends it.`,
    );
    await ending;
  },
};
