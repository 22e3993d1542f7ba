// Keeps how the making of a charge ended: it can be paid and is shown, or it failed, or nobody knows.

import { whileAway } from "#db/retry.ts";
import type { ChargeId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import { hashToken } from "../kernel/secret.ts";
import type { Account } from "./accounts.ts";
import { readBrCode } from "./br-code.ts";
import { type Context, givenFor } from "./context.ts";
import { shownFact } from "./decide.ts";
import type { Charged, GatewayError } from "./gateways/gateway.ts";
import { nextCheck, type Payment } from "./payment.ts";
import type { Decided } from "./save.ts";

/** Shown, unless its code is not what was asked for: then nobody may pay it, and if somebody does, it is honoured. */
export async function keepMade(
  context: Context,
  id: ChargeId,
  account: Account,
  charged: Charged,
  ours: Date,
): Promise<void> {
  for (let round = 0; round < limits.paymentRounds; round++) {
    const payment = await whileAway(() => context.reader.find(id), context.log, context.signal);
    if (!payment) return;
    const decided = madeDecision(context, payment, account, charged, ours);
    if ((await context.saver.save(decided)).saved) return;
  }
}

function madeDecision(context: Context, payment: Payment, account: Account, charged: Charged, ours: Date): Decided {
  const { charge, order } = payment;
  const now = context.clock.now();
  const given = givenFor(context, account.gateway, "create");
  const gatewayId = charged.gatewayId === "" ? null : charged.gatewayId;
  const expiresAt = charged.expiresAt !== null && charged.expiresAt < ours ? charged.expiresAt : ours;
  const wrong = faultOf(charged, payment);
  const learned = {
    gateway_id: charge.gatewayId ?? gatewayId,
    br_code: charged.brCode,
    expires_at: expiresAt,
    ...(charged.noticeToken !== undefined && {
      notice_token_hash: `\\x${hashToken(charged.noticeToken).toString("hex")}`,
    }),
  };
  const versions = (set: Record<string, unknown>, isDone: boolean) => ({
    botId: order.botId,
    at: now,
    order: { id: order.id, version: order.version, ...(isDone && { set: { due_at: null } }) },
    charge: { id: charge.id, version: charge.version, set },
  });
  const evidence = (verdict: string, to: string) => [
    {
      charge_id: charge.id,
      source: "create",
      verdict,
      from_state: charge.state,
      to_state: to,
      report: { gatewayId, brCodeFault: wrong },
    },
  ];
  // Somebody was faster: a notice of its payment came before this answer, or another charge of the order can be paid by now.
  if ((charge.state !== "creating" && charge.state !== "unknown") || payment.hasOtherLive)
    return { ...versions(learned, false), evidence: evidence("made_late", charge.state) };
  if (wrong !== null) {
    const check = nextCheck({ ...charge, state: "failed", expiresAt }, now, given.askEverySeconds);
    const sentence = `O gateway ${charge.gateway} devolveu um código PIX que não confere (${wrong}) no pedido nº ${order.id}; o código não foi mostrado.`;
    return {
      ...versions({ ...learned, br_code: null, state: "failed", reason: wrong, check_at: check }, false),
      evidence: evidence(wrong, "failed"),
      alerts: [{ tenantId: order.tenantId, kind: "charge.br_code", about: `charge:${charge.id}`, sentence }],
    };
  }
  const shown = { ...payment, charge: { ...charge, brCode: charged.brCode, expiresAt } };
  return {
    ...versions(
      {
        ...learned,
        state: "pending",
        reason: null,
        check_at: nextCheck({ ...charge, state: "pending", expiresAt }, now, given.askEverySeconds),
      },
      true,
    ),
    evidence: evidence("made", "pending"),
    // An order that was paid meanwhile by an earlier charge must not be paid again.
    facts: order.state === "open" ? [shownFact(shown, given.legalNotice)] : [],
  };
}

/** What is wrong with the answer; null = nothing. */
function faultOf({ brCode }: Charged, { charge }: Payment): string | null {
  if (charge.currency === "XTR") return null;
  if (brCode === null) return "no_br_code";
  const read = readBrCode(brCode);
  if (!read.ok) return `br_code_${read.why}`;
  return read.amount !== null && read.amount !== charge.amount ? "br_code_amount" : null;
}

/** `unknown`: it may exist, so it is asked about; anything else: it does not, and the next account is tried. */
export async function keepNotMade(
  context: Context,
  id: ChargeId,
  account: Account,
  error: GatewayError,
): Promise<void> {
  for (let round = 0; round < limits.paymentRounds; round++) {
    const payment = await whileAway(() => context.reader.find(id), context.log, context.signal);
    if (!payment) return;
    const { charge, order } = payment;
    // A notice that came before our answer knows better.
    if (charge.state !== "creating") return;
    const now = context.clock.now();
    const isLost = error.meaning === "unknown";
    const state = isLost ? "unknown" : "failed";
    const check = isLost ? new Date(now.getTime() + limits.lostChargeMs) : null;
    const evidence = {
      charge_id: id,
      source: "create",
      verdict: error.meaning,
      from_state: charge.state,
      to_state: state,
    };
    const { saved } = await context.saver.save({
      botId: order.botId,
      at: now,
      order: { id: order.id, version: order.version },
      charge: { id, version: charge.version, set: { state, reason: error.message.slice(0, 200), check_at: check } },
      evidence: [{ ...evidence, report: { reason: error.message.slice(0, 200) } }],
      alerts: error.meaning === "credentials" ? [refusedAlert(payment, account)] : [],
    });
    if (!saved) continue;
    if (error.meaning === "credentials") await setRefused(context, account);
    return;
  }
}

/** Told once a day at most. */
const refusedAlert = ({ order, charge }: Payment, { id, gateway }: Account) => ({
  tenantId: order.tenantId,
  kind: "account.refused",
  about: `account:${id}:${charge.createdAt.toISOString().slice(0, 10)}`,
  sentence: `O gateway ${gateway.name} não aceita mais as credenciais da conta ${id}: ela foi desligada. Cadastre as novas.`,
});

/** An account whose credentials are refused is not tried again until somebody changes them. */
async function setRefused({ sql, accounts, clock }: Context, { id }: Account): Promise<void> {
  await sql`UPDATE gateway_account SET status = 'refused', status_at = ${clock.now()} WHERE id = ${id} AND status = 'active'`;
  accounts.forget(id);
}
