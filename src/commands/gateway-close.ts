// grimbots gateway close

import { systemClock } from "../kernel/clock.ts";
import { setAccountStatus } from "../payments/account-status.ts";
import { accountFlag, needAccount } from "./arguments.ts";
import type { Command } from "./command.ts";
import { onDatabase } from "./open.ts";

export const gatewayClose: Command = {
  words: "gateway close",
  summary: "closes a gateway account: no new charges are made at it; those that it has are still asked about.",
  flags: [accountFlag],
  async run(flags, print) {
    const id = needAccount(flags);
    const closed = await onDatabase((sql) => setAccountStatus(sql, id, "paused", systemClock.now()));
    const { gateway, tenantId, openCharges, activeAccounts } = closed;
    const open =
      openCharges === 0
        ? ""
        : ` Charges that it is still asked about: ${openCharges}; its credentials must be good for three more days.`;
    const none = activeAccounts > 0 ? "" : ` Tenant ${tenantId} has no other one: his customers cannot pay now.`;
    print(closed, `Account ${id} at ${gateway} is closed.${open}${none}`);
  },
};
