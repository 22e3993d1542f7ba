// gateway (medium): whatever asks a payment gateway.

import { RowKeys } from "./keys.ts";
import { defineQueue } from "./queue.ts";

export const gateway = defineQueue({
  name: "gateway",
  means: "Medium. Effects that call a payment gateway; a gateway that is slow holds up nothing else.",
  concurrency: 16,
  jobs: { "effects.perform": RowKeys, "effects.retry": RowKeys },
});
