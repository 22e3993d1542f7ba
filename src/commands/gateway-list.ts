// grimbots gateway list

import { type ListedAccount, listAccounts } from "../payments/account-status.ts";
import type { AccountStatus } from "../payments/accounts.ts";
import { needTenant } from "./arguments.ts";
import type { Command } from "./command.ts";
import { onDatabase } from "./open.ts";

const WORDS: Record<AccountStatus, string> = { active: "active", paused: "closed", refused: "credentials refused" };

export const gatewayList: Command = {
  words: "gateway list",
  summary: "lists the gateway accounts, each seller's in the order in which they are tried.",
  flags: [{ name: "tenant", value: "ID", means: "Only this seller's." }],
  async run(flags, print) {
    const tenantId = flags.has("tenant") ? needTenant(flags) : undefined;
    const accounts = await onDatabase((sql) => listAccounts(sql, tenantId));
    print({ accounts }, accounts.map(lineOf).join("\n") || "There is none; `grimbots gateway add` adds one.");
  },
};

const lineOf = ({ accountId, tenantId, gateway, priority, status, statusAt }: ListedAccount): string =>
  `${accountId}  ${gateway} of tenant ${tenantId}, priority ${priority}: ${WORDS[status]} since ${statusAt.toISOString().slice(0, 10)}`;
