// grimbots trace

import { CommandError } from "../kernel/errors.ts";
import { readTrace } from "../payments/trace.ts";
import { traceText } from "../payments/trace-text.ts";
import { needOrder, orderFlag } from "./arguments.ts";
import type { Command } from "./command.ts";
import { onDatabase } from "./open.ts";

export const trace: Command = {
  words: "trace",
  summary: "tells everything that is known of an order, one line per event, in order of time.",
  alone: "order",
  flags: [orderFlag],
  async run(flags, print) {
    const orderId = needOrder(flags);
    const found = await onDatabase((sql) => readTrace(sql, orderId, null));
    if (!found) throw new CommandError(`There is no order ${orderId}.`);
    print(found, traceText(found));
  },
};
