// Broadcasts in SQL as sellers see them: made, shown, paused, resumed, cancelled. What is not the seller's is not there.

import type { Database } from "#db/connect.ts";
import { RejectedError } from "../kernel/errors.ts";
import type { BotId, BroadcastId, TenantId } from "../kernel/ids.ts";
import { type Content, contentJson } from "./content.ts";

export type BroadcastState = "sending" | "paused" | "done" | "cancelled";

/** `rate`: messages per second · `reason`: why the program paused it · `total` = sent + refused + unknown + skipped when it is done. */
export type Broadcast = {
  id: BroadcastId;
  botId: BotId;
  state: BroadcastState;
  reason: string | null;
  rate: number;
  total: number;
  recipients: number;
  sent: number;
  refused: number;
  unknown: number;
  skipped: number;
  createdAt: Date;
  finishedAt: Date | null;
};

export type Made = { broadcastId: BroadcastId; recipients: number };

/**
 * Makes a broadcast to everybody who is the bot's customer now; undefined when there is no such bot. `tenantId` null = whoever's it is.
 * Throws RejectedError 400 when it shows a file that the seller has not uploaded.
 */
export async function makeBroadcast(
  sql: Database,
  { tenantId, botId, content, rate }: { tenantId: TenantId | null; botId: BotId; content: Content; rate: number },
  now: Date,
): Promise<Made | undefined> {
  const [bot] = await sql<{ owner: TenantId }[]>`
    SELECT tenant_id AS owner FROM bot WHERE id = ${botId} AND (tenant_id = ${tenantId} OR ${tenantId}::bigint IS NULL)`;
  if (!bot) return undefined;
  await needAsset(sql, bot.owner, content);
  const [made] = await sql<Made[]>`
    INSERT INTO broadcast (tenant_id, bot_id, content, rate, total, recipients, last_customer_id, created_at)
    SELECT ${bot.owner}, ${botId}, ${contentJson(content)}::text::jsonb, ${rate}, count(*), count(*) FILTER (WHERE blocked_at IS NULL),
      coalesce(max(id), 0), ${now}
    FROM customer WHERE bot_id = ${botId}
    RETURNING id AS "broadcastId", recipients`;
  return made;
}

async function needAsset(sql: Database, tenantId: TenantId, { media }: Content): Promise<void> {
  if (media === undefined || !("asset" in media.source)) return;
  const [asset] = await sql`SELECT 1 FROM asset WHERE tenant_id = ${tenantId} AND sha256 = ${media.source.asset}`;
  if (!asset) throw new RejectedError(400, "mídia: o arquivo não foi enviado.");
}

const columns = (sql: Database) => sql`
  id, bot_id AS "botId", state, reason, rate, total, recipients, sent, refused, unknown, skipped, created_at AS "createdAt",
  finished_at AS "finishedAt"`;

/** One broadcast with what it says; undefined when it is not this seller's. */
export async function readBroadcast(
  sql: Database,
  tenantId: TenantId,
  id: BroadcastId,
): Promise<(Broadcast & { content: Content }) | undefined> {
  const [row] = await sql<(Broadcast & { content: Content })[]>`
    SELECT ${columns(sql)}, content FROM broadcast WHERE id = ${id} AND tenant_id = ${tenantId}`;
  return row;
}

/** A seller's broadcasts, the newest first, below an id. */
export async function listBroadcasts(
  sql: Database,
  tenantId: TenantId,
  { before, limit }: { before: number; limit: number },
): Promise<Broadcast[]> {
  return sql<Broadcast[]>`
    SELECT ${columns(sql)} FROM broadcast WHERE tenant_id = ${tenantId} AND id < ${before} ORDER BY id DESC LIMIT ${limit}`;
}

export type Move = "pause" | "resume" | "cancel";

/** From where each leads where; in its own end it changes nothing. */
const MOVES: Record<Move, { from: BroadcastState[]; to: BroadcastState }> = {
  pause: { from: ["sending"], to: "paused" },
  resume: { from: ["paused"], to: "sending" },
  cancel: { from: ["sending", "paused"], to: "cancelled" },
};

/** Moves a broadcast and shows it; undefined when it is not this seller's. Throws RejectedError 409 when it is over. */
export async function moveBroadcast(
  sql: Database,
  tenantId: TenantId,
  id: BroadcastId,
  move: Move,
  now: Date,
): Promise<Broadcast | undefined> {
  const { from, to } = MOVES[move];
  const [moved] = await sql<Broadcast[]>`
    UPDATE broadcast SET state = ${to}, reason = NULL, finished_at = CASE WHEN ${to} = 'cancelled' THEN ${now}::timestamptz END
    WHERE id = ${id} AND tenant_id = ${tenantId} AND state = ANY(${from}::text[]) RETURNING ${columns(sql)}`;
  if (moved) return moved;
  const found = await readBroadcast(sql, tenantId, id);
  if (!found) return undefined;
  if (found.state !== to)
    throw new RejectedError(409, `Broadcast ${id} is ${found.state}: it cannot be changed any more.`);
  const { content: _, ...shown } = found;
  return shown;
}
