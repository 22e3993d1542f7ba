// The books against the gateways', a day and an account at a time: what differs is asked about once more, and what then still differs is
// written down by name, exposed as a metric and told to the seller. The day is Brazil's (UTC-3, without summer time since 2019).

import { reasonOf } from "../kernel/errors.ts";
import type { AccountId, ChargeId, TenantId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import { redactTokens } from "../kernel/log.ts";
import { cents, formatReais } from "../kernel/money.ts";
import type { Account } from "./accounts.ts";
import { confirm } from "./confirm.ts";
import { type Context, openApi } from "./context.ts";
import type { StatementLine } from "./gateways/gateway.ts";

/** What could not be explained about one charge, in cents or Stars. */
export type Finding = {
  what: "unknown_charge" | "not_in_our_books" | "not_at_gateway" | "gateway_did_not_say";
  gatewayId: string | null;
  chargeId: ChargeId | null;
  difference: number;
};

export type Reconciled = {
  method: "statement" | "charges";
  gatewayAmount: number;
  ledgerAmount: number;
  unexplained: number;
  findings: Finding[];
};

const DAY_MS = 24 * 60 * 60_000;
const BRAZIL_MS = 3 * 60 * 60_000;

/** The day before `now`, as "2026-03-01" and as the instants at which it begins and ends. */
export function yesterday(now: Date): { day: string; from: Date; to: Date } {
  const todayMs = Math.floor((now.getTime() - BRAZIL_MS) / DAY_MS) * DAY_MS;
  const fromMs = todayMs - DAY_MS;
  const day = new Date(fromMs).toISOString().slice(0, 10);
  return { day, from: new Date(fromMs + BRAZIL_MS), to: new Date(todayMs + BRAZIL_MS) };
}

/**
 * Reconciles yesterday for every account that has not been. An account whose gateway does not answer is tried again the next time. A closed
 * one is asked for as long as its charges are, and later for days on which our books moved: its credentials may be gone for good.
 */
export async function reconcileDue(context: Context): Promise<void> {
  const { day, from, to } = yesterday(context.clock.now());
  const due = await context.sql<{ id: AccountId }[]>`
    SELECT id FROM gateway_account AS a WHERE created_at < ${to}
      AND (status <> 'paused' OR status_at >= ${new Date(from.getTime() - limits.lateCheckMs)}
        OR EXISTS (SELECT FROM transfer AS t WHERE t.account_id = a.id AND t.at >= ${from} AND t.at < ${to}))
      AND NOT EXISTS (SELECT FROM reconciliation AS r WHERE r.account_id = a.id AND r.day = ${day}::date) ORDER BY id LIMIT ${limits.duePayments}`;
  for (const { id } of due) {
    const account = await context.accounts.find(id);
    if (!account) continue;
    try {
      await keep(context, account, day, await reconcile(context, account, from, to));
    } catch (error) {
      const reason = redactTokens(reasonOf(error)).slice(0, 200);
      context.log.warn(
        { fact: "reconcile.later", accountId: id, day, reason },
        "an account could not be reconciled; it is tried again",
      );
    }
  }
}

/** Compares one account's movements of a period. Throws when the gateway does not give them. */
export async function reconcile(context: Context, account: Account, from: Date, to: Date): Promise<Reconciled> {
  // Through a bot there is no statement of the account: each bot has its own.
  if (!account.gateway.statement || account.gateway.throughBot) return byCharges(context, account, from, to);
  const api = await openApi(context, account, 0 as never, limits.statementMs);
  // We may have heard of a payment after midnight that the gateway dates before it.
  const lines = await account.gateway.statement({ from: new Date(from.getTime() - DAY_MS), to }, api);
  const ofPeriod = lines.filter(({ at }) => at >= from && at < to);
  const doubts = await differences(context, account, ofPeriod);
  for (const { chargeId } of doubts) if (chargeId !== null) await confirm(context, chargeId, "statement");
  const findings = [
    ...(doubts.length === 0 ? [] : await differences(context, account, ofPeriod)),
    ...(await missingThere(context, account, from, to, lines)),
  ];
  const gatewayAmount = ofPeriod.reduce((sum, { amount }) => sum + amount, 0);
  const unexplained = findings.reduce((sum, { difference }) => sum + Math.abs(difference), 0);
  const ours =
    gatewayAmount -
    findings.filter(({ what }) => what !== "not_at_gateway").reduce((sum, { difference }) => sum + difference, 0);
  const extra = findings
    .filter(({ what }) => what === "not_at_gateway")
    .reduce((sum, { difference }) => sum - difference, 0);
  return { method: "statement", gatewayAmount, ledgerAmount: ours + extra, unexplained, findings };
}

type Booked = { gateway_id: string; charge_id: ChargeId; came: number; went: number };

/** What the gateway moved and our books do not say. `difference`: theirs less ours. */
async function differences({ sql }: Context, { id }: Account, lines: StatementLine[]): Promise<Finding[]> {
  const theirs = Map.groupBy(lines, (line) => line.gatewayId);
  const booked = await sql<Booked[]>`
    SELECT charge.gateway_id, charge.id AS charge_id,
      coalesce(sum(transfer.amount) FILTER (WHERE transfer.debit = 'gateway'), 0)::bigint AS came,
      coalesce(sum(transfer.amount) FILTER (WHERE transfer.kind IN ('refund', 'chargeback')), 0)::bigint AS went
    FROM charge LEFT JOIN transfer ON transfer.charge_id = charge.id
    WHERE charge.account_id = ${id} AND charge.gateway_id = ANY(${[...theirs.keys()]}::text[]) GROUP BY charge.id`;
  const ours = new Map(booked.map((row) => [row.gateway_id, row]));
  return [...theirs].flatMap(([gatewayId, moved]): Finding[] => {
    const came = moved.reduce((sum, { amount }) => sum + Math.max(0, amount), 0);
    const went = moved.reduce((sum, { amount }) => sum + Math.max(0, -amount), 0);
    const row = ours.get(gatewayId);
    if (!row) return [{ what: "unknown_charge", gatewayId, chargeId: null, difference: came - went }];
    // What our books say beyond it belongs to other days.
    const difference = Math.max(0, came - row.came) - Math.max(0, went - row.went);
    return difference === 0 ? [] : [{ what: "not_in_our_books", gatewayId, chargeId: row.charge_id, difference }];
  });
}

/** What our books say of the period and the gateway does not. `lines` also hold the day before. */
async function missingThere(
  { sql }: Context,
  { id }: Account,
  from: Date,
  to: Date,
  lines: StatementLine[],
): Promise<Finding[]> {
  const came = new Set(lines.filter(({ amount }) => amount > 0).map(({ gatewayId }) => gatewayId));
  const went = new Set(lines.filter(({ amount }) => amount < 0).map(({ gatewayId }) => gatewayId));
  const rows = await sql<{ gateway_id: string | null; charge_id: ChargeId; came: number; went: number }[]>`
    SELECT charge.gateway_id, charge.id AS charge_id,
      coalesce(sum(transfer.amount) FILTER (WHERE transfer.debit = 'gateway'), 0)::bigint AS came,
      coalesce(sum(transfer.amount) FILTER (WHERE transfer.kind IN ('refund', 'chargeback')), 0)::bigint AS went
    FROM transfer JOIN charge ON charge.id = transfer.charge_id
    WHERE transfer.account_id = ${id} AND transfer.at >= ${from} AND transfer.at < ${to} GROUP BY charge.id`;
  return rows.flatMap((row): Finding[] => {
    const about = { what: "not_at_gateway" as const, gatewayId: row.gateway_id, chargeId: row.charge_id };
    const name = row.gateway_id ?? "";
    return [
      ...(row.came > 0 && !came.has(name) ? [{ ...about, difference: -row.came }] : []),
      ...(row.went > 0 && !went.has(name) ? [{ ...about, difference: row.went }] : []),
    ];
  });
}

/** Without a statement every charge that moved is asked about; what the gateway says of it then is in the books. */
async function byCharges(context: Context, { id }: Account, from: Date, to: Date): Promise<Reconciled> {
  const rows = await context.sql<{ charge_id: ChargeId; gateway_id: string | null; amount: number }[]>`
    SELECT charge_id, charge.gateway_id, sum(CASE WHEN debit = 'gateway' THEN transfer.amount WHEN kind IN ('refund', 'chargeback') THEN -transfer.amount ELSE 0 END)::bigint AS amount
    FROM transfer JOIN charge ON charge.id = charge_id
    WHERE transfer.account_id = ${id} AND transfer.at >= ${from} AND transfer.at < ${to} GROUP BY charge_id, charge.gateway_id`;
  const findings: Finding[] = [];
  for (const { charge_id, gateway_id, amount } of rows) {
    const confirmed = await confirm(context, charge_id, "statement");
    if (confirmed === "later")
      findings.push({ what: "gateway_did_not_say", gatewayId: gateway_id, chargeId: charge_id, difference: amount });
  }
  const ledgerAmount = rows.reduce((sum, { amount }) => sum + amount, 0);
  const unexplained = findings.reduce((sum, { difference }) => sum + Math.abs(difference), 0);
  return { method: "charges", gatewayAmount: ledgerAmount - unexplained, ledgerAmount, unexplained, findings };
}

/** Keeps the result, and tells the seller when something is left. */
async function keep({ sql, clock, log }: Context, account: Account, day: string, result: Reconciled): Promise<void> {
  const { method, gatewayAmount, ledgerAmount, unexplained, findings } = result;
  const tenantId: TenantId = account.tenantId;
  const named = findings.slice(0, 1_000);
  await sql`
    INSERT INTO reconciliation (tenant_id, account_id, day, method, gateway_amount, ledger_amount, unexplained, findings, at)
    VALUES (${tenantId}, ${account.id}, ${day}::date, ${method}, ${gatewayAmount}, ${ledgerAmount}, ${unexplained}, ${JSON.stringify(named)}::text::jsonb, ${clock.now()})
    ON CONFLICT (account_id, day) DO NOTHING`;
  log[unexplained === 0 ? "info" : "error"](
    { fact: "reconciled", accountId: account.id, day, method, gatewayAmount, ledgerAmount, unexplained },
    "an account was reconciled",
  );
  if (findings.length === 0) return;
  const amount = account.gateway.currency === "BRL" ? formatReais(cents(unexplained)) : `${unexplained} ⭐`;
  const sentence = `A conferência de ${day} com ${account.gateway.name} deixou ${amount} sem explicação em ${findings.length} cobrança(s).`;
  await sql`
    INSERT INTO alert (tenant_id, kind, about, sentence, at)
    VALUES (${tenantId}, 'reconciliation', ${`account:${account.id}:${day}`}, ${sentence}, ${clock.now()}) ON CONFLICT DO NOTHING`;
}
