// Metrics of what comes in over HTTP: rate, errors and duration of each route. A route is its pattern, never a path as it came.

import { openCounter, openHistogram } from "./hot.ts";
import { ofProcess } from "./registries.ts";

const registers = [ofProcess];

export const httpMetrics = {
  httpRequests: openCounter({
    name: "grimbots_http_requests_total",
    help: "Requests answered, by method, route (its pattern) and status.",
    labelNames: ["method", "route", "status"],
    registers,
  }),
  httpSeconds: openHistogram({
    name: "grimbots_http_request_seconds",
    help: "From a request's arrival at its door to its answer, by route (its pattern).",
    labelNames: ["route"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  }),
};
