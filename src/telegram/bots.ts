// The bots as this process knows them: read when an update comes for one, forgotten when somebody says that it changed.
// Nothing is loaded at the start, so ten thousand bots cost a process nothing until they speak.

import type { Database } from "#db/connect.ts";
import { batch } from "../kernel/batch.ts";
import { createCache } from "../kernel/cache.ts";
import { reasonOf } from "../kernel/errors.ts";
import type { BotId, FunnelVersionId, TenantId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import type { Log } from "../kernel/log.ts";
import type { Keyring } from "../kernel/secret.ts";
import { createTelegramApi, type TelegramApi } from "./api.ts";

export type BotStatus = "active" | "paused" | "token_revoked";

export type Bot = {
  id: BotId;
  tenantId: TenantId;
  username: string;
  status: BotStatus;
  secretHash: Uint8Array;
  funnelVersionId: FunnelVersionId | null;
  /** Milliseconds since 1970 before which nothing is sent for this bot (Telegram said 429); 0 = no pause. */
  pausedUntilMs: number;
  /** The Bot API with this bot's token, opened when it is first needed. */
  api(): TelegramApi;
  /** The address of this bot's own API; it holds the token, so it is never written anywhere. */
  apiUrl(): string;
};

export type Bots = {
  /** The bot, from memory when it is there and fresh. */
  find(id: BotId): Promise<Bot | undefined>;
  /**
   * Telegram no longer takes the token that `bot` holds: its sends stop, everybody can see it. False: it has been given another token since,
   * which the next `find` brings; what was refused is worth another try.
   */
  revoke(bot: Bot): Promise<boolean>;
  /** Telegram asked for a pause: in force here at once, then kept and told to the other processes. Never throws. */
  pause(id: BotId, until: Date): Promise<void>;
  close(): Promise<void>;
};

/** The channel on which every change of a bot is told; the payload is its id. */
export const BOT_CHANGED = "bot_changed";

type Entry = { bot: Bot | undefined; readMs: number };

export async function openBots(options: { sql: Database; keyring: Keyring; apiRoot: string; log: Log }): Promise<Bots> {
  const { sql, keyring, apiRoot, log } = options;
  const known = createCache<BotId, Entry>(limits.botsInMemory);
  const reader = batch<BotId, Bot | undefined>({ maxItems: 500, run: (ids) => readBots(sql, keyring, apiRoot, ids) });

  /** Notices of changes so far. What was read while one came may be from before that change, so it is not remembered. */
  let notices = 0;

  async function read(id: BotId): Promise<Bot | undefined> {
    const noticesBefore = notices;
    const bot = await reader.add(id);
    if (notices === noticesBefore) known.set(id, { bot, readMs: performance.now() });
    return bot;
  }

  function refresh(id: BotId, entry: Entry): void {
    // Asked once per period: the entry counts as fresh while it is read again.
    entry.readMs = performance.now();
    read(id).catch((error) =>
      log.warn({ fact: "bot.stale", botId: id, reason: reasonOf(error) }, "a bot could not be read again"),
    );
  }

  const listener = await sql.listen(
    BOT_CHANGED,
    (id) => {
      notices += 1;
      known.delete(Number(id) as BotId);
    },
    // After a broken connection notices may have been missed.
    () => {
      notices += 1;
      known.clear();
    },
  );

  return {
    find(id) {
      const entry = known.get(id);
      if (!entry) return read(id);
      const ageMs = performance.now() - entry.readMs;
      // Whoever may not speak loses what he would have said: that he may again is found within seconds, even if nobody told.
      if (ageMs > (entry.bot?.status === "active" ? limits.botFreshMs : limits.botFreshMs / 10)) refresh(id, entry);
      return Promise.resolve(entry.bot);
    },
    async revoke(bot) {
      const { id } = bot;
      known.delete(id);
      const [row] = await readRows(sql, [id]);
      if (!row || row.status === "token_revoked") return true;
      // The refusal may be about a token that was replaced while the call was under way, or of which this process was not told.
      if (asBot(row, keyring, apiRoot).apiUrl() !== bot.apiUrl()) return false;
      const changed = await sql`WITH changed AS (
          UPDATE bot SET status = 'token_revoked', status_at = now() WHERE id = ${id} AND token_sealed = ${row.token_sealed} RETURNING id)
        SELECT pg_notify(${BOT_CHANGED}, id::text) FROM changed`;
      if (changed.count === 0) return false;
      log.error({ fact: "bot.token_revoked", botId: id }, "Telegram no longer takes the bot's token; its sends stop");
      return true;
    },
    async pause(id, until) {
      const entry = known.get(id);
      // This process knows it before the statement is on its way: not one more call goes out.
      if (entry?.bot) entry.bot.pausedUntilMs = Math.max(entry.bot.pausedUntilMs, until.getTime());
      try {
        await sql`WITH changed AS (
            UPDATE bot SET paused_until = ${until} WHERE id = ${id} AND (paused_until IS NULL OR paused_until < ${until}) RETURNING id)
          SELECT pg_notify(${BOT_CHANGED}, id::text) FROM changed`;
      } catch (error) {
        log.warn(
          { fact: "bot.flood_untold", botId: id, reason: reasonOf(error) },
          "the other processes were not told of a pause",
        );
      }
      log.warn({ fact: "bot.flood", botId: id, until }, "Telegram asked this bot to pause");
    },
    close: () => listener.unlisten(),
  };
}

type BotRow = {
  id: BotId;
  tenant_id: TenantId;
  username: string;
  status: BotStatus;
  token_sealed: string;
  secret_hash: Uint8Array;
  funnel_version_id: FunnelVersionId | null;
  paused_until: Date | null;
};

const readRows = (sql: Database, ids: BotId[]) => sql<BotRow[]>`
  SELECT id, tenant_id, username, status, token_sealed, secret_hash, funnel_version_id, paused_until
  FROM bot WHERE id = ANY(${ids}::bigint[])`;

async function readBots(sql: Database, keyring: Keyring, apiRoot: string, ids: BotId[]): Promise<(Bot | undefined)[]> {
  const byId = new Map((await readRows(sql, ids)).map((row) => [row.id, row]));
  return ids.map((id) => {
    const row = byId.get(id);
    return row && asBot(row, keyring, apiRoot);
  });
}

function asBot(row: BotRow, keyring: Keyring, apiRoot: string): Bot {
  let api: TelegramApi | undefined;
  return {
    id: row.id,
    tenantId: row.tenant_id,
    username: row.username,
    status: row.status,
    secretHash: row.secret_hash,
    funnelVersionId: row.funnel_version_id,
    pausedUntilMs: row.paused_until?.getTime() ?? 0,
    apiUrl: () => `${apiRoot}/bot${keyring.open(row.token_sealed, tokenPlace(row.id))}`,
    api: () => {
      api ??= createTelegramApi(keyring.open(row.token_sealed, tokenPlace(row.id)), apiRoot);
      return api;
    },
  };
}

/** Where a bot's token and webhook secret are sealed for. */
export const tokenPlace = (id: BotId): string => `bot.token_sealed:${id}`;
export const secretPlace = (id: BotId): string => `bot.secret_sealed:${id}`;
