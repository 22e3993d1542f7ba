// The door for sellers' programs: /api/v1. Who asks is found out here, before any resource is asked, so that none can forget it.

import { Elysia } from "elysia";
import type { App } from "../app.ts";
import { RejectedError, reasonOf } from "../kernel/errors.ts";
import { limits } from "../kernel/limits.ts";
import { json, problemOf } from "./answer.ts";
import { alerts } from "./api/alerts.ts";
import { broadcasts } from "./api/broadcasts.ts";
import { notices } from "./api/notices.ts";
import { orders } from "./api/orders.ts";
import { reconciliations } from "./api/reconciliations.ts";
import type { ApiApp, Resource } from "./api/resource.ts";
import { readText } from "./body.ts";
import { openSession } from "./session.ts";

/** LIST of resources. */
const resources: readonly Resource[] = [...orders, ...broadcasts, ...alerts, ...notices, ...reconciliations];

type Door = ApiApp & Pick<App, "log">;

export function apiDoor(app: Door) {
  const door = new Elysia();
  for (const resource of resources)
    door.route(
      resource.method,
      `/api/v1${resource.path}`,
      ({ request, params }: { request: Request; params?: Record<string, string> }) =>
        answer(app, resource, request, params?.id ?? ""),
      { parse: "none" },
    );
  return door;
}

/** Whatever is sent is the seller's alone: nobody on the way keeps it. */
async function answer(app: Door, resource: Resource, request: Request, id: string): Promise<Response> {
  const answered = await ask(app, resource, request, id);
  answered.headers.set("cache-control", "no-store");
  if (answered.status === 401) answered.headers.set("www-authenticate", "Bearer");
  return answered;
}

async function ask(app: Door, resource: Resource, request: Request, id: string): Promise<Response> {
  try {
    const session = await openSession(app, request);
    const query = Object.fromEntries(new URL(request.url).searchParams);
    const { body, status } = await resource.answer({ app, session, id, query, readBody: () => readJson(request) });
    return json(body, status);
  } catch (error) {
    if (!(error instanceof RejectedError))
      app.log.error({ fact: "api.failed", path: resource.path, reason: reasonOf(error) }, "the API could not answer");
    return problemOf(error);
  }
}

async function readJson(request: Request): Promise<unknown> {
  const text = await readText(request, limits.apiBodyBytes);
  try {
    return JSON.parse(text);
  } catch {
    throw new RejectedError(400, "The body is not JSON.");
  }
}
