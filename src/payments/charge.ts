// Makes the charge that an order wants, in two phases: our row is committed first, then the gateway is called. When a gateway fails or is too
// slow the seller's next one is called; an answer that was lost leaves a charge behind that is asked about, never made again blindly.

import type { ChargeId, OrderId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import { metrics } from "../kernel/metrics.ts";
import { cents } from "../kernel/money.ts";
import { type Checkout, nextStep, readCheckout, type Step } from "./checkout.ts";
import type { Context } from "./context.ts";
import { shownFact } from "./decide.ts";
import { decisionOn, evidenceOf } from "./decision.ts";
import type { Payer } from "./gateways/gateway.ts";
import { findGateway } from "./gateways/index.ts";
import { make } from "./make.ts";
import { readPayer } from "./payer.ts";
import { mayMove } from "./payment.ts";
import { inRounds } from "./rounds.ts";
import type { Decided } from "./save.ts";
import { againKey, amountText, boughtOf, tell } from "./say.ts";

/** Takes an order as far as it goes now: to a charge that is shown, a question to the customer, or giving up. */
export async function chargeOrder(context: Context, id: OrderId): Promise<void> {
  const endMs = performance.now() + limits.chargeBudgetMs;
  await inRounds(async () => {
    const checkout = await readCheckout(context.sql, id);
    if (!checkout) return true;
    const accounts = (await Promise.all(checkout.accountIds.map((one) => context.accounts.find(one)))).filter(
      (one) => one !== undefined,
    );
    const payer = readPayer(context.keyring, checkout);
    const leftMs = endMs - performance.now();
    const isOpenFor = leftMs > 0 ? context.breaker.isOpenFor : () => false;
    const step = nextStep(checkout, accounts, payer, context.clock.now(), isOpenFor);
    return (await take(context, checkout, step, payer, leftMs)) || undefined;
  });
}

/** True when nothing is left to be done now. */
async function take(context: Context, checkout: Checkout, step: Step, payer: Payer, leftMs: number): Promise<boolean> {
  switch (step.do) {
    case "wait":
      return true;
    case "hold":
      return saveOrder(context, checkout, {}, new Date(context.clock.now().getTime() + limits.unknownLookMs));
    case "rest":
      return !step.isWanted || saveOrder(context, checkout, {});
    case "show": {
      const payment = await context.reader.find(step.chargeId);
      if (payment?.charge.state !== "pending") return false;
      const legalNotice = findGateway(payment.charge.gateway)?.legalNotice ?? null;
      return saveOrder(context, checkout, { facts: [shownFact(payment, legalNotice)] });
    }
    case "doubt":
      return saveCharge(context, step.chargeId, { state: "unknown", reason: "crash", check_at: context.clock.now() });
    case "end":
      return saveCharge(context, step.chargeId, { state: "expired", check_at: context.clock.now() });
    case "ask": {
      const bought = boughtOf(checkout.order, { amount: priceShown(checkout), currency: "BRL" });
      return saveOrder(context, checkout, {
        facts: [tell(checkout, { kind: "payer.ask", field: step.field, wasWrong: false, ...bought })],
      });
    }
    case "give_up":
      return giveUp(context, checkout, step.noAccount);
    case "make":
      await make(context, checkout, step, payer, leftMs);
      return false;
  }
}

const priceShown = ({ order }: Checkout) => cents(order.items.reduce((sum, item) => sum + item.priceCents, 0));

/** Nothing more is due for the order, or not before `dueAt`; true unless it changed meanwhile. */
async function saveOrder(
  context: Context,
  { order }: Checkout,
  rest: Pick<Decided, "facts" | "alerts">,
  dueAt: Date | null = null,
): Promise<boolean> {
  const version = { id: order.id, version: order.version, set: { due_at: dueAt } };
  const { saved } = await context.saver.save({ botId: order.botId, at: context.clock.now(), order: version, ...rest });
  return saved;
}

/** Always false: whatever came of it, the order is read again. A charge that moved on meanwhile stays as it is. */
async function saveCharge(
  context: Context,
  id: ChargeId,
  set: { state: "unknown" | "expired"; reason?: string; check_at: Date },
): Promise<false> {
  const payment = await context.reader.find(id);
  if (!payment || !mayMove(payment.charge.state, set.state)) return false;
  const { charge, order, shown: message } = payment;
  const evidence = [evidenceOf(payment, { source: "create", verdict: set.reason ?? set.state, to: set.state })];
  // The message that asks for its payment says so, too; without one there is nobody to tell.
  const expired = { kind: "charge.expired", again: againKey(order), message, ...boughtOf(order, charge) } as const;
  const facts = set.state === "expired" && message !== null ? [tell(payment, expired)] : [];
  await context.saver.save(decisionOn(payment, context.clock.now(), { set, evidence, facts }));
  return false;
}

async function giveUp(context: Context, checkout: Checkout, noAccount: boolean): Promise<boolean> {
  const { order } = checkout;
  const bought = boughtOf(order, { amount: priceShown(checkout), currency: "BRL" });
  const why = noAccount
    ? "não há conta de gateway ativa que aceite este valor: cadastre uma."
    : "nenhum gateway gerou a cobrança: confira as contas dos gateways.";
  const about = noAccount ? `bot:${order.botId}` : `order:${order.id}:${order.wantedAt.getTime()}`;
  const sentence = `O pedido nº ${order.id} (${amountText(bought.amount, "BRL")}) ficou sem cobrança: ${why}`;
  metrics.chargeMoves.inc({ gateway: "none", verdict: "given_up" });
  return saveOrder(context, checkout, {
    facts: [tell(checkout, { kind: "charge.failed", again: againKey(order), ...bought })],
    alerts: [{ tenantId: order.tenantId, kind: noAccount ? "order.no_account" : "order.no_charge", about, sentence }],
  });
}
