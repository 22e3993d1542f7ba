// The door for payment gateways: keep what they say, byte for byte, and answer exactly 200 once it is committed. Nothing is believed here.

import { Elysia } from "elysia";
import type { App } from "../app.ts";
import { limits } from "../kernel/limits.ts";
import type { NoticeAddress } from "../payments/notices.ts";
import { kept, problemOf } from "./answer.ts";
import { readBytes } from "./body.ts";

type Door = Pick<App, "payments">;

export function paymentDoor(app: Door) {
  const keep = (request: Request, gateway: string, accountKey?: string, chargeSecret?: string) =>
    keepNotice(app, request, { gateway, accountKey, chargeSecret });
  return (
    new Elysia()
      .post("/webhook/payment/:gateway", ({ request, params }) => keep(request, params.gateway), { parse: "none" })
      .post(
        "/webhook/payment/:gateway/:account",
        ({ request, params }) => keep(request, params.gateway, params.account),
        { parse: "none" },
      )
      .post(
        "/webhook/payment/:gateway/:account/:charge",
        ({ request, params }) => keep(request, params.gateway, params.account, params.charge),
        { parse: "none" },
      )
      // Some gateways of the BACEN standard append this to whatever address they are given.
      .post(
        "/webhook/payment/:gateway/:account/pix",
        ({ request, params }) => keep(request, params.gateway, params.account),
        { parse: "none" },
      )
  );
}

async function keepNotice({ payments }: Door, request: Request, address: NoticeAddress): Promise<Response> {
  try {
    const body = await readBytes(request, limits.noticeBodyBytes);
    const headers = Object.fromEntries([...request.headers].map(([name, value]) => [name.toLowerCase(), value]));
    const query = Object.fromEntries(new URL(request.url).searchParams);
    await payments.keepNotice(address, { body, headers, query });
    return kept();
  } catch (error) {
    return problemOf(error);
  }
}
