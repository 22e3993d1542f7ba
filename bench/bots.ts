// Bots by the thousand: copies of one that was added as an operator adds it, each with a token, a secret and a funnel version of its own.

import type { Database } from "#db/connect.ts";
import type { FakeTelegramControl } from "#src/fake-telegram/control.ts";
import type { BotId } from "#src/kernel/ids.ts";
import { hashToken, type Keyring, newToken } from "#src/kernel/secret.ts";
import { secretPlace, tokenPlace } from "#src/telegram/bots.ts";
import type { BenchBot } from "./start-request.ts";

/** A token as Telegram makes them, by the bot's number at Telegram. */
export const benchToken = (n: number): string =>
  `${FIRST_BOT + n}:bench-token-of-35-characters-${String(n).padStart(6, "0")}`;

const FIRST_BOT = 7_000_000_000;
/** Calls of the fake's control that are under way together. */
const TOGETHER = 64;

export type Copying = { sql: Database; keyring: Keyring; fake: FakeTelegramControl; model: BenchBot };

/** Numbers from `first` on. `withReply`: false = their funnel answers nothing to loose text. The model's offers are not copied. */
export async function copyBots(
  { sql, keyring, fake, model }: Copying,
  { first, count, withReply }: { first: number; count: number; withReply: boolean },
): Promise<BenchBot[]> {
  const ids = await sql<{ id: BotId }[]>`
    SELECT nextval(pg_get_serial_sequence('bot', 'id')) AS id FROM generate_series(1, ${count})`;
  const bots = ids.map(({ id }, index) => ({ botId: id, token: benchToken(first + index), secretToken: newToken() }));
  for (let at = 0; at < bots.length; at += TOGETHER)
    await Promise.all(bots.slice(at, at + TOGETHER).map(({ token }) => fake.bot({ token, openChats: true })));
  const rows = bots.map(({ botId, token, secretToken }, index) => ({
    id: botId,
    telegram_id: FIRST_BOT + first + index,
    username: `bench_${first + index}_bot`,
    token_sealed: keyring.seal(token, tokenPlace(botId)),
    secret_sealed: keyring.seal(secretToken, secretPlace(botId)),
    secret_hash: `\\x${hashToken(secretToken).toString("hex")}`,
  }));
  await insertCopies(sql, model.botId, JSON.stringify(rows), withReply);
  return bots;
}

async function insertCopies(sql: Database, modelId: number, rows: string, withReply: boolean): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`
      INSERT INTO bot (id, tenant_id, telegram_id, username, token_sealed, secret_sealed, secret_hash)
      SELECT a.id, model.tenant_id, a.telegram_id, a.username, a.token_sealed, a.secret_sealed, a.secret_hash
      FROM jsonb_populate_recordset(NULL::bot, ${rows}::text::jsonb) AS a, bot AS model WHERE model.id = ${modelId}`;
    await tx`
      WITH version AS (
        INSERT INTO funnel_version (bot_id, version, content)
        SELECT a.id, 1, CASE WHEN ${withReply}::boolean THEN v.content ELSE v.content - 'reply' END
        FROM jsonb_populate_recordset(NULL::bot, ${rows}::text::jsonb) AS a,
          bot AS model JOIN funnel_version AS v ON v.id = model.funnel_version_id
        WHERE model.id = ${modelId} RETURNING id, bot_id)
      UPDATE bot SET funnel_version_id = version.id FROM version WHERE bot.id = version.bot_id`;
    await tx`
      INSERT INTO funnel_button (bot_id, key, funnel_version_id)
      SELECT a.id, b.key, made.funnel_version_id
      FROM jsonb_populate_recordset(NULL::bot, ${rows}::text::jsonb) AS a JOIN bot AS made ON made.id = a.id
        CROSS JOIN funnel_button AS b WHERE b.bot_id = ${modelId}`;
  });
}
