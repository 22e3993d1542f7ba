-- The line's own steps, each one statement for its caller: a connection that breaks leaves nothing half done, and a process that freezes
-- holds no lock while it sleeps.

-- Grows with every decision on a customer: who decided on an older state is told to decide again.
ALTER TABLE customer ADD COLUMN version integer NOT NULL DEFAULT 0;

-- Saves what was decided about a batch of rows, and returns the rows that were saved.
--
-- decided: people   [{n, bot_id, chat_id, version, changed, first_name, …}]  version = the state on which the decision was made, 0 = new
--          rows     [{slot, id, outcome, person}]                            person = n of people, or null
--          messages [{person, …}]    effects [{person, …}]
--
-- A person's rows are saved together or not at all: not when somebody else changed the person since he was read, and not when somebody
-- else has done one of the rows. Rows first, people next, each in one order everywhere: two batches never wait for each other in a ring.
CREATE FUNCTION save_decisions(decided jsonb, at timestamptz) RETURNS SETOF bigint LANGUAGE plpgsql AS $$
DECLARE
  undone bigint[];
  saved integer[];
BEGIN
  INSERT INTO customer (bot_id, chat_id, first_name, last_name, created_at, seen_at)
  SELECT p.bot_id, p.chat_id, p.first_name, p.last_name, at, at
  FROM jsonb_to_recordset(decided -> 'people') AS p (bot_id bigint, chat_id bigint, version integer, first_name text, last_name text)
  WHERE p.version = 0 ORDER BY p.bot_id, p.chat_id
  ON CONFLICT (bot_id, chat_id) DO NOTHING;

  undone := ARRAY(
    SELECT kept.id FROM jsonb_to_recordset(decided -> 'rows') AS r (slot integer, id bigint)
    CROSS JOIN LATERAL (
      SELECT inbox.id FROM inbox WHERE inbox.slot = r.slot AND inbox.id = r.id AND done_at IS NULL LIMIT 1 FOR UPDATE) AS kept);

  saved := ARRAY(
    SELECT p.n FROM jsonb_to_recordset(decided -> 'people') AS p (n integer, bot_id bigint, chat_id bigint, version integer)
    CROSS JOIN LATERAL (
      SELECT customer.version FROM customer
      WHERE customer.bot_id = p.bot_id AND customer.chat_id = p.chat_id LIMIT 1 FOR UPDATE) AS now
    WHERE now.version = p.version);
  saved := ARRAY(
    SELECT unnest(saved)
    EXCEPT SELECT r.person FROM jsonb_to_recordset(decided -> 'rows') AS r (id bigint, person integer) WHERE r.id <> ALL (undone));

  UPDATE customer SET version = customer.version + 1, funnel_version_id = p.funnel_version_id, step_id = p.step_id,
    start_payload = p.start_payload, started_at = p.started_at, answered_what = p.answered_what, answered_at = p.answered_at,
    blocked_at = p.blocked_at, seen_at = p.seen_at,
    last_slot = coalesce(p.last_slot, customer.last_slot), last_row_id = coalesce(p.last_row_id, customer.last_row_id)
  FROM jsonb_to_recordset(decided -> 'people') AS p (
    n integer, bot_id bigint, chat_id bigint, changed boolean, funnel_version_id bigint, step_id text, start_payload text,
    started_at timestamptz, answered_what text, answered_at timestamptz, blocked_at timestamptz, seen_at timestamptz,
    last_slot integer, last_row_id bigint)
  WHERE p.changed AND p.n = ANY (saved) AND customer.bot_id = p.bot_id AND customer.chat_id = p.chat_id;

  INSERT INTO message (bot_id, chat_id, message_id, outgoing, kind, body, file_id, at)
  SELECT m.bot_id, m.chat_id, m.message_id, false, m.kind, m.body, m.file_id, m.at
  FROM jsonb_to_recordset(decided -> 'messages') AS m (
    person integer, bot_id bigint, chat_id bigint, message_id bigint, kind text, body text, file_id text, at timestamptz)
  WHERE m.person = ANY (saved)
  ON CONFLICT DO NOTHING;

  INSERT INTO effect (slot, row_id, n, kind, policy, bot_id, chat_id, body, owner, attempts, due_at, after_slot, after_row_id, created_at)
  SELECT e.slot, e.row_id, e.n, e.kind, e.policy, e.bot_id, e.chat_id, e.body, e.owner, e.attempts, e.due_at, e.after_slot,
    e.after_row_id, save_decisions.at
  FROM jsonb_to_recordset(decided -> 'effects') AS e (
    person integer, slot integer, row_id bigint, n smallint, kind text, policy text, bot_id bigint, chat_id bigint, body jsonb,
    owner bigint, attempts smallint, due_at timestamptz, after_slot integer, after_row_id bigint)
  WHERE e.person = ANY (saved);

  RETURN QUERY
    UPDATE inbox SET done_at = at, outcome = r.outcome, owner = NULL, due_at = NULL
    FROM jsonb_to_recordset(decided -> 'rows') AS r (slot integer, id bigint, outcome text, person integer)
    WHERE inbox.slot = r.slot AND inbox.id = r.id AND inbox.id = ANY (undone) AND (r.person IS NULL OR r.person = ANY (saved))
    RETURNING inbox.id;
