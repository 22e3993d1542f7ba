// Gives a paid charge back through its gateway: kept as a wish first; then, while the gateway still calls it paid, asked for; then settled by
// what the gateway says of the charge.

import { CommandError } from "../kernel/errors.ts";
import type { ChargeId, OrderId, TenantId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import { cents } from "../kernel/money.ts";
import type { Account } from "./accounts.ts";
import { askGateway, confirm, settleReport } from "./confirm.ts";
import { type Context, openApi } from "./context.ts";
import { isOfAnother } from "./decide.ts";
import { GatewayError, type GatewayMeaning } from "./gateways/gateway.ts";
import type { Payment } from "./payment.ts";

/**
 * Wishes the paid charge of an order back (of a double payment: that one). Returns the charge. Throws CommandError when there is none, or its
 * gateway gives nothing back by itself.
 */
export async function wishRefund(context: Context, tenantId: TenantId, orderId: OrderId): Promise<ChargeId> {
  const [row] = await context.sql<{ id: ChargeId; account_id: number }[]>`
    SELECT charge.id, charge.account_id FROM charge JOIN orders ON orders.id = charge.order_id
    WHERE orders.id = ${orderId} AND orders.tenant_id = ${tenantId} AND charge.state IN ('paid', 'held')
    ORDER BY charge.is_double DESC, charge.id DESC LIMIT 1`;
  if (!row) throw new CommandError(`Order ${orderId} has no payment that could be given back.`);
  const account = await context.accounts.find(row.account_id as never);
  if (!account) throw new CommandError(`Account ${row.account_id} cannot be opened: the log of serve says why.`);
  if (!account.gateway.refund)
    throw new CommandError(`${account.gateway.name} takes no refund from here: give it back in its panel.`);
  await context.sql`UPDATE charge SET refund_at = ${context.clock.now()}, version = version + 1 WHERE id = ${row.id} AND refund_at IS NULL AND state IN ('paid', 'held')`;
  return row.id;
}

/** What another try would not change: a human must look. */
const FINAL: readonly GatewayMeaning[] = ["refused", "credentials", "not_found"];

/** Asks the gateway to give it back; the wish ends only when the gateway says that the charge is refunded, or refuses. */
export async function doRefund(context: Context, id: ChargeId): Promise<void> {
  const payment = await context.reader.find(id);
  const account = payment && (await context.accounts.find(payment.charge.accountId));
  if (!payment || !account?.gateway.refund) return;
  const { gatewayId } = payment.charge;
  if (gatewayId === null) return refuse(context, id, "o gateway nunca disse o número da cobrança");
  try {
    const paid = await findStillPaid(context, account, payment);
    if (!paid || !(await mayCall(context, id))) return;
    await giveBack(context, account, paid, gatewayId);
  } catch (error) {
    if (!(error instanceof GatewayError) || !FINAL.includes(error.meaning)) {
      context.log.warn(
        { fact: "refund.later", chargeId: id, reason: String((error as Error).message).slice(0, 200) },
        "a refund is tried again",
      );
      return;
    }
    await refuse(context, id, error.message);
  }
  await confirm(context, id, "command");
}

/**
 * The payment as the gateway says now; undefined when nothing is left to be given back. An earlier try may have done it although its answer was
 * lost, and not every gateway takes a second request for the first. Throws GatewayError when the gateway does not say.
 */
async function findStillPaid(context: Context, account: Account, before: Payment): Promise<Payment | undefined> {
  const { id, gatewayId, reference } = before.charge;
  const report = await askGateway(context, account, before, { gatewayId, reference });
  const settled = await settleReport(context, id, account.gateway, report, "command", { asItWas: before });
  if (report.state === "unknown" || isOfAnother(before.charge, report))
    throw new GatewayError("refused", `a situação da cobrança não está clara: ${report.word}`);
  const payment = settled === "settled" ? await context.reader.find(id) : undefined;
  return payment?.charge.state === "paid" || payment?.charge.state === "held" ? payment : undefined;
}

/**
 * Takes the turn to call the gateway; false when it was called so short a time ago that our question may have come before its answer. A call
 * and a question take at most `askMs` each.
 */
async function mayCall({ sql, clock }: Context, id: ChargeId): Promise<boolean> {
  const now = clock.now();
  const before = new Date(now.getTime() - 2 * limits.askMs);
  const [row] = await sql`
    UPDATE charge SET refund_called_at = ${now} WHERE id = ${id} AND refund_at IS NOT NULL
      AND (refund_called_at IS NULL OR refund_called_at <= ${before}) RETURNING id`;
  return row !== undefined;
}

async function giveBack(
  context: Context,
  account: Account,
  { charge, order }: Payment,
  gatewayId: string,
): Promise<void> {
  const { paidAmount, refundedAmount, endToEndId } = charge;
  const api = await openApi(context, account, order.botId, limits.askMs);
  // The same key on every try: a gateway that knows it gives back once.
  const key = `refund${charge.reference}`.slice(0, 32);
  const amount = cents(paidAmount - refundedAmount);
  await account.gateway.refund?.({ gatewayId, amount, endToEndId, key }, api);
}

async function refuse({ sql, clock }: Context, id: ChargeId, reason: string): Promise<void> {
  await sql`
    WITH ended AS (UPDATE charge SET refund_at = NULL, version = version + 1 WHERE id = ${id} RETURNING order_id, gateway)
    INSERT INTO alert (tenant_id, kind, about, sentence, at)
    SELECT orders.tenant_id, 'refund.refused', ${`charge:${id}`}, 'O gateway ' || ended.gateway || ' recusou a devolução do pedido nº ' || orders.id
      || ' (' || ${reason.slice(0, 150)} || '): devolva pelo painel do gateway.', ${clock.now()}
    FROM ended JOIN orders ON orders.id = ended.order_id ON CONFLICT DO NOTHING`;
}
