// webhook (high): what payment gateways tell us.

import { Ids } from "./keys.ts";
import { defineQueue } from "./queue.ts";

export const webhook = defineQueue({
  name: "webhook",
  means: "High. Kept notices of payment gateways: somebody has paid and waits.",
  concurrency: 16,
  jobs: { "notices.settle": Ids },
});
