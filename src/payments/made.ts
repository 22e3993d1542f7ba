// Keeps how the making of a charge ended: it can be paid and is shown, or it failed, or nobody knows.

import type { ChargeId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import { hashToken } from "../kernel/secret.ts";
import type { Account } from "./accounts.ts";
import { readBrCode } from "./br-code.ts";
import { type Context, givenFor } from "./context.ts";
import { shownFact } from "./decide.ts";
import { type Change, decisionOn, evidenceOf } from "./decision.ts";
import type { Charged, GatewayError } from "./gateways/gateway.ts";
import { type ChargeState, nextCheck, type Payment } from "./payment.ts";
import { changeCharge } from "./rounds.ts";
import type { Decided } from "./save.ts";

/** Shown, unless its code is not what was asked for: then nobody may pay it, and if somebody does, it is honoured. */
export async function keepMade(
  context: Context,
  id: ChargeId,
  account: Account,
  charged: Charged,
  ours: Date,
): Promise<void> {
  await changeCharge(context, id, (payment) => madeDecision(context, payment, account, charged, ours));
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
  const report = { gatewayId, brCodeFault: wrong };
  const decision = (verdict: string, to: ChargeState, change: Change) =>
    decisionOn(payment, now, { ...change, evidence: [evidenceOf(payment, { source: "create", verdict, to, report })] });
  // Somebody was faster: a notice of its payment came before this answer, or another charge of the order can be paid by now.
  if ((charge.state !== "creating" && charge.state !== "unknown") || payment.hasOtherLive)
    return decision("made_late", charge.state, { set: learned });
  if (wrong !== null) {
    const check = nextCheck({ ...charge, state: "failed", expiresAt }, now, given.askEverySeconds);
    const sentence = `O gateway ${charge.gateway} devolveu um código PIX que não confere (${wrong}) no pedido nº ${order.id}; o código não foi mostrado.`;
    return decision(wrong, "failed", {
      set: { ...learned, br_code: null, state: "failed", reason: wrong, check_at: check },
      alerts: [{ tenantId: order.tenantId, kind: "charge.br_code", about: `charge:${charge.id}`, sentence }],
    });
  }
  const shown = { ...payment, charge: { ...charge, brCode: charged.brCode, expiresAt } };
  const check = nextCheck({ ...charge, state: "pending", expiresAt }, now, given.askEverySeconds);
  return decision("made", "pending", {
    set: { ...learned, state: "pending", reason: null, check_at: check },
    orderSet: { due_at: null },
    // An order that was paid meanwhile by an earlier charge must not be paid again.
    facts: order.state === "open" ? [shownFact(shown, given.legalNotice)] : [],
  });
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
  const isLost = error.meaning === "unknown";
  const isRefused = error.meaning === "credentials";
  const to = isLost ? "unknown" : "failed";
  const reason = error.message.slice(0, 200);
  const changed = await changeCharge(context, id, (payment) => {
    // A notice that came before our answer knows better.
    if (payment.charge.state !== "creating") return undefined;
    const now = context.clock.now();
    const check = isLost ? new Date(now.getTime() + limits.lostChargeMs) : null;
    return decisionOn(payment, now, {
      set: { state: to, reason, check_at: check },
      evidence: [evidenceOf(payment, { source: "create", verdict: error.meaning, to, report: { reason } })],
      alerts: isRefused ? [refusedAlert(payment, account)] : [],
    });
  });
  if (isRefused && typeof changed === "object") await setRefused(context, account);
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
