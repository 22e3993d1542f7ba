// gateway (medium): whatever asks a payment gateway.

import { Ids, RowKeys } from "./keys.ts";
import { defineQueue } from "./queue.ts";

export const gateway = defineQueue({
  name: "gateway",
  means:
    "Medium. What customers ask of payments, and questions about charges: all that calls a gateway. One that is slow holds up nothing else.",
  concurrency: 64,
  jobs: { "requests.do": RowKeys, "orders.charge": Ids, "charges.ask": Ids, "charges.refund": Ids },
});
