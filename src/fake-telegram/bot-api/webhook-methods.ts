// Setting, asking about and removing the webhook. Either way a long poll that waits is ended with 409.

import { ApiFailure, badRequest } from "../api-failure.ts";
import { flagOf, integerOf, jsonOf, type Params, textOf } from "../params.ts";
import type { Bot } from "../state.ts";
import { openWebhook } from "../webhook.ts";
import type { Call } from "./call.ts";

const CONNECTIONS_DEFAULT = 40;
const CONNECTIONS_MAX = 100;
const SECRET_MAX = 256;

/** An empty url removes the webhook. max_connections outside 1–100 is moved to the nearer end, as by Telegram. */
export function setWebhook(call: Call): true {
  const { world, bot, token, params } = call;
  const url = textOf(params, "url") ?? "";
  if (url === "") return deleteWebhook(call);
  checkUrl(url);
  const secretToken = textOf(params, "secret_token") ?? "";
  if (secretToken.length > SECRET_MAX) throw badRequest("secret token is too long");
  if (!/^[A-Za-z0-9_-]*$/.test(secretToken)) throw badRequest("secret token contains unallowed characters");
  const wanted = integerOf(params, "max_connections") ?? CONNECTIONS_DEFAULT;
  const maxConnections = Math.min(CONNECTIONS_MAX, Math.max(1, wanted));
  closeWebhook(bot, flagOf(params, "drop_pending_updates"));
  setAllowedUpdates(bot, params);
  bot.webhook = openWebhook(world, bot, { token, url, secretToken, maxConnections });
  return true;
}

/** https anywhere on Telegram's four ports; plain http and any port on this machine. */
function checkUrl(url: string): void {
  const full = url.includes("://") ? url : `https://${url}`;
  if (!URL.canParse(full)) throw badRequest("invalid webhook URL specified");
  const { protocol, hostname, port } = new URL(full);
  const isHere = hostname === "127.0.0.1" || hostname === "localhost";
  if (isHere && (protocol === "http:" || protocol === "https:")) return;
  if (protocol !== "https:") throw badRequest("bad webhook: An HTTPS URL must be provided for webhook");
  if (!["", "443", "80", "88", "8443"].includes(port)) {
    throw badRequest("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443");
  }
}

export function deleteWebhook({ bot, params }: Call): true {
  closeWebhook(bot, flagOf(params, "drop_pending_updates"));
  return true;
}

function closeWebhook(bot: Bot, dropsPending: boolean): void {
  bot.webhook?.close();
  bot.webhook = undefined;
  bot.updates.endPoll(new ApiFailure(409, "Conflict: terminated by setWebhook request"));
  if (dropsPending) bot.updates.drop();
}

/** Absent = as before. Names are taken in any case; a list without a known name means the default. */
export function setAllowedUpdates(bot: Bot, params: Params): void {
  const names = jsonOf(params, "allowed_updates");
  if (!Array.isArray(names)) return;
  bot.updates.allowed = names.length === 0 ? undefined : names.map((name) => String(name).toLowerCase());
}

export function getWebhookInfo({ bot }: Call): Record<string, unknown> {
  bot.updates.expire();
  const { webhook, updates } = bot;
  const info: Record<string, unknown> = {
    url: webhook?.settings.url ?? "",
    has_custom_certificate: false,
    pending_update_count: updates.pending.size,
  };
  if (webhook?.lastError) {
    info.last_error_date = webhook.lastError.dateSeconds;
    info.last_error_message = webhook.lastError.message;
  }
  if (webhook) {
    info.max_connections = webhook.settings.maxConnections;
    info.ip_address = "127.0.0.1";
  }
  if (updates.allowed) info.allowed_updates = updates.allowed;
  return info;
}
