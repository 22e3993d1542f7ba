// What the sandbox's control takes under /_/, by method and path.

import { type ControlRoute, openControlRoutes, posts } from "../kernel/control-routes.ts";
import type { SandboxControl } from "./control.ts";
import * as shapes from "./control-shapes.ts";

/** Answers a request whose path begins with /_/. */
export function createControlRoutes(control: SandboxControl): (request: Request) => Promise<Response> {
  const routes: Readonly<Record<string, ControlRoute>> = {
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
  return openControlRoutes({ routes, clearFault: control.clearFault });
}
