// How the program is: /health (alive), /ready (can do its work), /metrics (Prometheus).

import { Elysia } from "elysia";
import type { App } from "../app.ts";
import { RejectedError } from "../kernel/errors.ts";
import { registry } from "../kernel/metrics.ts";
import { hashToken, matchesHash } from "../kernel/secret.ts";
import { type Gauges, openGauges } from "../ops/gauges.ts";
import { checkReady } from "../ops/ready.ts";
import { json, problem } from "./answer.ts";

type Peer = { request: Request; address: string | undefined };

export function healthDoor(app: App) {
  const gauges: Gauges = openGauges(app);
  return new Elysia()
    .get("/health", () => json({ status: "ok" }))
    .get("/ready", async ({ request, server }) => {
      const { ready, parts } = await checkReady(app);
      const open = isTrusted(app, { request, address: server?.requestIP(request)?.address });
      return json(open ? { ready, parts } : { ready }, ready ? 200 : 503);
    })
    .get("/metrics", async ({ request, server }) => {
      if (!isTrusted(app, { request, address: server?.requestIP(request)?.address }))
        return problem(new RejectedError(401, "Metrics are for this machine, or for who holds METRICS_TOKEN."));
      await gauges.read();
      return new Response(await registry.metrics(), { headers: { "content-type": registry.contentType } });
    });
}

/** This machine itself (not somebody behind a proxy on it), or who holds METRICS_TOKEN. */
function isTrusted({ config }: App, { request, address }: Peer): boolean {
  const forwarded = request.headers.has("x-forwarded-for") || request.headers.has("forwarded");
  const loopback = address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address);
  if (loopback && !forwarded) return true;
  const token = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
  return config.metricsToken !== undefined && token !== undefined && matchesHash(token, hashToken(config.metricsToken));
}
