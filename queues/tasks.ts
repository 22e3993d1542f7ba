// tasks (urgent): what people say outside /start and buttons, and what follows from their updates.

import { RowKeys } from "./keys.ts";
import { defineQueue } from "./queue.ts";

export const tasks = defineQueue({
  name: "tasks",
  means: "Urgent. Updates that are not answered at the door; messages to be tried again.",
  concurrency: 128,
  jobs: { "rows.process": RowKeys, "effects.retry": RowKeys },
});