END $$;

-- Whose lease is in force. `grace`: how much older than its last renewal a lease may be.
CREATE FUNCTION living(grace interval) RETURNS SETOF bigint LANGUAGE sql STABLE AS
$$ SELECT id FROM process WHERE beat_at > clock_timestamp() - grace $$;

-- Opens the next slot when the newest was opened before `full_before`. The lock is the one that a new partition needs, taken at once and
-- in the order in which the line touches the tables: who holds a weaker one and asks for it later meets the line in a ring. Whoever waits
-- for it holds up all who come after him, so it gives up soon, and the clock comes again.
CREATE FUNCTION open_slot(at timestamptz, full_before timestamptz) RETURNS integer LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
DECLARE
  newest integer;
BEGIN
  IF NOT EXISTS (SELECT FROM slot WHERE slot = (SELECT max(slot) FROM slot) AND opened_at <= full_before) THEN RETURN NULL; END IF;
  LOCK TABLE inbox, effect IN ACCESS EXCLUSIVE MODE;
  SELECT max(slot) INTO newest FROM slot HAVING max(opened_at) <= full_before;
  IF newest IS NULL THEN RETURN NULL; END IF;
  EXECUTE format('CREATE TABLE inbox_%s PARTITION OF inbox FOR VALUES IN (%s) WITH (fillfactor = 70)', newest + 1, newest + 1);
  EXECUTE format('CREATE TABLE effect_%s PARTITION OF effect FOR VALUES IN (%s) WITH (fillfactor = 70)', newest + 1, newest + 1);
  INSERT INTO slot (slot, opened_at) VALUES (newest + 1, at);
  RETURN newest + 1;
END $$;

-- Drops a slot unless something in it is unfinished: below the sweep's marks everything is finished or has a due time.
CREATE FUNCTION drop_slot(old integer) RETURNS boolean LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
BEGIN
  IF EXISTS (SELECT FROM slot JOIN inbox USING (slot) WHERE slot = old AND id > swept_row_id AND done_at IS NULL)
    OR EXISTS (SELECT FROM inbox WHERE slot = old AND due_at IS NOT NULL)
    OR EXISTS (SELECT FROM slot JOIN effect USING (slot) WHERE slot = old AND row_id > swept_effect_row_id AND state = 'pending')
    OR EXISTS (SELECT FROM effect WHERE slot = old AND due_at IS NOT NULL) THEN RETURN false; END IF;
  LOCK TABLE inbox, effect IN ACCESS EXCLUSIVE MODE;
  EXECUTE format('DROP TABLE IF EXISTS inbox_%s, effect_%s', old, old);
  DELETE FROM slot WHERE slot = old;
  RETURN true;
END $$;

