// The other half of a notice: which charge is it about, and is it so? The notice itself is never believed; it is a reason to ask.

import type { Database } from "#db/connect.ts";
import { batch } from "../kernel/batch.ts";
import { reasonOf } from "../kernel/errors.ts";
import type { AccountId, ChargeId, NoticeId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import { redactTokens } from "../kernel/log.ts";
import { metrics } from "../kernel/metrics.ts";
import { confirm } from "./confirm.ts";
import type { Context } from "./context.ts";
import type { ChargeHint, RawNotice } from "./gateways/gateway.ts";
import { findGateway } from "./gateways/index.ts";
import { readHints } from "./notice-body.ts";

type NoticeRow = {
  id: NoticeId;
  gateway: string;
  account_id: AccountId | null;
  addressed_charge_id: ChargeId | null;
  body: Uint8Array;
  headers: Record<string, string>;
  query: Record<string, string>;
  attempts: number;
};

/** How a notice ended. `later`: its charge could not be asked about, or is not known yet. */
type Ending = {
  id: NoticeId;
  state: "settled" | "orphan" | "ignored" | "failed" | "later";
  reason: string | null;
  attempts: number;
  charges: ChargeId[];
};

export type Settlements = {
  /** Settles kept notices; each one that cannot be settled now is due again later. Never throws for what a gateway does. */
  settle(ids: NoticeId[]): Promise<void>;
  idle(): Promise<void>;
};

export function openSettlements(context: Context): Settlements {
  const { sql, log } = context;
  const reader = batch<NoticeId, NoticeRow | undefined>({ maxItems: 64, run: (ids) => readNotices(sql, ids) });
  const writer = batch<Ending, undefined>({
    maxItems: 64,
    spacingMs: limits.markSpacingMs,
    run: async (endings) => {
      await writeEndings(context, endings);
      return endings.map(() => undefined);
    },
  });

  async function settleOne(id: NoticeId): Promise<void> {
    const row = await reader.add(id);
    if (!row) return;
    let ending: Ending;
    try {
      ending = await endingOf(context, row);
    } catch (error) {
      log.error(
        { fact: "notice.failed", noticeId: id, reason: redactTokens(reasonOf(error)) },
        "a notice could not be settled",
      );
      ending = later(row, redactTokens(reasonOf(error)).slice(0, 200), []);
    }
    metrics.notices.inc({ gateway: row.gateway, outcome: ending.state });
    await writer.add(ending);
  }

  return {
    settle: async (ids) => void (await Promise.all(ids.map(settleOne))),
    async idle() {
      await reader.idle();
      await writer.idle();
    },
  };
}

async function endingOf(context: Context, row: NoticeRow): Promise<Ending> {
  const gateway = findGateway(row.gateway);
  const notice: RawNotice = { body: row.body, headers: row.headers, query: row.query };
  const about = gateway ? readHints(gateway, notice) : [];
  // Its own address says which charge it is, whatever the body calls it.
  if (row.addressed_charge_id !== null)
    return confirmAll(context, row, [{ id: row.addressed_charge_id, hint: about[0] }]);
  if (about.length === 0)
    return { id: row.id, state: "ignored", reason: "no_charge_in_it", attempts: row.attempts, charges: [] };
  const matched = await Promise.all(
    about.map(async (hint) => ({ id: await findCharge(context.sql, row, hint), hint })),
  );
  const known = matched.filter((one) => one.id !== undefined) as { id: ChargeId; hint: ChargeHint }[];
  if (known.length === about.length) return confirmAll(context, row, known);
  const some = await confirmAll(context, row, known);
  return orphan(row, some.charges);
}

async function confirmAll(
  context: Context,
  row: NoticeRow,
  found: { id: ChargeId; hint: ChargeHint | undefined }[],
): Promise<Ending> {
  const charges = found.map(({ id }) => id);
  const confirmed = await Promise.all(
    found.map(({ id, hint }) => confirm(context, id, "notice", hint?.gatewayId ?? undefined)),
  );
  if (confirmed.includes("later")) return later(row, "gateway_did_not_say", charges);
  return { id: row.id, state: "settled", reason: null, attempts: row.attempts, charges };
}

/** By the gateway's id at that account, or by our reference; without an account only the reference tells whose it is. */
async function findCharge(
  sql: Database,
  { account_id, gateway }: NoticeRow,
  { gatewayId, reference }: ChargeHint,
): Promise<ChargeId | undefined> {
  const [row] = await sql<{ id: ChargeId }[]>`
    SELECT id FROM charge WHERE account_id = ${account_id} AND gateway_id = ${gatewayId}
    UNION ALL
    SELECT id FROM charge WHERE reference = ${reference} AND gateway = ${gateway} AND (${account_id}::bigint IS NULL OR account_id = ${account_id}) LIMIT 1`;
  return row?.id;
}

function later(row: NoticeRow, reason: string, charges: ChargeId[]): Ending {
  const state = row.attempts + 1 >= limits.noticeAttempts ? "failed" : "later";
  return { id: row.id, state, reason, attempts: row.attempts, charges };
}

/** Kept and listed; looked at again a few times, for its charge may only be learned of later. */
const orphan = (row: NoticeRow, charges: ChargeId[]): Ending => ({
  id: row.id,
  state: "orphan",
  reason: "unknown_charge",
  attempts: row.attempts,
  charges,
});

const ORPHAN_LOOKS_MS = [60_000, 10 * 60_000, 60 * 60_000, 24 * 60 * 60_000];

function dueAt({ state, attempts }: Ending, nowMs: number): Date | null {
  if (state === "later") return new Date(nowMs + Math.min(limits.youngCheckMs * 2 ** attempts, limits.lateCheckMostMs));
  const pauseMs = state === "orphan" ? ORPHAN_LOOKS_MS[attempts] : undefined;
  return pauseMs === undefined ? null : new Date(nowMs + pauseMs);
}

async function writeEndings({ sql, clock }: Context, endings: Ending[]): Promise<void> {
  const now = clock.now();
  const docs = endings.map((ending) => {
    const due = dueAt(ending, now.getTime());
    const state = ending.state === "later" ? "new" : ending.state;
    return {
      id: ending.id,
      state,
      reason: ending.reason,
      due_at: due,
      done_at: due === null ? now : null,
      charges: ending.charges,
    };
  });
  await sql`
    WITH ending AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(docs)}::text::jsonb)
        AS e (id bigint, state text, reason text, due_at timestamptz, done_at timestamptz, charges jsonb)),
    -- In one order everywhere, for repeats of these are counted meanwhile.
    locked AS MATERIALIZED (SELECT notice.id FROM ending JOIN notice ON notice.id = ending.id ORDER BY notice.id FOR NO KEY UPDATE OF notice),
    linked AS (
      INSERT INTO notice_charge (notice_id, charge_id) SELECT ending.id, c::bigint FROM ending, jsonb_array_elements_text(charges) AS c ON CONFLICT DO NOTHING),
    told AS (
      INSERT INTO alert (tenant_id, kind, about, sentence, at)
      SELECT account.tenant_id, 'notice.failed', 'notice:' || ending.id,
        'Um aviso de pagamento (' || notice.gateway || ', aviso nº ' || ending.id || ') não pôde ser conferido com o gateway; confira no painel.', ${now}
      FROM ending JOIN notice ON notice.id = ending.id LEFT JOIN gateway_account AS account ON account.id = notice.account_id
      WHERE ending.state = 'failed' ON CONFLICT DO NOTHING)
    UPDATE notice SET state = ending.state, reason = ending.reason, due_at = ending.due_at, done_at = ending.done_at, attempts = attempts + 1
    FROM ending JOIN locked USING (id) WHERE notice.id = ending.id`;
}

async function readNotices(sql: Database, ids: NoticeId[]): Promise<(NoticeRow | undefined)[]> {
  const rows = await sql<NoticeRow[]>`
    SELECT id, gateway, account_id, addressed_charge_id, body, headers, query, attempts FROM notice
    WHERE id = ANY(${ids}::bigint[]) AND done_at IS NULL`;
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => found.get(id));
}
