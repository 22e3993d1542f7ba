-- The one table of the floor.

CREATE TABLE inbox (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  bot_id    bigint NOT NULL,
  update_id bigint NOT NULL,
  body      text NOT NULL,
  UNIQUE (bot_id, update_id)
);
