// The two registries: what each process counts for itself, and what is the same whoever is asked (rows, queues, the stores themselves).

import { Registry } from "prom-client";

/** A process' own; of several processes each tells its part (src/ops/scrape.ts). */
export const ofProcess = new Registry();
/** Read from PostgreSQL and Redis by the one process that is asked. */
export const ofAll = new Registry();
