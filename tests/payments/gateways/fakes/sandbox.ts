// The sandbox gateway as the conformance suite needs it: the real server, run in the test's own process.

import { cents } from "#src/kernel/money.ts";
import type { Charged, RawNotice } from "#src/payments/gateways/gateway.ts";
import type { FaultInput } from "#src/sandbox-gateway/control-shapes.ts";
import { become, chargeback, endUnpaid, pay, refund } from "#src/sandbox-gateway/lifecycle.ts";
import { authenticNotice, forgedNotice, type SentNotice } from "#src/sandbox-gateway/notice.ts";
import { startSandboxGateway } from "#src/sandbox-gateway/server.ts";
import type { World } from "#src/sandbox-gateway/state.ts";
import type { Fault, GatewayFake, Happening, RunningFake } from "../fake.ts";

const TOKEN = "sandbox_5d0c7e1f9a3b4d6c8e0f2a4b6c8d0e1f";
const NOTICE_SECRET = "avisos-8b2f6d4a0c1e";

/** Echoes what a careless vendor would; so long that a reader who cuts before he redacts leaves a piece of the secret. */
const MESSAGE = `ana@example.com 529.982.247-25 ${"Recusado. ".repeat(15)}Bearer ${TOKEN}`;
const status = (code: number): FaultInput => ({
  kind: "status",
  status: code,
  body: { error: MESSAGE },
  ...(code === 429 && { headers: { "retry-after": "7" } }),
});

const FAULTS: Record<Fault, FaultInput> = {
  html: { kind: "html" },
  error_inside: { kind: "error_inside", body: { code: "refused", message: MESSAGE } },
  other_amount: { kind: "other_amount" },
  other_id: { kind: "other_id" },
  status_400: status(400),
  status_401: status(401),
  status_429: status(429),
  status_500: status(500),
  lost_answer: { kind: "lost_answer" },
  silence: { kind: "hang" },
};

function happen(world: World, gatewayId: string, happening: Happening): boolean {
  const charge = needCharge(world, gatewayId);
  const amount = "cents" in happening && happening.cents !== undefined ? cents(happening.cents) : undefined;
  if (happening.what === "paid") pay(world, charge, amount);
  else if (happening.what === "refunded") refund(world, charge, crypto.randomUUID(), amount);
  else if (happening.what === "chargeback") chargeback(world, charge);
  else if (happening.what === "strange_word") become(world, charge, "em_analise");
  else endUnpaid(world, charge, happening.what);
  return true;
}

function needCharge(world: World, gatewayId: string) {
  const charge = world.charges.byId(gatewayId);
  if (!charge) throw new Error(`the sandbox knows no charge ${gatewayId}`);
  return charge;
}

const raw = ({ body, headers }: SentNotice): RawNotice => {
  return { body: new TextEncoder().encode(body), headers, query: {} };
};

async function start(): Promise<RunningFake> {
  const requests: RunningFake["requests"] = [];
  const gateway = await startSandboxGateway({
    merchant: { token: TOKEN, noticeSecret: NOTICE_SECRET },
    seen: (request) => requests.push(request),
  });
  const { url, world } = gateway;
  const chargeOf = ({ gatewayId }: Charged) => needCharge(world, gatewayId);
  // The suite's notice addresses belong to nobody; it takes its notices from here.
  const quiet = (charged: Charged) => {
    chargeOf(charged).noticeUrl = null;
  };
  return {
    credentials: { token: TOKEN, noticeSecret: NOTICE_SECRET, baseUrl: url },
    wrongCredentials: { token: `${TOKEN}x`, noticeSecret: NOTICE_SECRET, baseUrl: url },
    requests,
    failNext: (on, fault) => void world.faults.add({ ...FAULTS[fault], route: on, times: 1 }),
    happen(charged, happening) {
      quiet(charged);
      return happen(world, charged.gatewayId, happening);
    },
    notice: (charged) => raw(authenticNotice(chargeOf(charged))),
    forged: (charged) =>
      (["unsigned", "signature", "merchant", "replayed", "body"] as const).map((wrong) => {
        return { wrong, notice: raw(forgedNotice(chargeOf(charged), wrong)) };
      }),
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  };
}

export const sandboxFake: GatewayFake = {
  kind: "sandbox",
  payer: { name: "Ana Souza", cpf: "52998224725", email: "ana@example.com" },
  start,
};
