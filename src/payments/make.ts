// One try at one gateway: our row first, then the call, then what came of it.

import { randomBytes } from "node:crypto";
import { reasonOf } from "../kernel/errors.ts";
import { limits } from "../kernel/limits.ts";
import { redactTokens } from "../kernel/log.ts";
import { metrics } from "../kernel/metrics.ts";
import { cents } from "../kernel/money.ts";
import { hashToken, newToken } from "../kernel/secret.ts";
import type { Account } from "./accounts.ts";
import type { Checkout, Step } from "./checkout.ts";
import { type Context, openApi } from "./context.ts";
import { type Charged, type ChargeInput, GatewayError, type Payer } from "./gateways/gateway.ts";
import { keepMade, keepNotMade } from "./made.ts";

export type Making = Extract<Step, { do: "make" }>;

/** Makes a charge of the order at the step's account, and keeps how that ended. */
export async function make(
  context: Context,
  checkout: Checkout,
  step: Making,
  payer: Payer,
  leftMs: number,
): Promise<void> {
  const { order } = checkout;
  const { account } = step;
  const now = context.clock.now();
  const secret = newToken();
  const input = inputOf(context, checkout, step, payer, secret);
  const expiresAt = new Date(now.getTime() + input.expiresInSeconds * 1_000);
  const newCharge = {
    order_id: order.id,
    account_id: account.id,
    bot_id: order.botId,
    chat_id: order.chatId,
    gateway: account.gateway.kind,
    reference: input.reference,
    key: randomBytes(16).toString("base64url"),
    notice_hash: `\\x${hashToken(secret).toString("hex")}`,
    currency: step.currency,
    amount: step.amount,
    split_amount: input.split?.amount ?? 0,
    expires_at: expiresAt,
    check_at: new Date(now.getTime() + limits.paymentAgainMs),
  };
  const version = {
    id: order.id,
    version: order.version,
    set: { due_at: new Date(now.getTime() + limits.paymentAgainMs) },
  };
  const { saved, chargeId } = await context.saver.save({ botId: order.botId, at: now, order: version, newCharge });
  if (!saved || chargeId === null) return;
  const withinMs = step.isLast ? leftMs : Math.min(leftMs, limits.chargeFirstMs);
  const ended = await callGateway(context, account, checkout, input, withinMs);
  if ("error" in ended) await keepNotMade(context, chargeId, account, ended.error);
  else await keepMade(context, chargeId, account, ended.charged, expiresAt);
}

function inputOf(
  { publicUrl, splitRecipients }: Context,
  checkout: Checkout,
  step: Making,
  payer: Payer,
  secret: string,
): ChargeInput {
  const { gateway, key } = step.account;
  const { items } = checkout.order;
  const wanted = Math.min(...items.map((item) => item.validSeconds));
  const bounds = gateway.expirySeconds ?? { min: wanted, max: wanted };
  const base = publicUrl()?.replace(/\/+$/, "");
  const recipient = splitRecipients[gateway.kind];
  const part = cents(Math.floor((step.amount * checkout.commissionBasisPoints) / 10_000));
  return {
    // 128 random bits in 32 of [0-9a-f].
    reference: randomBytes(16).toString("hex"),
    amount: step.amount,
    description: items
      .map((item) => item.product)
      .join(" + ")
      .slice(0, 120),
    expiresInSeconds: Math.min(Math.max(wanted, bounds.min), bounds.max),
    ...(base !== undefined && {
      noticeUrl: `${base}/webhook/payment/${gateway.kind}/${key}${gateway.noticesPerCharge ? `/${secret}` : ""}`,
    }),
    payer,
    ...(gateway.splits && recipient !== undefined && part > 0 && { split: { recipient, amount: part } }),
  };
}

type Ended = { charged: Charged } | { error: GatewayError };

async function callGateway(
  context: Context,
  account: Account,
  { order }: Checkout,
  input: ChargeInput,
  withinMs: number,
): Promise<Ended> {
  const { breaker, makeGate: gate, log } = context;
  const beganMs = performance.now();
  const ended = await gate.pass(account.id, async (): Promise<Ended> => {
    breaker.begun(account.id);
    try {
      const api = await openApi(context, account, order.botId, withinMs - (performance.now() - beganMs));
      return { charged: await account.gateway.charge(input, api) };
    } catch (error) {
      // What an adapter did not foresee may have happened after the charge was made.
      return {
        error:
          error instanceof GatewayError
            ? error
            : new GatewayError("unknown", redactTokens(reasonOf(error)).slice(0, 200)),
      };
    }
  });
  const isGatewaysFault = "error" in ended && (ended.error.meaning === "away" || ended.error.meaning === "unknown");
  if (isGatewaysFault) breaker.failed(account.id);
  else breaker.succeeded(account.id);
  const outcome = "error" in ended ? ended.error.meaning : "made";
  metrics.chargesMade.observe({ gateway: account.gateway.kind, outcome }, (performance.now() - beganMs) / 1_000);
  const reason = "error" in ended ? ended.error.message : undefined;
  log[outcome === "made" ? "info" : "warn"](
    { fact: "charge.called", orderId: order.id, accountId: account.id, gateway: account.gateway.kind, outcome, reason },
    "a gateway was asked for a charge",
  );
  return ended;
}
