// grimbots trace

import { CommandError } from "../kernel/errors.ts";
import { type OrderId, parseId } from "../kernel/ids.ts";
import { readTrace } from "../payments/trace.ts";
import { traceText } from "../payments/trace-text.ts";
import type { Command } from "./command.ts";
import { onDatabase } from "./open.ts";

export const trace: Command = {
  words: "trace",
  summary: "tells everything that is known of an order, one line per event, in order of time.",
  alone: "order",
  flags: [
    { name: "order", value: "ID", required: true, means: "Number of the order; --order may be left out before it." },
  ],
  async run(flags, print) {
    const orderId = parseId<OrderId>(flags.need("order"));
    if (!orderId) throw new CommandError("--order must be the number of an order.", 2);
    const found = await onDatabase((sql) => readTrace(sql, orderId, null));
    if (!found) throw new CommandError(`There is no order ${orderId}.`);
    print(found, traceText(found));
  },
};
