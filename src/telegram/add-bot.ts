// A new bot, or a new token of one that is here: it is tried, kept sealed, and Telegram is told where the updates go; a new bot gets a funnel.

import { readFileSync } from "node:fs";
import type { Database, Transaction } from "#db/connect.ts";
import { checkFunnel, type Funnel } from "../funnel/funnel.ts";
import { sampleFunnel } from "../funnel/sample.ts";
import { samplePhoto } from "../funnel/sample-photo.ts";
import { CommandError, PermanentError } from "../kernel/errors.ts";
import type { BotId, TenantId } from "../kernel/ids.ts";
import { hashToken, type Keyring, newToken } from "../kernel/secret.ts";
import { createTelegramApi, sentenceOf } from "./api.ts";
import { BOT_CHANGED, secretPlace, tokenPlace } from "./bots.ts";
import { publishFunnel } from "./publish-funnel.ts";
import { registerWebhook, webhookUrl } from "./register.ts";

/** `replaced`: the seller had the bot here already, and the token took the place of another one. */
export type AddedBot = {
  botId: BotId;
  username: string;
  webhookUrl: string | null;
  secretToken: string;
  replaced: boolean;
};

const TOKEN = /^\d{3,}:[A-Za-z0-9_-]{3,}$/;

/**
 * Adds a bot. Without a funnel it gets the sample one; without PUBLIC_URL no webhook is set (serve --poll fetches its updates). When the
 * seller has it here already, the token takes the place of the one before, in running processes, too; the bot is active again, and keeps its
 * funnel unless there is a new one. Throws CommandError for a token that Telegram refuses, another seller's bot, or a tenant that is not.
 */
export async function addBot(
  sql: Database,
  options: {
    keyring: Keyring;
    apiRoot: string;
    publicUrl: string | undefined;
    tenantId: TenantId;
    token: string;
    funnel?: Funnel;
  },
): Promise<AddedBot> {
  const { keyring, apiRoot, publicUrl, tenantId, token } = options;
  if (!TOKEN.test(token))
    throw new CommandError("That is no bot token; @BotFather gives them in the form 123456:ABC….", 2);
  const telegram = createTelegramApi(token, apiRoot);
  const me = await orSentence(telegram.api.getMe());
  const given = { keyring, tenantId, token, secretToken: newToken(), telegramId: me.id, username: me.username };
  const { botId, secretToken, replaced } = await sql.begin(async (tx) => {
    const kept = (await replaceToken(tx, given)) ?? (await insertBot(tx, given));
    const funnel = options.funnel ?? (kept.replaced ? undefined : await keepSample(tx, tenantId));
    if (funnel) await publishFunnel(tx, kept.botId, funnel);
    await tx`SELECT pg_notify(${BOT_CHANGED}, ${String(kept.botId)})`;
    return kept;
  });
  const url = webhookUrl(publicUrl, botId) ?? null;
  if (url) await orSentence(registerWebhook(telegram, url, secretToken));
  return { botId, username: me.username, webhookUrl: url, secretToken, replaced };
}

type NewBot = {
  keyring: Keyring;
  tenantId: TenantId;
  token: string;
  secretToken: string;
  telegramId: number;
  username: string;
};

type Kept = Pick<AddedBot, "botId" | "secretToken" | "replaced">;

/** Undefined: there is no such bot. The secret of its webhook stays, so that what is under way gets in, unless no key opens it any more. */
async function replaceToken(tx: Transaction, bot: NewBot): Promise<Kept | undefined> {
  const { keyring, tenantId, token, telegramId, username } = bot;
  const [row] = await tx<{ id: BotId; tenant_id: TenantId; secret_sealed: string }[]>`
    SELECT id, tenant_id, secret_sealed FROM bot WHERE telegram_id = ${telegramId} FOR NO KEY UPDATE`;
  if (!row) return undefined;
  const { id } = row;
  if (row.tenant_id !== tenantId)
    throw new CommandError(`The bot @${username} is here already, as bot ${id} of tenant ${row.tenant_id}.`);
  const secretToken = openSecret(keyring, row.secret_sealed, id) ?? bot.secretToken;
  await tx`
    UPDATE bot SET username = ${username}, status = 'active', status_at = now(), token_sealed = ${keyring.seal(token, tokenPlace(id))},
      secret_sealed = ${keyring.seal(secretToken, secretPlace(id))}, secret_hash = ${hashToken(secretToken)}
    WHERE id = ${id}`;
  return { botId: id, secretToken, replaced: true };
}

function openSecret(keyring: Keyring, sealed: string, id: BotId): string | undefined {
  try {
    return keyring.open(sealed, secretPlace(id));
  } catch (error) {
    if (error instanceof PermanentError) return undefined;
    throw error;
  }
}

async function insertBot(
  tx: Transaction,
  { keyring, tenantId, token, secretToken, telegramId, username }: NewBot,
): Promise<Kept> {
  const [known] = await tx`SELECT 1 FROM tenant WHERE id = ${tenantId}`;
  if (!known) throw new CommandError(`There is no tenant ${tenantId}; \`grimbots tenant add\` makes one.`);
  // The id comes first: it is part of what the token is sealed for.
  const [next] = await tx<{ id: BotId }[]>`SELECT nextval(pg_get_serial_sequence('bot', 'id')) AS id`;
  const id = next?.id as BotId;
  const inserted = await tx`
    INSERT INTO bot (id, tenant_id, telegram_id, username, token_sealed, secret_sealed, secret_hash)
    VALUES (${id}, ${tenantId}, ${telegramId}, ${username}, ${keyring.seal(token, tokenPlace(id))},
      ${keyring.seal(secretToken, secretPlace(id))}, ${hashToken(secretToken)})
    ON CONFLICT (telegram_id) DO NOTHING`;
  if (inserted.count === 0) throw new CommandError(`The bot @${username} is here already.`);
  return { botId: id, secretToken, replaced: false };
}

async function keepSample(tx: Transaction, tenantId: TenantId): Promise<Funnel> {
  await tx`
    INSERT INTO asset (tenant_id, sha256, mime, bytes)
    VALUES (${tenantId}, ${samplePhoto.sha256}, ${samplePhoto.mime}, ${Buffer.from(samplePhoto.bytes)}) ON CONFLICT DO NOTHING`;
  return sampleFunnel(samplePhoto.sha256);
}

async function orSentence<Value>(promise: Promise<Value>): Promise<Value> {
  try {
    return await promise;
  } catch (error) {
    throw new CommandError(sentenceOf(error));
  }
}

/** Reads a funnel from a seller's JSON file; throws CommandError that names every problem. */
export function readFunnelFile(file: string): Funnel {
  const check = checkFunnel(parseFile(file));
  if (!check.ok)
    throw new CommandError(`O funil tem problemas:\n${check.problems.map((problem) => `- ${problem}`).join("\n")}`, 2);
  return check.funnel;
}

function parseFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw new CommandError(`${file} cannot be read as a JSON file.`, 2);
  }
}
