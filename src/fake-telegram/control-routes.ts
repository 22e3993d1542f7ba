// What the fake's control takes under /_/, by method and path.

import { type ControlRoute, openControlRoutes, posts } from "../kernel/control-routes.ts";
import { RejectedError } from "../kernel/errors.ts";
import type { FakeTelegramControl } from "./control.ts";
import * as shapes from "./control-shapes.ts";

/** Answers a request whose path begins with /_/. */
export function createControlRoutes(control: FakeTelegramControl): (request: Request) => Promise<Response> {
  const routes: Readonly<Record<string, ControlRoute>> = {
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
  return openControlRoutes({ routes, clearFault: control.clearFault });
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
