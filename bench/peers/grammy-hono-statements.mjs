// The statements of grammy-hono.mjs, each prepared once for a connection, each one commit and one round trip.

const KEEP = `
  WITH kept AS (
    INSERT INTO inbox (bot_id, update_id, body) VALUES ($1::bigint, $2::bigint, $3::text) ON CONFLICT (bot_id, update_id) DO NOTHING RETURNING id),
  person AS (
    INSERT INTO customer AS c (bot_id, chat_id, first_name, last_name, start_payload, step_id, started_at, username, language_code, is_premium)
    SELECT $1, $4::bigint, $5::text, $6::text, $7::text, 'boas-vindas', now(), $12::text, $13::text, $14::boolean FROM kept WHERE $8::boolean
    ON CONFLICT (bot_id, chat_id) DO UPDATE SET first_name = excluded.first_name, last_name = excluded.last_name,
      start_payload = coalesce(excluded.start_payload, c.start_payload), started_at = now(), seen_at = now(),
      username = coalesce(excluded.username, c.username), language_code = coalesce(excluded.language_code, c.language_code),
      is_premium = coalesce(excluded.is_premium, c.is_premium)
      -- Tapped again within five seconds it is answered once.
      WHERE c.started_at IS NULL OR c.started_at < now() - interval '5 seconds'
    RETURNING 1),
  message_kept AS (
    INSERT INTO message (bot_id, chat_id, message_id, outgoing, kind, body, at)
    SELECT $1, $4, $9::bigint, false, 'text', $10::text, to_timestamp($11::float8) FROM kept WHERE $9 IS NOT NULL ON CONFLICT DO NOTHING)
  SELECT id, EXISTS (SELECT FROM person) AS answers FROM kept`;

const FINISH = `
  WITH message_kept AS (
    INSERT INTO message (bot_id, chat_id, message_id, outgoing, kind, body, file_id, at)
    SELECT $2::bigint, $3::bigint, $4::bigint, true, 'photo', $5::text, $6::text, to_timestamp($7::float8)
    WHERE $4::bigint IS NOT NULL ON CONFLICT DO NOTHING)
  UPDATE inbox SET done_at = now() WHERE id = $1`;

const PROFILE = `
  UPDATE customer SET username = $3, language_code = $4, is_premium = $5, seen_at = now() WHERE bot_id = $1 AND chat_id = $2`;

export const isStart = (text) => /^\/start(\s|$)/.test(text ?? "");

/** `withProfile`: the profile is saved now; otherwise `profiling` does it later. */
export function keeping(bot, { update_id, message }, body, withProfile) {
  const { chat, from, text, message_id, date } = message ?? {};
  const [, payload] = /^\/start(?:\s+(.*))?$/s.exec(text ?? "") ?? [];
  const person = [chat?.id, from?.first_name, from?.last_name, payload, isStart(text)];
  const profile =
    withProfile && from ? [from.username, from.language_code, from.is_premium ?? false] : [null, null, null];
  return { name: "keep", text: KEEP, values: [bot.id, update_id, body, ...person, message_id, text, date, ...profile] };
}

/** `sent`: Telegram's answer; absent = nothing was sent. */
export function finishing(id, bot, sent) {
  const fileId = sent?.photo?.at(-1)?.file_id;
  const message = [bot?.id, sent?.chat.id, sent?.message_id, sent?.caption, fileId, sent?.date];
  return { name: "finish", text: FINISH, values: [id, ...message] };
}

export function profiling(botId, chatId, { username, language_code, is_premium }) {
  const values = [botId, chatId, username, language_code, is_premium ?? false];
  return { name: "profile", text: PROFILE, values };
}

/** Updates that are not done; few, so they need no plan of their own. */
export function reading() {
  return { text: "SELECT id, bot_id, body FROM inbox WHERE done_at IS NULL ORDER BY id" };
}
