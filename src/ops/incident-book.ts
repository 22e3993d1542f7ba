// Incidents and notifications in SQL: read, saved together in one statement, acknowledged; and who watches.

import type { Database } from "#db/connect.ts";
import type { ProcessId } from "../kernel/ids.ts";
import type { Incident, Step, Told } from "./incident.ts";
import type { Note } from "./notification.ts";

type IncidentRow = {
  id: number;
  name: string;
  since: Date;
  fired_at: Date | null;
  things: string[];
  total: number;
  sentence: string;
  told_things: string[] | null;
  told_total: number | null;
  told_at: Date | null;
  times: number;
  next_at: Date | null;
  acknowledged_at: Date | null;
  acknowledged_by: string | null;
  gone_at: Date | null;
  resolved_at: Date | null;
};

const columns = (
  sql: Database,
) => sql`id, name, since, fired_at, things, total, sentence, told_things, told_total, told_at, times, next_at,
  acknowledged_at, acknowledged_by, gone_at, resolved_at`;

/**
 * Becomes the one who watches, or stays it: true. `grace`: how much older than its last renewal a lease may be; `mayJudge`: whether this
 * process may call another one dead.
 */
export async function lead(
  sql: Database,
  options: { me: ProcessId; mayJudge: boolean; grace: string; now: Date },
): Promise<boolean> {
  const { me, mayJudge, grace, now } = options;
  const led = await sql`
    UPDATE monitor SET leader = ${me}, looked_at = ${now}
    WHERE leader IS NULL OR leader = ${me} OR (SELECT 1 FROM process WHERE id = leader) IS NULL
      OR (${mayJudge} AND leader NOT IN (SELECT living(${grace}::interval)))`;
  return led.count === 1;
}

/** The latest incident of each of these names. */
export async function readIncidents(sql: Database, names: readonly string[]): Promise<Incident[]> {
  const rows = await sql<IncidentRow[]>`
    SELECT latest.* FROM unnest(${[...names]}::text[]) AS alert (name) CROSS JOIN LATERAL (
      SELECT ${columns(sql)} FROM incident WHERE incident.name = alert.name ORDER BY id DESC LIMIT 1) AS latest`;
  return rows.map(asIncident);
}

/** At most `most` incidents: those that have fired and are not over, then those that were, the latest first. */
export async function listIncidents(sql: Database, most: number): Promise<Incident[]> {
  const rows = await sql<IncidentRow[]>`
    SELECT ${columns(sql)} FROM incident WHERE fired_at IS NOT NULL ORDER BY resolved_at IS NOT NULL, id DESC LIMIT ${most}`;
  return rows.map(asIncident);
}

/**
 * Saves steps and what is to be said because of them: all of it, or nothing. `leader`: only while this process watches; null = in any case.
 * Somebody's acknowledgement stays unless a step lifts it.
 */
