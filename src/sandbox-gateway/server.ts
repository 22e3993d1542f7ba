// The sandbox gateway: a payment gateway that moves no money, with a control under /_/ for tests, the demo and benchmarks.

import { findCharge, makeCharge, refundCharge, showCharge, showMe, showStatement } from "./api.ts";
import { type ApiContext, answerApi, type SeenRequest } from "./api-answer.ts";
import { createControl, type SandboxControl } from "./control.ts";
import { createControlRoutes } from "./control-routes.ts";
import type { MerchantInput } from "./control-shapes.ts";
import type { DeliverySettings } from "./notices.ts";
import { createWorld, resetWorld, type World } from "./state.ts";

export type SandboxGatewayOptions = {
  /** 0 = any free one. Defaults to 0. */
  port?: number;
  /** Defaults to 127.0.0.1. */
  host?: string;
  /** Every chance follows from it. Defaults to 1. */
  seed?: number;
  /** Its clock. Default: the machine's. */
  now?: () => Date;
  /** A merchant that is there from the start and after every reset. */
  merchant?: MerchantInput;
  /** Charges kept; the oldest finished one makes room first. Defaults to 200,000, about 500 MB once full, with their statement. */
  chargesKept?: number;
  /** Lines of the statement kept, of all merchants together. Defaults to four for each charge. */
  movementsKept?: number;
  /** Notices remembered, and notices that may be under way. Defaults to 100,000. */
  noticesKept?: number;
  /** Defaults to a first pause of 1 s, 8 tries, 10 s for an answer, 64 at once. */
  delivery?: Partial<DeliverySettings>;
  /** Is told of every request to the API, in the order of arrival. */
  seen?: (request: SeenRequest) => void;
};

export type SandboxGateway = {
  /** Without a slash at the end: the base URL of the API. */
  url: string;
  port: number;
  control: SandboxControl;
  /** What the control works on, for tests in the same process. */
  world: World;
  [Symbol.asyncDispose](): Promise<void>;
};

const CHARGES_KEPT = 200_000;
const DELIVERY: DeliverySettings = { retry_ms: 1_000, tries: 8, timeout_ms: 10_000, in_flight: 64 };
const BODY_MAX_BYTES = 64 * 1024;

/** Rejects when the port is taken. */
export async function startSandboxGateway(options: SandboxGatewayOptions = {}): Promise<SandboxGateway> {
  const charges = options.chargesKept ?? CHARGES_KEPT;
  const world = createWorld({
    seed: options.seed ?? 1,
    nowMs: () => (options.now?.() ?? new Date()).getTime(),
    bounds: {
      charges,
      movements: options.movementsKept ?? charges * 4,
      notices: options.noticesKept ?? 100_000,
    },
    delivery: { ...DELIVERY, ...options.delivery },
    firstMerchant: options.merchant,
  });
  const control = createControl(world);
  const host = options.host ?? "127.0.0.1";
  const server = Bun.serve({
    port: options.port ?? 0,
    hostname: host,
    // Hanging answers are silent for longer than Bun would bear.
    idleTimeout: 0,
    maxRequestBodySize: BODY_MAX_BYTES,
    development: false,
    // Without this, `development: false` lets a second server share a taken port, and each gets half of the calls.
    reusePort: false,
    routes: { ...apiRoutes({ world, seen: options.seen }), "/_/*": createControlRoutes(control) },
    fetch: () => Response.json({ error: { code: "not_found", message: "No such address." } }, { status: 404 }),
  });
  const port = server.port ?? 0;
  return {
    url: `http://${host}:${port}`,
    port,
    control,
    world,
    async [Symbol.asyncDispose]() {
      resetWorld(world);
      await server.stop(true);
    },
  };
}

function apiRoutes(context: ApiContext) {
  type Call = Parameters<typeof answerApi>[1];
  const on = (route: Call["route"], call: Call["call"]) => (request: Bun.BunRequest) => {
    const { id = "" } = request.params as { id?: string };
    return answerApi(context, { request, id, route, call });
  };
  return {
    "/v1/charges": { POST: on("charge", makeCharge), GET: on("status", findCharge) },
    "/v1/charges/:id": { GET: on("status", showCharge) },
    "/v1/charges/:id/refund": { POST: on("refund", refundCharge) },
    "/v1/statement": { GET: on("statement", showStatement) },
    "/v1/me": { GET: on("me", showMe) },
  };
}
