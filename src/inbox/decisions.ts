// Saves what was decided about a batch of rows: one statement, so all of it or nothing, and no lock outlives a broken connection or a
// frozen process.

import type { Database } from "#db/connect.ts";
import type { BotId, RowId, UpdateId } from "../kernel/ids.ts";
import type { RowKey } from "./line.ts";

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
  const saved = await sql.unsafe<{ id: RowId }[]>(SAVE_DECISIONS, valuesOf(document, now), { prepare: true });
  return new Set(saved.map((row) => row.id));
}

/** An update as it was kept. */
export type KeptArrival = RowKey & { bot_id: BotId; update_id: UpdateId };

/**
 * Keeps updates together with what was decided about them, in one commit. The rows of the document also hold bot_id, update_id, body and
 * received_at; they have no numbers yet: wherever the document names a row it is by its place, from 0, and the statement numbers them.
 *
 * Returns those that are kept and saved. The others are not kept: their person is not as he was thought to be.
 *
 * Throws when one of the updates was kept before, or the slot is no longer the newest (such a row belongs to no partition): then nothing
 * is kept or saved. Nobody can have dealt with one of these updates since its person was read: that would have changed the person.
 */
export async function saveArrivals(sql: Database, document: DecisionDocument, now: Date): Promise<KeptArrival[]> {
  return sql.unsafe<KeptArrival[]>(SAVE_ARRIVALS, valuesOf(document, now), { prepare: true });
}

/** What stands for $1 to $6 below. Each list is JSON of its own: as one document it would be read several times over. */
const valuesOf = ({ people, rows, messages, effects }: DecisionDocument, now: Date) => [
  ...[people, rows, messages, effects].map((list) => JSON.stringify(list)),
  now,
  people.length,
];

// The statements are whole texts, put together once: this is the hottest of the program's paths.

const PEOPLE = `json_to_recordset($1::text::json) AS p (
        n integer, bot_id bigint, chat_id bigint, version integer, first_name text, last_name text, has_profile boolean, username text, language_code text,
        is_premium boolean, funnel_version_id bigint, step_id text, start_payload text, started_at timestamptz, answered_what text, answered_at timestamptz, blocked_at timestamptz,
        asked text, seen_at timestamptz, last_slot integer, last_row_id bigint)`;
const ROWS = "json_to_recordset($2::text::json) AS r";
const MESSAGES = `json_to_recordset($3::text::json) AS m (
        person integer, bot_id bigint, chat_id bigint, message_id bigint, kind text, body text, file_id text, at timestamptz)`;
const EFFECTS = `json_to_recordset($4::text::json) AS e (
        person integer, slot integer, row_id bigint, n smallint, kind text, policy text, bot_id bigint, chat_id bigint, body jsonb,
        owner bigint, attempts smallint, due_at timestamptz, after_slot integer, after_row_id bigint)`;
const NOW = "$5::timestamptz";

/** As a rule everybody was saved, and nobody has to be looked for. */
const isSaved = (person: string): string =>
  `((SELECT are_all FROM whole) OR ${person} = ANY (ARRAY(SELECT n FROM saved)))`;

/** Saves the people who are ready, and the messages and effects of those who were as they had been read: `saved` holds their numbers. */
const SAVING_READY = `
    made AS (
      INSERT INTO customer (bot_id, chat_id, version, first_name, last_name, username, language_code, is_premium, funnel_version_id, step_id, start_payload, started_at,
        answered_what, answered_at, blocked_at, asked, created_at, seen_at, last_slot, last_row_id)
      SELECT bot_id, chat_id, 1, first_name, last_name, username, language_code, is_premium, funnel_version_id, step_id, start_payload, started_at,
        answered_what, answered_at, blocked_at, asked, coalesce(seen_at, ${NOW}), coalesce(seen_at, ${NOW}), last_slot, last_row_id
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
    whole AS MATERIALIZED (
      SELECT (SELECT count(*) FROM made) + (SELECT count(*) FROM changed) = $6::integer AS are_all),
    saved AS MATERIALIZED (
      SELECT ready.n FROM (SELECT * FROM made UNION ALL SELECT * FROM changed) AS person JOIN ready USING (bot_id, chat_id)),
    message_kept AS (
      INSERT INTO message (bot_id, chat_id, message_id, outgoing, kind, body, file_id, at)
      SELECT m.bot_id, m.chat_id, m.message_id, false, m.kind, m.body, m.file_id, m.at
      FROM ${MESSAGES}
      WHERE ${isSaved("m.person")}
      ON CONFLICT DO NOTHING),
    effect_kept AS (
      INSERT INTO effect (slot, row_id, n, kind, policy, bot_id, chat_id, body, owner, attempts, due_at, after_slot, after_row_id, created_at)
      SELECT slot, row_id, n, kind, policy, bot_id, chat_id, body, owner, attempts, due_at, after_slot, after_row_id, ${NOW}
      FROM told WHERE ${isSaved("told.person")})`;

