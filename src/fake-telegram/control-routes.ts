// The control over HTTP, under /_/: JSON in, JSON out; a refused input is answered with { error }.

import type { Static, TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { RejectedError } from "../kernel/errors.ts";
import type { FakeTelegramControl } from "./control.ts";
import * as shapes from "./control-shapes.ts";

type Route = (request: Request, query: URLSearchParams) => Promise<unknown>;

/** Answers a request whose path begins with /_/. */
export function createControlRoutes(control: FakeTelegramControl): (request: Request) => Promise<Response> {
  const posts = <S extends TSchema, R>(shape: S, run: (input: Static<S>) => Promise<R>): Route => {
    return async (request) => run(await readInput(request, shape));
  };
  const routes: Readonly<Record<string, Route>> = {
    "POST say": posts(shapes.SayInput, control.say),
    "POST tap": posts(shapes.TapInput, control.tap),
    "POST pay-invoice": posts(shapes.PayInvoiceInput, control.payInvoice),
    "POST update": posts(shapes.UpdateInput, control.update),
    "POST member": posts(shapes.MemberInput, control.member),
    "POST fault": posts(shapes.FaultInput, control.fault),
    "POST bot": posts(shapes.BotInput, control.bot),
    "POST file-url": posts(shapes.FileUrlInput, control.fileUrl),
    "POST sends": posts(shapes.SendsInput, control.sends),
    "POST reset": () => control.reset(),
    "GET calls": (_request, query) => control.calls({ ...filterOf(query), ...numbersOf(query, "limit") }),
    "GET wait": (_request, query) => control.wait({ ...filterOf(query), ...numbersOf(query, "count", "timeout_ms") }),
    "GET delivered": (_request, query) => control.delivered({ token: query.get("token") ?? "" }),
    "GET messages": (_request, query) =>
      control.messages({ token: query.get("token") ?? "", chat_id: Number(query.get("chat_id")) }),
    "GET idle": (_request, query) => control.idle(numbersOf(query, "timeout_ms")),
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

async function readInput<S extends TSchema>(request: Request, shape: S): Promise<Static<S>> {
  const text = await request.text();
  let value: unknown;
  try {
    value = text === "" ? {} : JSON.parse(text);
  } catch {
    throw new RejectedError(400, "The body is not JSON.");
  }
  if (Value.Check(shape, value)) return value;
  const problem = Value.Errors(shape, value).First();
  throw new RejectedError(400, `${problem?.path || "The body"}: ${problem?.message ?? "is not as expected"}.`);
}

function filterOf(query: URLSearchParams): { token?: string; method?: string; chat_id?: string; since?: number } {
  const [token, method, chatId] = [query.get("token"), query.get("method"), query.get("chat_id")];
  return {
    ...(token ? { token } : {}),
    ...(method ? { method } : {}),
    ...(chatId ? { chat_id: chatId } : {}),
    ...numbersOf(query, "since"),
  };
}

function numbersOf<Name extends string>(query: URLSearchParams, ...names: Name[]): { [N in Name]?: number } {
  const numbers: { [N in Name]?: number } = {};
  for (const name of names) {
    const text = query.get(name);
    if (text === null || text === "") continue;
    const number = Number(text);
    if (!Number.isFinite(number) || number < 0) throw new RejectedError(400, `${name} is a number, not "${text}".`);
    numbers[name] = number;
  }
  return numbers;
}
