-- Steps of the line that take several statements, each one statement for its caller: a connection that breaks leaves nothing half done,
-- and a process that freezes holds no lock while it sleeps.

-- Grows with every decision on a customer, from 1: who decided on an older state decides again (src/inbox/decisions.ts).
ALTER TABLE customer ADD COLUMN version integer NOT NULL DEFAULT 0;

-- What the sweep looks for. Most rows are done when they come (src/at-once.ts) and never enter it.
CREATE INDEX inbox_undone ON inbox (id) WHERE done_at IS NULL;

-- Whose lease is in force. `grace`: how much older than its last renewal a lease may be.
CREATE FUNCTION living(grace interval) RETURNS SETOF bigint LANGUAGE sql STABLE AS
$$ SELECT id FROM process WHERE beat_at > clock_timestamp() - grace $$;

-- Opens the next slot when the newest was opened before `full_before`. The lock is the one that a new partition needs, taken at once and
-- in the order in which the line touches the tables: who holds a weaker one and asks for it later meets the line in a ring. Whoever waits
-- for it holds up all who come after him, so it gives up soon, and the clock comes again.
CREATE FUNCTION open_slot(at timestamptz, full_before timestamptz) RETURNS integer LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
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
CREATE FUNCTION drop_slot(old integer) RETURNS boolean LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
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
-- in place. That reading is for when somebody has died, and otherwise now and then (`thorough`): it goes over every effect of the last
-- seconds. `settled`: {slot: the highest number below which no commit can appear any more}.
CREATE FUNCTION sweep(
  at timestamptz, free_before timestamptz, again_at timestamptz, may_judge boolean, thorough boolean, grace interval, settled jsonb, most integer)
RETURNS TABLE (what text, slot integer, id bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  s record;
  upto bigint;
  first_waiting bigint;
  first_undone bigint;
  first_pending bigint;
  left_behind bigint[];
BEGIN
  -- One sweeps at a time, over all processes.
  IF NOT pg_try_advisory_xact_lock(7246002) THEN RETURN; END IF;

  thorough := thorough OR may_judge AND EXISTS (SELECT FROM process WHERE beat_at <= clock_timestamp() - grace);
  -- Whoever has been dead for a minute has nothing left that was not found.
  DELETE FROM process WHERE beat_at < clock_timestamp() - grace - interval '1 minute';

  FOR s IN SELECT * FROM slot WHERE thorough ORDER BY slot LOOP
    upto := coalesce((settled ->> s.slot::text)::bigint, 0);
    first_waiting := (SELECT t.id FROM inbox AS t
      WHERE t.slot = s.slot AND t.id > s.swept_row_id AND t.done_at IS NULL AND t.due_at IS NULL ORDER BY t.id LIMIT 1);
    first_undone := least(first_waiting, (SELECT min(t.id) FROM inbox AS t WHERE t.slot = s.slot AND t.due_at IS NOT NULL AND t.done_at IS NULL));
    -- Read after the undone rows: effects that appear in between belong to rows that were undone, and the mark stays below those.
    SELECT min(t.row_id), array_agg(t.row_id ORDER BY t.row_id) FILTER (WHERE
        CASE WHEN t.owner IS NULL THEN t.created_at < free_before ELSE may_judge AND t.owner NOT IN (SELECT living(grace)) END)
      INTO first_pending, left_behind
      FROM effect AS t WHERE t.slot = s.slot AND t.row_id > s.swept_effect_row_id AND t.state = 'pending' AND t.due_at IS NULL;

    RETURN QUERY UPDATE inbox SET due_at = again_at, owner = NULL
      WHERE inbox.slot = s.slot AND inbox.id = ANY (ARRAY(
        SELECT t.id FROM inbox AS t
        WHERE t.slot = s.slot AND t.id > s.swept_row_id AND t.done_at IS NULL AND t.due_at IS NULL
          AND CASE WHEN t.owner IS NULL THEN t.received_at < free_before ELSE may_judge AND t.owner NOT IN (SELECT living(grace)) END
        ORDER BY t.id LIMIT most FOR UPDATE SKIP LOCKED))
      RETURNING 'row', inbox.slot, inbox.id;

    -- The owner stays written on an effect: whoever claims it must know that a dead process may have begun it.
    RETURN QUERY UPDATE effect SET due_at = again_at
      WHERE effect.slot = s.slot AND effect.row_id = ANY (left_behind[1:most]) AND effect.due_at IS NULL AND effect.state = 'pending'
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