export async function saveSteps(
  sql: Database,
  steps: readonly Step[],
  notes: readonly { destination: string; note: Note }[],
  { leader, now }: { leader: ProcessId | null; now: Date },
): Promise<void> {
  const kept = steps.filter(({ keep }) => keep).map(rowOf);
  const forgotten = steps.filter(({ keep }) => !keep).flatMap(({ incident }) => incident.id ?? []);
  const said = notes.map(({ destination, note }) => ({ destination, ...note }));
  await sql`
    WITH may AS MATERIALIZED (SELECT ${leader}::bigint IS NULL OR EXISTS (SELECT FROM monitor WHERE leader = ${leader}::bigint) AS save),
    kept AS MATERIALIZED (
      SELECT k.* FROM may, jsonb_to_recordset(${JSON.stringify(kept)}::text::jsonb) AS k (id bigint, name text, since timestamptz, fired_at timestamptz,
        things jsonb, total integer, sentence text, told_things jsonb, told_total integer, told_at timestamptz, times integer, next_at timestamptz,
        lifts boolean, gone_at timestamptz, resolved_at timestamptz) WHERE may.save),
    changed AS (
      UPDATE incident SET fired_at = kept.fired_at, things = kept.things, total = kept.total, sentence = kept.sentence,
        told_things = kept.told_things, told_total = kept.told_total, told_at = kept.told_at, times = kept.times, next_at = kept.next_at,
        acknowledged_at = CASE WHEN NOT kept.lifts THEN incident.acknowledged_at END,
        acknowledged_by = CASE WHEN NOT kept.lifts THEN incident.acknowledged_by END,
        gone_at = kept.gone_at, resolved_at = kept.resolved_at
      FROM kept WHERE incident.id = kept.id),
    made AS (
      INSERT INTO incident (name, since, fired_at, things, total, sentence, told_things, told_total, told_at, times, next_at, gone_at, resolved_at)
      SELECT name, since, fired_at, things, total, sentence, told_things, told_total, told_at, times, next_at, gone_at, resolved_at
      FROM kept WHERE id IS NULL
      ON CONFLICT (name) WHERE resolved_at IS NULL DO UPDATE SET fired_at = excluded.fired_at, told_things = excluded.told_things,
        told_total = excluded.told_total, told_at = excluded.told_at, times = excluded.times, next_at = excluded.next_at, gone_at = excluded.gone_at),
    forgotten AS (DELETE FROM incident USING may WHERE may.save AND id = ANY(${forgotten}::bigint[]))
    INSERT INTO notification (destination, subject, text, buttons, due_at, created_at)
    SELECT destination, subject, text, buttons, ${now}, ${now}
    FROM may, jsonb_to_recordset(${JSON.stringify(said)}::text::jsonb) AS n (destination text, subject text, text text, buttons jsonb) WHERE may.save`;
}

/** Somebody knows of the open incident of this name (and, when given, of this beginning); undefined when there is none. */
export async function acknowledge(
  sql: Database,
  { name, since, by, now }: { name: string; since?: Date; by: string; now: Date },
): Promise<Incident | undefined> {
  const [row] = await sql<IncidentRow[]>`
    UPDATE incident SET acknowledged_at = coalesce(acknowledged_at, ${now}), acknowledged_by = coalesce(acknowledged_by, ${by.slice(0, 100)})
    WHERE name = ${name} AND resolved_at IS NULL AND fired_at IS NOT NULL
      AND date_trunc('milliseconds', since) = coalesce(${since ?? null}::timestamptz, date_trunc('milliseconds', since))
    RETURNING ${columns(sql)}`;
  return row && asIncident(row);
}

/** Drops what nobody asks for any more. */
export async function forgetOld(sql: Database, now: Date): Promise<void> {
  const before = (days: number): Date => new Date(now.getTime() - days * 24 * 60 * 60_000);
  await sql`DELETE FROM tally WHERE minute < ${before(1 / 24)}`;
  await sql`DELETE FROM notification WHERE created_at < ${before(30)}`;
  await sql`DELETE FROM incident WHERE resolved_at < ${before(90)}`;
}

function rowOf({ incident, lifts }: Step) {
  const { id, name, since, firedAt, things, total, sentence, told, goneAt, resolvedAt } = incident;
  return {
    ...{ id, name, since, things, total, sentence, fired_at: firedAt, gone_at: goneAt, resolved_at: resolvedAt },
    ...{ told_things: told?.things, told_total: told?.total, told_at: told?.at, times: told?.times ?? 0 },
    next_at: told?.nextAt,
    lifts,
  };
}

function asIncident(row: IncidentRow): Incident {
  const { id, name, since, things, total, sentence, told_at: at, next_at: nextAt } = row;
  const told: Told | null =
    at === null || nextAt === null
      ? null
      : { at, nextAt, times: row.times, things: row.told_things ?? [], total: row.told_total ?? 0 };
  return {
    ...{ id, name, since, things, total, sentence, told, firedAt: row.fired_at, goneAt: row.gone_at },
    ...{ acknowledgedAt: row.acknowledged_at, acknowledgedBy: row.acknowledged_by, resolvedAt: row.resolved_at },
  };
}

/** When somebody last looked at everything; null = nobody has. */
export async function readWatch(sql: Database): Promise<{ lookedAt: Date | null }> {
  const [row] = await sql<{ lookedAt: Date | null }[]>`SELECT looked_at AS "lookedAt" FROM monitor`;
  return row ?? { lookedAt: null };
}
