// grimbots gateway open

import { systemClock } from "../kernel/clock.ts";
import { setAccountStatus } from "../payments/account-status.ts";
import { accountFlag, needAccount } from "./arguments.ts";
import type { Command } from "./command.ts";
import { onDatabase } from "./open.ts";

export const gatewayOpen: Command = {
  words: "gateway open",
  summary: "opens a gateway account again that was closed, or whose credentials its gateway refused for a while.",
  flags: [accountFlag],
  async run(flags, print) {
    const id = needAccount(flags);
    const opened = await onDatabase((sql) => setAccountStatus(sql, id, "active", systemClock.now()));
    print(opened, `Account ${id} at ${opened.gateway} is open; \`grimbots doctor\` tries its credentials.`);
  },
};
