// A control over HTTP, under /_/: JSON in, JSON out; a refused input is answered with { error }.

import type { Static, TSchema } from "@sinclair/typebox";
import { RejectedError } from "./errors.ts";
import { checkInput, parseInput } from "./read-input.ts";

/** Resolves with what is sent as JSON, {} for nothing; throws RejectedError for an input that it refuses. */
export type ControlRoute = (request: Request, query: URLSearchParams) => Promise<unknown>;

/** `routes`: by method and path below /_/, e.g. "POST say". `clearFault`: without an id all of them. */
export type Controlled = {
  routes: Readonly<Record<string, ControlRoute>>;
  clearFault: (id?: string) => Promise<unknown>;
};

/** A route that takes a body of this shape. */
export function posts<S extends TSchema, R>(shape: S, run: (input: Static<S>) => Promise<R>): ControlRoute {
  return async (request) => run(checkInput(shape, parseInput(await request.text())));
}

/** Answers a request whose path begins with /_/; DELETE of `fault` or of `fault/<id>` is answered for every control. */
export function openControlRoutes({ routes, clearFault }: Controlled): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = new URL(request.url);
    const path = url.pathname.slice("/_/".length);
    try {
      if (request.method === "DELETE" && /^fault(\/|$)/.test(path)) {
        await clearFault(path.slice("fault/".length) || undefined);
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
