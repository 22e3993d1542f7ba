// The control over HTTP, under /_/: JSON in, JSON out; a refused input is answered with { error }.

import type { Static, TSchema } from "@sinclair/typebox";
import { RejectedError } from "../kernel/errors.ts";
import type { SandboxControl } from "./control.ts";
import * as shapes from "./control-shapes.ts";
import { checkInput, parseInput } from "./read-input.ts";

type Route = (request: Request, query: URLSearchParams) => Promise<unknown>;

/** Answers a request whose path begins with /_/. */
export function createControlRoutes(control: SandboxControl): (request: Request) => Promise<Response> {
  const posts = <S extends TSchema, R>(shape: S, run: (input: Static<S>) => Promise<R>): Route => {
    return async (request) => run(checkInput(shape, parseInput(await request.text())));
  };
  const routes: Readonly<Record<string, Route>> = {
    "POST merchant": posts(shapes.MerchantInput, control.merchant),
    "POST settings": posts(shapes.SettingsInput, control.settings),
    "POST pay": posts(shapes.PayInput, control.pay),
    "POST pay-all": posts(shapes.PayAllInput, control.payAll),
    "POST expire": posts(shapes.ChargeKeyInput, control.expire),
    "POST fail": posts(shapes.ChargeKeyInput, control.fail),
    "POST refund": posts(shapes.RefundInput, control.refund),
    "POST chargeback": posts(shapes.ChargeKeyInput, control.chargeback),
    "POST word": posts(shapes.WordInput, control.word),
    "POST fault": posts(shapes.FaultInput, control.fault),
    "POST forge": posts(shapes.ForgeInput, control.forge),
    "POST charges": posts(shapes.ChargesInput, control.charges),
    "POST notices": posts(shapes.NoticesInput, control.notices),
    "POST reset": () => control.reset(),
    "GET charges": () => control.charges(),
    "GET notices": () => control.notices(),
    "GET idle": (_request, query) => control.idle({ timeout_ms: Number(query.get("timeout_ms") ?? 10_000) || 0 }),
    "GET totals": (_request, query) => control.totals(query.has("token") ? { token: query.get("token") ?? "" } : {}),
    "GET stats": () => control.stats(),
  };

  return async (request) => {
    const url = new URL(request.url);
    const path = url.pathname.slice("/_/".length);
    try {
      if (request.method === "DELETE" && /^fault(\/|$)/.test(path)) {
        await control.clearFault(path.slice("fault/".length) || undefined);
        return Response.json({});
      }
      const route = routes[`${request.method} ${path}`];
      if (!route) throw new RejectedError(404, `No ${request.method} /_/${path} here.`);
      return Response.json((await route(request, url.searchParams)) ?? {});
    } catch (error) {
      if (!(error instanceof RejectedError)) throw error;
      return Response.json({ error: error.message }, { status: error.status });
    }
  };
}
