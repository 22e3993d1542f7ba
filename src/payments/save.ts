// Saves what was decided about payments, many in one commit, each on its own; and hands their facts to the conversation.

import type { Database } from "#db/connect.ts";
import { isTransient, whileAway } from "#db/retry.ts";
import type { InboxRow } from "../inbox/line.ts";
import { batch } from "../kernel/batch.ts";
import type { Fact } from "../kernel/fact.ts";
import type { BotId, ChargeId, OrderId, RowId, Slot, TenantId, UpdateId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import type { Log } from "../kernel/log.ts";

/** A row's columns by their names in the database. */
export type Columns = Record<string, unknown>;

export type NewFact = {
  body: Fact;
  /** The message shows this charge. */
  chargeId?: ChargeId;
  /** The messages deliver this item. */
  deliveryOf?: { orderId: OrderId; n: number };
};

export type NewAlert = { tenantId: TenantId | null; kind: string; about: string; sentence: string };

/** What was decided: `save_payment` in db/migrations/0003_money.sql says what becomes of it. */
export type Decided = {
  botId: BotId;
  at: Date;
  effect?: [Slot, RowId, number];
  /** The effect is refused for this reason, and not done. */
  refused?: string;
  order?: { id: OrderId; version: number; set?: Columns };
  newOrder?: Columns;
  charge?: { id: ChargeId; version: number; set?: Columns };
  newCharge?: Columns;
  transfers?: Columns[];
  evidence?: Columns[];
  deliveries?: Columns[];
  revoke?: OrderId;
  payer?: Columns;
  facts?: NewFact[];
  alerts?: NewAlert[];
};

export type Saved = { saved: boolean; orderId: OrderId | null; chargeId: ChargeId | null };

type Outcome = Saved & { error?: unknown };
const NOTHING: Saved = { saved: false, orderId: null, chargeId: null };

export type Saver = {
  /** Saves, and resolves after the commit. `saved` false: what was decided on has changed meanwhile; read and decide again. */
  save(decided: Decided): Promise<Saved>;
  idle(): Promise<void>;
};

type SavedRow = {
  n: number;
  saved: boolean;
  order_id: OrderId | null;
  charge_id: ChargeId | null;
  facts: { slot: Slot; id: RowId; updateId: UpdateId }[];
};

export type FactRow = InboxRow<Fact>;

export function openSaver(options: {
  sql: Database;
  log: Log;
  signal: AbortSignal;
  /** Takes facts that were just kept; must not throw. Those that it does not deal with are found again by the sweep. */
  onFacts: (rows: FactRow[]) => void;
}): Saver {
  const { sql, log, signal, onFacts } = options;

  async function run(decided: Decided[]): Promise<Outcome[]> {
    try {
      return await whileAway(() => write(decided), log, signal);
    } catch (error) {
      if (isTransient(error)) throw error;
      if (decided.length === 1 && isOvertaken(error)) return [NOTHING];
      if (decided.length === 1) throw error;
      // One that cannot be saved must not take the others with it.
      const results = await Promise.allSettled(decided.map((one) => run([one])));
      return results.map((result) =>
        result.status === "fulfilled" ? (result.value[0] as Outcome) : { ...NOTHING, error: result.reason },
      );
    }
  }

  async function write(decided: Decided[]): Promise<Saved[]> {
    // Orders are locked in one order everywhere; a document without one locks a single row and then no order.
    const sorted = decided
      .map((one, index) => ({ one, index }))
      .sort((a, b) => (a.one.order?.id ?? 0) - (b.one.order?.id ?? 0));
    const rows = await sql<SavedRow[]>`
      SELECT * FROM save_payments(${JSON.stringify(
        sorted.map(({ one }) => documentOf(one)),
        keepable,
      )}::text::jsonb)`;
    const results: Saved[] = [];
    const facts: FactRow[] = [];
    for (const row of rows) {
      const entry = sorted[row.n];
      if (!entry) continue;
      results[entry.index] = { saved: row.saved, orderId: row.order_id, chargeId: row.charge_id };
      for (const [n, key] of row.facts.entries()) facts.push(factRow(entry.one, key, n));
    }
    if (facts.length > 0) onFacts(facts);
    return results;
  }

  const batcher = batch<Decided, Outcome>({
    maxItems: limits.savePayments,
    spacingMs: limits.savePaymentsSpacingMs,
    run,
  });
  return {
    async save(decided) {
      const { error, ...saved } = await batcher.add(decided);
      if (error !== undefined) throw error;
      return saved;
    },
    idle: batcher.idle,
  };
}

/** Another charge of the order came to life meanwhile: whoever decided reads again and finds it. */
const isOvertaken = (error: unknown): boolean =>
  (error as { constraint_name?: unknown } | undefined)?.constraint_name === "one_live_charge";

/** PostgreSQL keeps neither NUL nor half a surrogate pair, whoever sent them. */
const keepable = (_name: string, value: unknown): unknown =>
  typeof value === "string" ? value.toWellFormed().replaceAll("\0", "") : value;

function factRow(decided: Decided, key: SavedRow["facts"][number], n: number): FactRow {
  const fact = decided.facts?.[n] as NewFact;
  return { ...key, botId: decided.botId, update: fact.body, receivedAt: decided.at, attempts: 0 };
}

function documentOf({ botId, at, newOrder, newCharge, facts, alerts, ...rest }: Decided) {
  // Whoever saved deals with its facts at once; if he dies, the sweep finds them by this time.
  const dueAt = new Date(at.getTime() + limits.factAgainMs);
  // What is empty costs a statement all the same.
  const filled = Object.fromEntries(
    Object.entries(rest).filter(([, value]) => !Array.isArray(value) || value.length > 0),
  );
  return {
    ...filled,
    at,
    ...(newOrder && { new_order: newOrder }),
    ...(newCharge && { new_charge: newCharge }),
    ...(facts &&
      facts.length > 0 && {
        facts: facts.map(({ body, chargeId, deliveryOf }) => ({
          bot_id: botId,
          body: JSON.stringify(body),
          due_at: dueAt,
          ...(chargeId && { charge_id: chargeId }),
          ...(deliveryOf && { delivery_order_id: deliveryOf.orderId, delivery_n: deliveryOf.n }),
        })),
      }),
    ...(alerts &&
      alerts.length > 0 && { alerts: alerts.map(({ tenantId, ...alert }) => ({ tenant_id: tenantId, ...alert })) }),
  };
}
