// Saves what was decided about a batch of rows: one statement, so all of it or nothing, and no lock outlives a broken connection or a
// frozen process.

import type { Database } from "#db/connect.ts";
import type { ProcessId, RowId, Slot } from "../kernel/ids.ts";

/**
 * people:   [{n, bot_id, chat_id, version, first_name, …}]  version = the state on which was decided; 0 = he is new
 * rows:     [{slot, id, outcome, person, wipe}]              person = n of people, or null; wipe = its body is not to be kept
 * messages: [{person, …}], effects: [{person, …}]
 */
export type DecisionDocument = { people: object[]; rows: object[]; messages: object[]; effects: object[] };

/**
 * Saves, and returns the rows that were saved. A person's rows are saved together or not at all: not when somebody else changed the
 * person since he was read (his version says so, or he exists although he was new), and not when somebody else has done one of the rows.
 * Rows are locked first, people next, each in the document's order: two batches never wait for each other in a ring.
 */
export async function saveDecisions(sql: Database, document: DecisionDocument, now: Date): Promise<Set<RowId>> {
  const saved = await sql<{ id: RowId }[]>`
    WITH decided AS MATERIALIZED (SELECT ${JSON.stringify(document)}::text::jsonb AS document),
    kept AS MATERIALIZED (
      SELECT r.* FROM decided, jsonb_to_recordset(document -> 'rows') AS r (slot integer, id bigint, outcome text, person integer, wipe boolean)),
    undone AS MATERIALIZED (
      SELECT kept.* FROM kept CROSS JOIN LATERAL (
        SELECT FROM inbox WHERE inbox.slot = kept.slot AND inbox.id = kept.id AND done_at IS NULL LIMIT 1 FOR UPDATE) AS locked),
    ready AS MATERIALIZED (
      SELECT p.* FROM ${people(sql)}
      WHERE NOT EXISTS (SELECT FROM kept WHERE kept.person = p.n AND kept.id NOT IN (SELECT id FROM undone))),
    ${savingReady(sql, now)}
    UPDATE inbox SET done_at = ${now}, outcome = undone.outcome, owner = NULL, due_at = NULL,
      body = CASE WHEN undone.wipe THEN '{}' ELSE body END
    FROM undone
    WHERE inbox.slot = undone.slot AND inbox.id = undone.id AND (undone.person IS NULL OR undone.person IN (SELECT n FROM saved))
    RETURNING inbox.id`;
  return new Set(saved.map((row) => row.id));
}

/** Numbers for rows that are about to be kept, and the slot that is being filled. */
export async function takeNumbers(sql: Database, count: number): Promise<{ slot: Slot; ids: RowId[] }> {
  const [row] = await sql<{ slot: Slot; ids: RowId[] }[]>`
    SELECT (SELECT max(slot) FROM slot) AS slot, ARRAY(SELECT nextval('inbox_id') FROM generate_series(1, ${count})) AS ids`;
  if (!row) throw new Error("PostgreSQL gave no numbers");
  return row;
}

/**
 * Keeps rows and saves what was decided about them before they were kept, in one commit; each row of the document also holds bot_id,
 * update_id, body and received_at. Returns the rows that were saved; the others are kept, owned by `owner`, and still to be done: somebody
 * else had changed their person.
 *
 * Throws when one of the updates was kept before, or the slot is no longer the newest (such a row belongs to no partition): then nothing
 * is kept or saved. Nobody can have dealt with one of these updates since its person was read: that would have changed the person.
 */
export async function saveArrivals(
  sql: Database,
  document: DecisionDocument,
  owner: ProcessId,
  now: Date,
): Promise<Set<RowId>> {
  const rows = await sql<{ id: RowId; is_saved: boolean }[]>`
    WITH decided AS MATERIALIZED (SELECT ${JSON.stringify(document)}::text::jsonb AS document),
    ready AS MATERIALIZED (SELECT p.* FROM ${people(sql)}),
    ${savingReady(sql, now)},
    kept AS MATERIALIZED (
      SELECT r.*, r.person IS NULL OR r.person IN (SELECT n FROM saved) AS is_saved
      FROM decided, jsonb_to_recordset(document -> 'rows') AS r (
        slot integer, id bigint, bot_id bigint, update_id bigint, body text, received_at timestamptz, outcome text, person integer))
    INSERT INTO inbox (slot, id, bot_id, update_id, body, received_at, owner, done_at, outcome)
    SELECT
      CASE WHEN slot = (SELECT max(slot) FROM slot) AND (
          SELECT 1 FROM inbox AS older
          WHERE older.slot < kept.slot AND older.bot_id = kept.bot_id AND older.update_id = kept.update_id LIMIT 1) IS NULL
        THEN slot END,
      id, bot_id, update_id, body, received_at, CASE WHEN NOT is_saved THEN ${owner}::bigint END,
      CASE WHEN is_saved THEN ${now}::timestamptz END, CASE WHEN is_saved THEN outcome END
    FROM kept
    RETURNING id, done_at IS NOT NULL AS is_saved`;
  return new Set(rows.filter((row) => row.is_saved).map((row) => row.id));
}

