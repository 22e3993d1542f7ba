// The one function in which every way ends by which we may hear of a payment: notice, poller, "verify" button, reconciliation. It asks the
// gateway with the seller's credentials, decides on the answer, and saves; whatever goes wrong, the charge is asked about again.

import { reasonOf } from "../kernel/errors.ts";
import type { ChargeId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import { redactTokens } from "../kernel/log.ts";
import { metrics } from "../kernel/metrics.ts";
import type { Account } from "./accounts.ts";
import { type Context, givenFor, openApi } from "./context.ts";
import { settle } from "./decide.ts";
import { decisionOn, evidenceOf } from "./decision.ts";
import { type ChargeKey, type Gateway, GatewayError, type Report } from "./gateways/gateway.ts";
import { type ChargeState, nextCheck, type Payment } from "./payment.ts";
import { changeCharge } from "./rounds.ts";
import type { Decided, NewFact } from "./save.ts";
import { againKey, alertOf, boughtOf, tell } from "./say.ts";

export type Source = "notice" | "poll" | "verify" | "statement" | "command";

/** `later`: it could not be asked now. */
export type Confirmed = "settled" | "later" | "gone";

/**
 * Asks about a charge and saves what that means. `gatewayId`: the gateway's id as a notice at the charge's own address named it, for a charge
 * whose creation we never heard the end of.
 */
export async function confirm(context: Context, id: ChargeId, source: Source, gatewayId?: string): Promise<Confirmed> {
  const payment = await context.reader.find(id);
  if (!payment) return "gone";
  const account = await context.accounts.find(payment.charge.accountId);
  // Nobody was asked: its account is there, and can be opened again once its key, or a newer program, is back.
  if (!account) return notAnswered(context, id, undefined, new GatewayError("away", "account_unusable"));
  const key = { gatewayId: payment.charge.gatewayId ?? gatewayId ?? null, reference: payment.charge.reference };
  if (key.gatewayId === null && !account.gateway.findsByReference) return cannotBeAsked(context, id, account);
  let report: Report;
  try {
    report = await askGateway(context, account, payment, key);
  } catch (error) {
    return notAnswered(context, id, account, error);
  }
  return settleReport(context, id, account.gateway, report, source, { asItWas: payment });
}

/**
 * Decides on a report, again and again until nobody was faster. `effect`: marked done with it. `asItWas`: the payment as it was read before;
 * if it is no longer so, it is read again.
 */
export async function settleReport(
  context: Context,
  id: ChargeId,
  gateway: Gateway,
  report: Report,
  source: string,
  { asItWas, ...extra }: Pick<Decided, "effect"> & { asItWas?: Payment } = {},
): Promise<Confirmed> {
  const decide = (payment: Payment) => ({ ...settle(payment, report, givenFor(context, gateway, source)), ...extra });
  const changed = await changeCharge(context, id, decide, asItWas);
  if (typeof changed === "string") return changed === "gone" ? "gone" : "later";
  tellLog(context, changed, report, source);
  return "settled";
}

/** Asks the gateway about a charge. Throws GatewayError when it does not say. */
export async function askGateway(
  context: Context,
  account: Account,
  { charge, order }: Payment,
  key: ChargeKey,
): Promise<Report> {
  return context.gate.pass(account.id, async () => {
    // Those that waited behind calls that failed find out here that nobody answers.
    if (!context.breaker.isOpenFor(account.id)) throw new GatewayError("away", "breaker");
    context.breaker.begun(account.id);
    try {
      const api = await openApi(context, account, order.botId, limits.askMs);
      const report = await account.gateway.status(key, api);
      context.breaker.succeeded(account.id);
      return report;
    } catch (error) {
      if (error instanceof GatewayError && (error.meaning === "away" || error.meaning === "unknown"))
        context.breaker.failed(account.id);
      context.log.warn(
        {
          fact: "charge.not_answered",
          chargeId: charge.id,
          gateway: charge.gateway,
          reason: redactTokens(reasonOf(error)),
        },
        "the gateway did not say how a charge is",
      );
      throw error;
    }
  });
}

/**
 * The next time that it is asked about, and an answer for whoever tapped "verify" and waits. `account`: undefined = it cannot be used, so its
 * gateway is in no need of being spared.
 */
async function notAnswered(
  context: Context,
  id: ChargeId,
  account: Account | undefined,
  error: unknown,
): Promise<"later"> {
  const leastSeconds = account?.gateway.askEverySeconds ?? 0;
  await changeCharge(context, id, (payment) => {
    const { charge } = payment;
    const now = context.clock.now();
    const meaning = error instanceof GatewayError ? error.meaning : "away";
    // The gateway knows no such charge: the call that was to make it never arrived.
    const wasNeverMade = meaning === "not_found" && (charge.state === "unknown" || charge.state === "creating");
    const isOver = now.getTime() >= charge.expiresAt.getTime();
    // Its end passes by our clock, whether or not the gateway answers; who paid it all the same is served.
    const to = wasNeverMade ? "failed" : isOver && charge.state === "pending" ? "expired" : charge.state;
    const afterMs = error instanceof GatewayError ? (error.afterMs ?? 0) : 0;
    const next = wasNeverMade
      ? null
      : nextCheck({ ...charge, state: to }, now, Math.max(leastSeconds, afterMs / 1_000));
    return decisionOn(payment, now, {
      set: {
        state: to,
        ...(to !== charge.state && { reason: meaning }),
        check_at: next,
        checks: charge.checks + 1,
        asked_at: null,
      },
      facts: factsUnanswered(payment, to),
      alerts: account && meaning === "credentials" ? [deafAlert(payment, account)] : [],
      evidence: to === charge.state ? [] : [evidenceOf(payment, { source: "poll", verdict: meaning, to })],
    });
  });
  return "later";
}

/** Without credentials no payment is seen any more: a human must look. */
const deafAlert = ({ order }: Payment, { id, gateway }: Account) => ({
  tenantId: order.tenantId,
  kind: "account.deaf",
  about: `account:${id}`,
  sentence: `O gateway ${gateway.name} recusa as credenciais da conta ${id} ao consultar cobranças: pagamentos podem não ser vistos. Confira as credenciais.`,
});

/** Its end is told once, in the message that shows it; whoever tapped "verify" hears what is known. */
function factsUnanswered(payment: Payment, to: ChargeState): NewFact[] {
  const { charge, order, shown } = payment;
  const isEnding = to === "expired" && charge.state !== "expired";
  const expired = (message: Payment["shown"]) =>
    tell(payment, { kind: "charge.expired", again: againKey(order), message, ...boughtOf(order, charge) });
  if (isEnding && order.state === "open") return [expired(shown)];
  if (charge.askedAt === null) return [];
  if (to === "pending") return [pendingFact(payment)];
  return to === "expired" ? [expired(null)] : [];
}

export function pendingFact(payment: Payment) {
  const { charge, order } = payment;
  const rest = { key: charge.key, brCode: charge.brCode, expiresAt: charge.expiresAt.toISOString() };
  return tell(payment, { kind: "charge.pending", ...rest, ...boughtOf(order, charge) });
}

/** We know no id, and the gateway finds nothing by our reference: only a notice can tell. At its end it is given up, and a human looks. */
async function cannotBeAsked(context: Context, id: ChargeId, account: Account): Promise<"later"> {
  await changeCharge(context, id, (payment) => {
    const { charge } = payment;
    const now = context.clock.now();
    const set = { check_at: nextCheck(charge, now, account.gateway.askEverySeconds), asked_at: null };
    if (now.getTime() < charge.expiresAt.getTime() || charge.state !== "unknown")
      return decisionOn(payment, now, { set });
    return decisionOn(payment, now, {
      set: { ...set, state: "failed", reason: "lost", check_at: null },
      alerts: [alertOf("lost", payment)],
      evidence: [evidenceOf(payment, { source: "poll", verdict: "lost", to: "failed" })],
    });
  });
  return "later";
}

type Saved = { payment: Payment; decided: Decided };

function tellLog(context: Context, { payment, decided }: Saved, report: Report, source: string): void {
  const { charge, order } = payment;
  const verdict = decided.evidence?.[0]?.verdict;
  if (verdict === undefined) return;
  const to = String(decided.charge?.set?.state);
  metrics.chargeMoves.inc({ gateway: charge.gateway, verdict: String(verdict) });
  context.log.info(
    {
      fact: "charge.moved",
      chargeId: charge.id,
      orderId: order.id,
      gateway: charge.gateway,
      source,
      verdict,
      from: charge.state,
      to,
      word: report.word,
    },
    "a charge moved, or something was odd about it",
  );
}
