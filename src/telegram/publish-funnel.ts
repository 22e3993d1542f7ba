// Publishes a funnel: the next immutable version of a bot's funnel, and the one that new customers begin.

import type { Database, Transaction } from "#db/connect.ts";
import type { Funnel } from "../funnel/funnel.ts";
import { offersOf } from "../funnel/offers.ts";
import { type SealedFunnel, sealFunnel } from "../funnel/seal.ts";
import type { BotId, FunnelVersionId } from "../kernel/ids.ts";
import { BOT_CHANGED } from "./bots.ts";

/** Saves `funnel` (checked before) as the bot's next version and makes it current: all of it or nothing. */
export async function publishFunnel(
  sql: Database | Transaction,
  botId: BotId,
  funnel: Funnel,
): Promise<{ id: FunnelVersionId; version: number }> {
  const sealed = sealFunnel(funnel, () => crypto.getRandomValues(Buffer.alloc(12)).toString("base64url"));
  return "begin" in sql ? sql.begin((tx) => insertVersion(tx, botId, sealed)) : insertVersion(sql, botId, sealed);
}

async function insertVersion(tx: Transaction, botId: BotId, sealed: SealedFunnel) {
  // In a statement of its own: of two who publish at once the second one then counts the first one's version.
  await tx`SELECT FROM bot WHERE id = ${botId} FOR UPDATE`;
  const [row] = await tx<{ id: FunnelVersionId; version: number }[]>`
    INSERT INTO funnel_version (bot_id, version, content)
    SELECT id, coalesce((SELECT max(version) FROM funnel_version WHERE bot_id = bot.id), 0) + 1, ${JSON.stringify(sealed)}::text::jsonb
    FROM bot WHERE id = ${botId} RETURNING id, version`;
  if (!row) throw new Error(`bot ${botId} does not exist`);
  await tx`
    INSERT INTO funnel_button (bot_id, key, funnel_version_id)
    SELECT ${botId}, key, ${row.id} FROM unnest(${keysIn(sealed)}::text[]) AS key`;
  await insertOffers(tx, botId, row.id, sealed);
  await tx`UPDATE bot SET funnel_version_id = ${row.id} WHERE id = ${botId}`;
  await tx`SELECT pg_notify(${BOT_CHANGED}, ${String(botId)})`;
  return row;
}

/** What the buttons sell, from now on unchangeable. */
async function insertOffers(
  tx: Transaction,
  botId: BotId,
  versionId: FunnelVersionId,
  sealed: SealedFunnel,
): Promise<void> {
  const offers = offersOf(sealed).map(({ priceCents, priceStars, validSeconds, ...offer }) => ({
    ...offer,
    price_cents: priceCents,
    price_stars: priceStars,
    valid_seconds: validSeconds,
  }));
  await tx`
    INSERT INTO offer (bot_id, funnel_version_id, key, product, price_cents, price_stars, valid_seconds, deliver)
    SELECT ${botId}, ${versionId}, key, product, price_cents, price_stars, valid_seconds, deliver
    FROM jsonb_populate_recordset(NULL::offer, ${JSON.stringify(offers)}::text::jsonb)`;
}

function keysIn(funnel: SealedFunnel): string[] {
  return funnel.steps.flatMap((step) =>
    (step.buttons ?? []).flat().flatMap((button) => ("key" in button ? [button.key] : [])),
  );
}
