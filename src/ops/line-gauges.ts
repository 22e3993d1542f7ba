// Metrics of the line that are read when somebody asks: what waits in its rows, the bots, the broadcasts, the living processes.

import type { App } from "../app.ts";
import { limits } from "../kernel/limits.ts";
import { metrics } from "../kernel/metrics.ts";

type Waiting = {
  undone: number;
  undone_since: Date | null;
  pending: number;
  pending_since: Date | null;
  unanswered: number;
};
type Bots = { active: number; paused: number; token_revoked: number; silenced: number };
type Others = { sending: number; left: number; processes: number };

/** How old a renewal may be: as for those who judge that a process is dead. */
const GRACE = `${limits.leaseMs + limits.heartbeatMs} milliseconds`;
/** A start without its welcome is unanswered after this, unless it is tried again only later than that. */
const LATE_MS = 60_000;
const SOON_MS = 10 * 60_000;
/** Unanswered starts that are counted; beyond it there is trouble enough. */
const MOST_STARTS = 1_000;

/** The gauges that this sets. */
export const lineGauges = [
  ...[
    metrics.inboxUndone,
    metrics.inboxOldest,
    metrics.effectsPending,
    metrics.effectsOldest,
    metrics.startsUnanswered,
  ],
  ...[metrics.bots, metrics.botsRevoked, metrics.botsSilenced, metrics.broadcastsSending, metrics.broadcastsLeft],
  metrics.processes,
];

export async function readLineGauges(app: Pick<App, "sql" | "clock">): Promise<void> {
  await Promise.all([readWaiting(app), readBots(app), readOthers(app)]);
}

/** Behind the sweep's marks everything is finished, or has a due time. OFFSET 0: the planner may not begin with the large tables. */
async function readWaiting({ sql, clock }: Pick<App, "sql" | "clock">): Promise<void> {
  const nowMs = clock.now().getTime();
  const [late, soon] = [new Date(nowMs - LATE_MS), new Date(nowMs + SOON_MS)];
  const [row] = await sql<Waiting[]>`
    WITH pending AS MATERIALIZED (
      SELECT waiting.created_at FROM slot CROSS JOIN LATERAL (
        SELECT created_at FROM effect WHERE effect.slot = slot.slot AND row_id > swept_effect_row_id AND state = 'pending' OFFSET 0) AS waiting)
    SELECT undone.count AS undone, undone.since AS undone_since,
      (SELECT count(*)::int FROM pending) AS pending, (SELECT min(created_at) FROM pending) AS pending_since,
      (SELECT count(*)::int FROM starts_waiting(${late}, ${soon}, ${MOST_STARTS})) AS unanswered
    FROM (SELECT count(*)::int AS count, min(received_at) AS since
      FROM slot CROSS JOIN LATERAL (
        SELECT received_at FROM inbox WHERE inbox.slot = slot.slot AND inbox.id > swept_row_id AND done_at IS NULL OFFSET 0) AS waiting) AS undone`;
  const ageOf = (since: Date | null | undefined): number => (since ? Math.max(0, nowMs - since.getTime()) / 1_000 : 0);
  metrics.inboxUndone.set(row?.undone ?? 0);
  metrics.inboxOldest.set(ageOf(row?.undone_since));
  metrics.effectsPending.set(row?.pending ?? 0);
  metrics.effectsOldest.set(ageOf(row?.pending_since));
  metrics.startsUnanswered.set(row?.unanswered ?? 0);
}

async function readBots({ sql, clock }: Pick<App, "sql" | "clock">): Promise<void> {
  const [row] = await sql<Bots[]>`
    SELECT count(*) FILTER (WHERE status = 'active')::int AS active, count(*) FILTER (WHERE status = 'paused')::int AS paused,
      count(*) FILTER (WHERE status = 'token_revoked')::int AS token_revoked,
      count(*) FILTER (WHERE paused_until > ${clock.now()})::int AS silenced FROM bot`;
  metrics.bots.set({ status: "active" }, row?.active ?? 0);
  metrics.bots.set({ status: "paused" }, row?.paused ?? 0);
  metrics.bots.set({ status: "token_revoked" }, row?.token_revoked ?? 0);
  metrics.botsRevoked.set(row?.token_revoked ?? 0);
  metrics.botsSilenced.set(row?.silenced ?? 0);
}

async function readOthers({ sql }: Pick<App, "sql">): Promise<void> {
  const [row] = await sql<Others[]>`
    SELECT count(*)::int AS sending, coalesce(sum(greatest(0, recipients - sent - refused - unknown)), 0)::int AS left,
      (SELECT count(*)::int FROM living(${GRACE}::interval)) AS processes
    FROM broadcast WHERE state = 'sending'`;
  metrics.broadcastsSending.set(row?.sending ?? 0);
  metrics.broadcastsLeft.set(row?.left ?? 0);
  metrics.processes.set(row?.processes ?? 0);
}
