// grimbots tenant set

import { CommandError } from "../kernel/errors.ts";
import { readPercent, setCommission } from "../tenants/set-commission.ts";
import { needTenant } from "./arguments.ts";
import type { Command } from "./command.ts";
import { onDatabase } from "./open.ts";

export const tenantSet: Command = {
  words: "tenant set",
  summary: "sets the platform's part of a seller's sales.",
  flags: [
    { name: "tenant", value: "ID", required: true, means: "The seller." },
    {
      name: "commission",
      value: "PERCENT",
      required: true,
      means: "Percent from 0 to 50, with up to two decimals (2.5); for charges made from now on.",
    },
  ],
  async run(flags, print) {
    const tenantId = needTenant(flags);
    const basisPoints = readPercent(flags.need("commission"));
    if (basisPoints === undefined)
      throw new CommandError("--commission must be percent from 0 to 50 with up to two decimals.", 2);
    await onDatabase((sql) => setCommission(sql, tenantId, basisPoints));
    const set = { tenantId, commissionBasisPoints: basisPoints };
    print(set, `Tenant ${tenantId}: commission ${flags.need("commission")} %.`);
  },
};