const SAVE_DECISIONS = `
    WITH kept AS MATERIALIZED (
      SELECT r.* FROM ${ROWS} (slot integer, id bigint, outcome text, person integer, wipe boolean)),
    undone AS MATERIALIZED (
      SELECT kept.* FROM kept CROSS JOIN LATERAL (
        SELECT FROM inbox WHERE inbox.slot = kept.slot AND inbox.id = kept.id AND done_at IS NULL LIMIT 1 FOR UPDATE) AS locked),
    ready AS MATERIALIZED (
      SELECT p.* FROM ${PEOPLE}
      WHERE NOT EXISTS (SELECT FROM kept WHERE kept.person = p.n AND kept.id NOT IN (SELECT id FROM undone))),
    told AS (SELECT e.* FROM ${EFFECTS}),
    ${SAVING_READY}
    UPDATE inbox SET done_at = ${NOW}, outcome = undone.outcome, owner = NULL, due_at = NULL,
      body = CASE WHEN undone.wipe THEN '{}' ELSE body END
    FROM undone
    WHERE inbox.slot = undone.slot AND inbox.id = undone.id AND (undone.person IS NULL OR ${isSaved("undone.person")})
    RETURNING inbox.id`;

const SAVE_ARRIVALS = `
    WITH kept AS MATERIALIZED (
      SELECT nextval('inbox_id') AS number, (SELECT max(slot) FROM slot) AS newest, r.*
      FROM ${ROWS} (
        id integer, bot_id bigint, update_id bigint, body text, received_at timestamptz, outcome text, person integer)),
    numbers AS MATERIALIZED (SELECT array_agg(number ORDER BY id) AS of_row, max(newest) AS newest FROM kept),
    ready AS MATERIALIZED (
      SELECT p.n, p.bot_id, p.chat_id, p.version, p.first_name, p.last_name, p.has_profile, p.username, p.language_code, p.is_premium,
        p.funnel_version_id, p.step_id, p.start_payload, p.started_at, p.answered_what, p.answered_at, p.blocked_at, p.asked, p.seen_at,
        CASE WHEN p.last_row_id IS NOT NULL THEN numbers.newest END AS last_slot, numbers.of_row[p.last_row_id + 1] AS last_row_id
      FROM numbers, ${PEOPLE}),
    told AS (
      SELECT e.person, numbers.newest AS slot, numbers.of_row[e.row_id + 1] AS row_id, e.n, e.kind, e.policy, e.bot_id, e.chat_id, e.body,
        e.owner, e.attempts, e.due_at, e.after_slot, e.after_row_id
      FROM numbers, ${EFFECTS}),
    ${SAVING_READY}
    INSERT INTO inbox (slot, id, bot_id, update_id, body, received_at, done_at, outcome)
    SELECT
      -- The look-up is a scalar subquery on purpose: one index probe, whatever the planner thinks of the table's size.
      CASE WHEN (
          SELECT 1 FROM inbox AS older
          WHERE older.slot < kept.newest AND older.bot_id = kept.bot_id AND older.update_id = kept.update_id LIMIT 1) IS NULL
        THEN newest END,
      number, bot_id, update_id, body, received_at, ${NOW}, outcome
    FROM kept WHERE person IS NULL OR ${isSaved("kept.person")}
    RETURNING slot, id, bot_id, update_id`;
