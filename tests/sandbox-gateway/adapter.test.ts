// The sandbox's adapter beyond what all gateways have in common: its statement, and notices as they really arrive.

import { expect, test } from "bun:test";
import { cents } from "#src/kernel/money.ts";
import { openCaller } from "#src/payments/gateways/call.ts";
import type { Api } from "#src/payments/gateways/gateway.ts";
import { sandbox as adapter } from "#src/payments/gateways/sandbox.ts";
import { authenticNotice } from "#src/sandbox-gateway/notice.ts";
import { merchant, startSandbox } from "./support.ts";

const apiTo = (baseUrl: string): Api<never> => {
  const account = { name: "a", credentials: { ...merchant, baseUrl } };
  return openCaller().open(adapter, account, { withinMs: 10_000, now: new Date() });
};

test("the statement has every page, without fees and splits, given-back money negative", async () => {
  await using sandbox = await startSandbox();
  const { id } = await sandbox.charge({ amount: 10, split: { recipient: "platform", amount: 1 } });
  for (let round = 0; round < 7; round++) await sandbox.control.pay({ id, times: 100 });
  await sandbox.control.refund({ id, amount: 25 });
  const period = { from: new Date(0), to: new Date(Date.now() + 60_000) };
  const lines = (await adapter.statement?.(period, apiTo(sandbox.url) as never)) ?? [];
  expect(lines).toHaveLength(701);
  expect(lines.at(-1)).toEqual({ gatewayId: id, reference: "r1", amount: cents(-25), at: expect.any(Date) });
  expect(lines.reduce((sum, { amount }) => sum + amount, 0)).toBe(7_000 - 25);
});

test("a notice is authentic for five minutes to either side of its time", async () => {
  await using sandbox = await startSandbox();
  const { id } = await sandbox.charge();
  const charge = sandbox.world.charges.byId(id);
  if (!charge) throw new Error("the charge is gone");
  const { body, headers } = authenticNotice(charge);
  const notice = { body: new TextEncoder().encode(body), headers, query: {} };
  const sentMs = Number(headers["x-sandbox-timestamp"]) * 1_000;
  const after = (seconds: number) =>
    adapter.webhook.verify(notice, merchant as never, new Date(sentMs + seconds * 1_000));
  expect([-301, -300, 0, 300, 301].map(after)).toEqual(["forged", "authentic", "authentic", "authentic", "forged"]);
});
