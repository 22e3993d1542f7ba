// Counts requests by route: how many, how they ended, and how long they took.

import { metrics } from "../kernel/metrics.ts";

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Counts one that is answered. `route`: its pattern, "none" for an address that leads nowhere. `beganMs`: performance.now() at its door. */
export function countRequest(method: string, route: string, status: number, beganMs?: number): void {
  metrics.httpRequests.inc({ method: METHODS.has(method) ? method : "other", route, status: String(status) });
  if (beganMs !== undefined) metrics.httpSeconds.observe({ route }, (performance.now() - beganMs) / 1_000);
}
