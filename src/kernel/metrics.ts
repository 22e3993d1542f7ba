// LIST of metrics, by Prometheus' conventions: base units, bounded labels (never the id of a bot, a chat or a tenant).

import { httpMetrics } from "./metrics/http.ts";
import { lineMetrics } from "./metrics/line.ts";
import { paymentMetrics } from "./metrics/payments.ts";
import { processMetrics } from "./metrics/process.ts";
import { storeMetrics } from "./metrics/stores.ts";
import { telegramMetrics } from "./metrics/telegram.ts";

export const metrics = {
  ...httpMetrics,
  ...lineMetrics,
  ...telegramMetrics,
  ...paymentMetrics,
  ...storeMetrics,
  ...processMetrics,
};