-- Finds what was left behind, and puts it off until `again_at`, so that it is left alone for a while and then found again.
--
-- Left behind is a row or effect that is not finished and whose owner is dead (only when `may_judge`); one without an owner that is older
-- than `free_before`, so that no queue knows it any more; and one whose due time has come. Two marks per slot say up to where everything
-- is finished or has a due time: reading goes on from there, so that no index on the state is needed and finishing a row stays an update
-- in place. `settled`: {slot: the highest number below which no commit can appear any more}.
CREATE FUNCTION sweep(at timestamptz, free_before timestamptz, again_at timestamptz, may_judge boolean, grace interval, settled jsonb, most integer)
RETURNS TABLE (what text, slot integer, id bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  s record;
  upto bigint;
  first_waiting bigint;
  first_undone bigint;
  first_pending bigint;
BEGIN
  -- One sweeps at a time, over all processes.
  IF NOT pg_try_advisory_xact_lock(7246002) THEN RETURN; END IF;

  FOR s IN SELECT * FROM slot ORDER BY slot LOOP
    upto := coalesce((settled ->> s.slot::text)::bigint, 0);
    first_waiting := (SELECT t.id FROM inbox AS t
      WHERE t.slot = s.slot AND t.id > s.swept_row_id AND t.done_at IS NULL AND t.due_at IS NULL ORDER BY t.id LIMIT 1);
    first_undone := least(first_waiting, (SELECT min(t.id) FROM inbox AS t WHERE t.slot = s.slot AND t.due_at IS NOT NULL AND t.done_at IS NULL));
    -- Read after the undone rows: effects that appear in between belong to rows that were undone, and the mark stays below those.
    first_pending := (SELECT t.row_id FROM effect AS t
      WHERE t.slot = s.slot AND t.row_id > s.swept_effect_row_id AND t.state = 'pending' AND t.due_at IS NULL ORDER BY t.row_id LIMIT 1);

    RETURN QUERY UPDATE inbox SET due_at = again_at, owner = NULL
      WHERE inbox.slot = s.slot AND inbox.id = ANY (ARRAY(
        SELECT t.id FROM inbox AS t
        WHERE t.slot = s.slot AND t.id > s.swept_row_id AND t.done_at IS NULL AND t.due_at IS NULL
          AND CASE WHEN t.owner IS NULL THEN t.received_at < free_before ELSE may_judge AND t.owner NOT IN (SELECT living(grace)) END
        ORDER BY t.id LIMIT most FOR UPDATE SKIP LOCKED))
      RETURNING 'row', inbox.slot, inbox.id;

    -- The owner stays written on an effect: whoever claims it must know that a dead process may have begun it.
    RETURN QUERY UPDATE effect SET due_at = again_at
      WHERE effect.slot = s.slot AND effect.due_at IS NULL AND effect.state = 'pending' AND effect.row_id = ANY (ARRAY(
        SELECT t.row_id FROM effect AS t
        WHERE t.slot = s.slot AND t.row_id > s.swept_effect_row_id AND t.state = 'pending' AND t.due_at IS NULL
          AND CASE WHEN t.owner IS NULL THEN t.created_at < free_before ELSE may_judge AND t.owner NOT IN (SELECT living(grace)) END
        ORDER BY t.row_id LIMIT most FOR UPDATE SKIP LOCKED))
        AND CASE WHEN effect.owner IS NULL THEN effect.created_at < free_before ELSE may_judge AND effect.owner NOT IN (SELECT living(grace)) END
      RETURNING 'effect', effect.slot, effect.row_id;

    UPDATE slot SET
      swept_row_id = greatest(swept_row_id, least(upto, first_waiting - 1)),
      swept_effect_row_id = greatest(swept_effect_row_id, least(upto, first_pending - 1, first_undone - 1))
    WHERE slot.slot = s.slot;
  END LOOP;

  RETURN QUERY WITH due AS MATERIALIZED (
      SELECT t.slot, t.id FROM inbox AS t
      WHERE t.due_at <= at AND t.done_at IS NULL AND (t.owner IS NULL OR may_judge AND t.owner NOT IN (SELECT living(grace)))
      ORDER BY t.due_at LIMIT most FOR UPDATE SKIP LOCKED)
    UPDATE inbox SET due_at = again_at, owner = NULL FROM due WHERE inbox.slot = due.slot AND inbox.id = due.id
    RETURNING 'row', inbox.slot, inbox.id;

  -- A message whose chat has an earlier unfinished one is not due yet, whatever its time says.
  RETURN QUERY WITH due AS MATERIALIZED (
      SELECT t.slot, t.row_id, t.n FROM effect AS t
      WHERE t.due_at <= at AND t.state = 'pending' AND (t.owner IS NULL OR may_judge AND t.owner NOT IN (SELECT living(grace)))
        AND (SELECT 1 FROM effect AS earlier WHERE earlier.slot = t.after_slot AND earlier.row_id = t.after_row_id
               AND earlier.kind = 'send' AND earlier.state = 'pending' LIMIT 1) IS NULL
      ORDER BY t.due_at LIMIT most FOR UPDATE SKIP LOCKED)
    UPDATE effect SET due_at = again_at FROM due WHERE effect.slot = due.slot AND effect.row_id = due.row_id AND effect.n = due.n
    RETURNING 'effect', effect.slot, effect.row_id;
END $$;
