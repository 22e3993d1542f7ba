-- What the program of grammy-hono.mjs keeps: the same facts as grimbots, in the tables that a careful engineer would make for them.

CREATE TABLE inbox (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  bot_id      bigint NOT NULL,
  update_id   bigint NOT NULL,
  body        text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  -- Null = not dealt with to its end: looked for when the program starts.
  done_at     timestamptz,
  UNIQUE (bot_id, update_id)
) WITH (fillfactor = 80);
CREATE INDEX inbox_undone ON inbox (id) WHERE done_at IS NULL;

CREATE TABLE customer (
  bot_id        bigint NOT NULL,
  chat_id       bigint NOT NULL,
  first_name    text,
  last_name     text,
  username      text,
  language_code text,
  is_premium    boolean,
  start_payload text,
  step_id       text,
  started_at    timestamptz,
  created_at    timestamptz NOT NULL DEFAULT now(),
  seen_at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (bot_id, chat_id)
) WITH (fillfactor = 80);

CREATE TABLE message (
  bot_id     bigint NOT NULL,
  chat_id    bigint NOT NULL,
  message_id bigint NOT NULL,
  outgoing   boolean NOT NULL,
  kind       text NOT NULL,
  body       text,
  file_id    text,
  at         timestamptz NOT NULL,
  PRIMARY KEY (bot_id, chat_id, message_id, outgoing)
);
