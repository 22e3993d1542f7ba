// What the sandbox's tests share: a merchant's API, and a receiver of notices that answers as told and checks signatures.

import { createHmac } from "node:crypto";
import type { ChargeView } from "#src/sandbox-gateway/charge.ts";
import { type SandboxGatewayOptions, startSandboxGateway } from "#src/sandbox-gateway/server.ts";

export const merchant = { token: "sandbox_merchant_a", noticeSecret: "notices_of_a" };

export type Notice = { id: string; type: string; charge: ChargeView };

/** `answer`: the status of each delivery; `nth` counts them from 1. */
export function startReceiver(answer: (nth: number, notice: Notice) => number | Promise<number> = () => 200) {
  const received: Notice[] = [];
  const signed: boolean[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const body = await request.text();
      const timestamp = request.headers.get("x-sandbox-timestamp");
      const right = createHmac("sha256", merchant.noticeSecret).update(`${timestamp}.${body}`).digest("hex");
      signed.push(request.headers.get("x-sandbox-signature") === right);
      const notice = JSON.parse(body) as Notice;
      return new Response(null, { status: await answer(received.push(notice), notice) });
    },
  });
  const url = `http://127.0.0.1:${server.port}/notices`;
  return { url, received, signed, [Symbol.asyncDispose]: () => server.stop(true) };
}

type Answer = { status: number; body: Record<string, unknown> & ChargeView };

/** The sandbox with its first merchant, and that merchant's calls. */
export async function startSandbox(options: SandboxGatewayOptions = {}) {
  const gateway = await startSandboxGateway({ merchant, delivery: { retry_ms: 1 }, ...options });
  let made = 0;
  const call = async (method: string, path: string, json?: unknown, token = merchant.token): Promise<Answer> => {
    const init = json === undefined ? {} : { body: JSON.stringify(json) };
    const response = await fetch(gateway.url + path, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...init,
    });
    return { status: response.status, body: (await response.json()) as Answer["body"] };
  };
  const charge = async (changes: Record<string, unknown> = {}): Promise<ChargeView> => {
    made += 1;
    const basics = { reference: `r${made}`, amount: 1_990, description: "Acesso", expires_in: 1_800 };
    return (await call("POST", "/v1/charges", { ...basics, ...changes })).body;
  };
  return { ...gateway, call, charge };
}
