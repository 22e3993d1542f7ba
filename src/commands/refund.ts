// grimbots refund

import type { Database } from "#db/connect.ts";
import { systemClock } from "../kernel/clock.ts";
import { openKeyring } from "../kernel/config.ts";
import { CommandError } from "../kernel/errors.ts";
import type { ChargeId, OrderId, TenantId } from "../kernel/ids.ts";
import { openLog } from "../kernel/log.ts";
import { openPayments } from "../payments/payments.ts";
import { wishRefund } from "../payments/refund.ts";
import { needOrder, orderFlag } from "./arguments.ts";
import type { Command } from "./command.ts";
import { onDatabase, type WithDatabase } from "./open.ts";

export const refund: Command = {
  words: "refund",
  summary: "asks for an order's payment to be given back; the running serve does it.",
  alone: "order",
  flags: [orderFlag],
  async run(flags, print) {
    const orderId = needOrder(flags);
    const chargeId = await onDatabase((sql, config) => wish(sql, config, orderId));
    print({ orderId, chargeId }, `Charge ${chargeId} of order ${orderId} will be given back by the running serve.`);
  },
};

async function wish(sql: Database, config: WithDatabase, orderId: OrderId): Promise<ChargeId> {
  const [order] = await sql<{ tenant_id: TenantId }[]>`SELECT tenant_id FROM orders WHERE id = ${orderId}`;
  if (!order) throw new CommandError(`There is no order ${orderId}.`);
  const { context } = openPayments({
    ...{ sql, doorSql: sql, clock: systemClock, keyring: openKeyring(config.secretKey) },
    ...{ log: openLog(config.logLevel, 2), signal: new AbortController().signal },
    ...{ publicUrl: () => config.publicUrl, splitRecipients: {}, botUrl: async () => undefined },
    // Nothing is asked of a gateway here, so nothing comes of it here.
    ...{ onFacts: () => undefined, onNotices: () => undefined },
  });
  return wishRefund(context, order.tenant_id, orderId);
}