const people = (sql: Database) => sql`decided, jsonb_to_recordset(document -> 'people') AS p (
        n integer, bot_id bigint, chat_id bigint, version integer, first_name text, last_name text, has_profile boolean, username text, language_code text,
        is_premium boolean, funnel_version_id bigint, step_id text, start_payload text, started_at timestamptz, answered_what text, answered_at timestamptz, blocked_at timestamptz,
        asked text, seen_at timestamptz, last_slot integer, last_row_id bigint)`;

/** Saves the people who are ready, and the messages and effects of those who were as they had been read: `saved` holds their numbers. */
const savingReady = (sql: Database, now: Date) => sql`
    made AS (
      INSERT INTO customer (bot_id, chat_id, version, first_name, last_name, username, language_code, is_premium, funnel_version_id, step_id, start_payload, started_at,
        answered_what, answered_at, blocked_at, asked, created_at, seen_at, last_slot, last_row_id)
      SELECT bot_id, chat_id, 1, first_name, last_name, username, language_code, is_premium, funnel_version_id, step_id, start_payload, started_at,
        answered_what, answered_at, blocked_at, asked, coalesce(seen_at, ${now}), coalesce(seen_at, ${now}), last_slot, last_row_id
      FROM ready WHERE version = 0
      ON CONFLICT (bot_id, chat_id) DO NOTHING RETURNING bot_id, chat_id),
    changed AS (
      UPDATE customer SET version = customer.version + 1,
        first_name = CASE WHEN p.has_profile THEN p.first_name ELSE customer.first_name END,
        last_name = CASE WHEN p.has_profile THEN p.last_name ELSE customer.last_name END,
        username = CASE WHEN p.has_profile THEN p.username ELSE customer.username END,
        language_code = CASE WHEN p.has_profile THEN p.language_code ELSE customer.language_code END,
        is_premium = CASE WHEN p.has_profile THEN p.is_premium ELSE customer.is_premium END,
        funnel_version_id = p.funnel_version_id, step_id = p.step_id,
        start_payload = p.start_payload, started_at = p.started_at, answered_what = p.answered_what, answered_at = p.answered_at,
        blocked_at = p.blocked_at, asked = p.asked, seen_at = coalesce(p.seen_at, customer.seen_at),
        last_slot = coalesce(p.last_slot, customer.last_slot), last_row_id = coalesce(p.last_row_id, customer.last_row_id)
      FROM ready AS p
      WHERE p.version > 0 AND customer.bot_id = p.bot_id AND customer.chat_id = p.chat_id AND customer.version = p.version
      RETURNING customer.bot_id, customer.chat_id),
    saved AS MATERIALIZED (
      SELECT ready.n FROM (SELECT * FROM made UNION ALL SELECT * FROM changed) AS person JOIN ready USING (bot_id, chat_id)),
    message_kept AS (
      INSERT INTO message (bot_id, chat_id, message_id, outgoing, kind, body, file_id, at)
      SELECT m.bot_id, m.chat_id, m.message_id, false, m.kind, m.body, m.file_id, m.at
      FROM decided, jsonb_to_recordset(document -> 'messages') AS m (
        person integer, bot_id bigint, chat_id bigint, message_id bigint, kind text, body text, file_id text, at timestamptz)
      WHERE m.person IN (SELECT n FROM saved)
      ON CONFLICT DO NOTHING),
    effect_kept AS (
      INSERT INTO effect (slot, row_id, n, kind, policy, bot_id, chat_id, body, owner, attempts, due_at, after_slot, after_row_id, created_at)
      SELECT e.slot, e.row_id, e.n, e.kind, e.policy, e.bot_id, e.chat_id, e.body, e.owner, e.attempts, e.due_at, e.after_slot,
        e.after_row_id, ${now}
      FROM decided, jsonb_to_recordset(document -> 'effects') AS e (
        person integer, slot integer, row_id bigint, n smallint, kind text, policy text, bot_id bigint, chat_id bigint, body jsonb,
        owner bigint, attempts smallint, due_at timestamptz, after_slot integer, after_row_id bigint)
      WHERE e.person IN (SELECT n FROM saved))`;
