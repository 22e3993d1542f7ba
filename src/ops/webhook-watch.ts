// Asks Telegram about each active bot's webhook in turn, and writes down where it is not as it should be. Each bot's turn comes every 50 s
// while there are at most 500; with more of them it takes longer, so that Telegram is asked ten times a second at most.

import type { Database } from "#db/connect.ts";
import { reasonOf } from "../kernel/errors.ts";
import type { BotId } from "../kernel/ids.ts";
import type { Log } from "../kernel/log.ts";

/** A bot's webhook as Telegram tells it. `expected`: our address; undefined = updates are fetched, so any is right. */
export type WebhookState = {
  url: string;
  expected: string | undefined;
  pending: number;
  error: string | undefined;
  /** How long ago, by Telegram's clock, an update could not be handed over; undefined = never. */
  errorAgoMs: number | undefined;
  /** By how much our clock is ahead of Telegram's; undefined = it did not tell the time. */
  skewMs: number | undefined;
};

/** Undefined: Telegram did not say, or the bot is not active any more. */
export type AskWebhook = (id: BotId) => Promise<WebhookState | undefined>;

export type WebhookWatch = {
  /** Asks about the next bots. */
  round(now: Date): Promise<void>;
  skewMs(): number | undefined;
};

const TURN_ROUNDS = 5;
const MOST_A_ROUND = 100;
const AT_ONCE = 20;
/** An error that is older than two turns may be mended. */
const RECENT_MS = 120_000;
const MANY_PENDING = 100;

/** `looks`: whether webhooks matter here; if not, one bot is asked for the time only. */
export function openWebhookWatch(options: { sql: Database; log: Log; ask: AskWebhook; looks: boolean }): WebhookWatch {
  const { sql, log, ask, looks } = options;
  let after = 0;
  let skewMs: number | undefined;

  async function round(now: Date): Promise<void> {
    const [row] = await sql<{ bots: number }[]>`SELECT count(*)::int AS bots FROM bot WHERE status = 'active'`;
    const most = looks ? Math.min(MOST_A_ROUND, Math.ceil((row?.bots ?? 0) / TURN_ROUNDS)) : 1;
    const next = () => sql<{ id: BotId }[]>`
      SELECT id FROM bot WHERE status = 'active' AND id > ${after} ORDER BY id LIMIT ${most}`;
    let bots = await next();
    // Past the last one it begins anew.
    if (bots.length === 0 && after > 0) {
      after = 0;
      bots = await next();
    }
    after = bots.at(-1)?.id ?? 0;
    if (!looks) await sql`DELETE FROM webhook_trouble`;
    for (let from = 0; from < bots.length; from += AT_ONCE)
      await Promise.all(bots.slice(from, from + AT_ONCE).map(({ id }) => look(id, now)));
  }

  async function look(id: BotId, now: Date): Promise<void> {
    try {
      const state = await ask(id);
      if (!state) return;
      skewMs = state.skewMs ?? skewMs;
      if (looks) await keep(sql, id, troubleOf(state), now);
    } catch (error) {
      log.debug(
        { fact: "webhook.unseen", botId: id, reason: reasonOf(error) },
        "a bot's webhook could not be looked at",
      );
    }
  }

  return { round, skewMs: () => skewMs };
}

type WebhookTrouble = { stolenBy: string | null; error: string | null; pending: number };

function troubleOf({ url, expected, pending, error, errorAgoMs }: WebhookState): WebhookTrouble {
  const stolenBy = expected === undefined || url === expected ? null : originOf(url);
  const fails = errorAgoMs !== undefined && errorAgoMs < RECENT_MS;
  const why = fails ? (error ?? "erro") : "muitas mensagens";
  // What waits at somebody else's address is not for us to deliver.
  const isFailing = stolenBy === null && (fails || pending >= MANY_PENDING);
  return { stolenBy, error: isFailing ? why.slice(0, 100) : null, pending };
}

/** The rest of an address may be somebody's secret. */
function originOf(url: string): string {
  if (url === "") return "";
  return URL.canParse(url) ? new URL(url).host.slice(0, 100) : "?";
}

async function keep(sql: Database, id: BotId, { stolenBy, error, pending }: WebhookTrouble, now: Date): Promise<void> {
  if (stolenBy === null && error === null) await sql`DELETE FROM webhook_trouble WHERE bot_id = ${id}`;
  else
    await sql`
      INSERT INTO webhook_trouble (bot_id, stolen_by, error, pending, seen_at) VALUES (${id}, ${stolenBy}, ${error}, ${pending}, ${now})
      ON CONFLICT (bot_id) DO UPDATE SET stolen_by = excluded.stolen_by, error = excluded.error, pending = excluded.pending, seen_at = excluded.seen_at`;
}
