// The door for the other processes of this machine: whichever of them is asked for /metrics asks this one, too.

import type { App } from "../app.ts";
import { openScrape } from "../ops/scrape.ts";

/** Answers them from now on, until the process ends. `workers`: the queues that this one works on; `listens`: whether it answers HTTP. */
export async function joinScrapes(app: App, workers: readonly string[], listens: boolean): Promise<void> {
  await openScrape(app, listens).join(workers);
}
