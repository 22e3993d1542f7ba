// How the program is: /health (alive), /ready (can do its work), /metrics (Prometheus).

import { Elysia } from "elysia";
import type { App } from "../app.ts";
import { type Asked, clientAddress, isFromThisMachine } from "../kernel/client-address.ts";
import { RejectedError } from "../kernel/errors.ts";
import { hashToken, matchesHash } from "../kernel/secret.ts";
import { openReadiness } from "../ops/ready.ts";
import { openScrape } from "../ops/scrape.ts";
import { json, problem } from "./answer.ts";

type Connection = { request: Request; server: { requestIP(of: Request): { address: string } | null } | null };

export function healthDoor(app: App) {
  const scrape = openScrape(app);
  const readiness = openReadiness(app);
  return new Elysia()
    .get("/health", () => json({ status: "ok" }))
    .get("/ready", async ({ request, server }) => {
      const { ready, parts } = await readiness();
      return json(isTrusted(app, askedBy({ request, server })) ? { ready, parts } : { ready }, ready ? 200 : 503);
    })
    .get("/metrics", async ({ request, server }) => {
      const asked = askedBy({ request, server });
      if (!isTrusted(app, asked)) {
        const address = clientAddress(asked, app.config.trustedProxies);
        app.log.warn({ fact: "metrics.refused", address }, "somebody asked for /metrics without the token");
        return problem(new RejectedError(401, "Metrics are for this machine, or for who holds METRICS_TOKEN."));
      }
      return new Response(await scrape.text(), { headers: { "content-type": scrape.contentType } });
    });
}

function askedBy({ request, server }: Connection): Asked {
  return { headers: request.headers, peer: server?.requestIP(request)?.address };
}

/** This machine itself (not somebody behind a proxy on it), or who holds METRICS_TOKEN. */
function isTrusted({ config }: App, asked: Asked): boolean {
  if (isFromThisMachine(asked)) return true;
  const token = /^Bearer (.+)$/.exec(asked.headers.get("authorization") ?? "")?.[1];
  return config.metricsToken !== undefined && token !== undefined && matchesHash(token, hashToken(config.metricsToken));
}
