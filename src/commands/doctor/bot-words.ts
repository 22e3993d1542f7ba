// What doctor says of bots and gateway accounts.

import { both, type Words } from "./both.ts";

export const botWords = {
  webhook_is: both("webhook {url}, {waiting} na espera", "webhook {url}, {waiting} waiting"),
  webhook_none: both("sem webhook, {waiting} na espera", "no webhook, {waiting} waiting"),
  webhook_error: both("último erro há {minutes} min: {error}", "last error {minutes} min ago: {error}"),
  webhook_set: both(
    "O webhook deveria ser {ours}: rode `grimbots bot webhook --bot {bot}`; se mudar de novo, alguém mais tem o token.",
    "Its webhook should be {ours}: run `grimbots bot webhook --bot {bot}`; if it changes again, somebody else has the token.",
  ),
  webhook_kinds: both("o webhook não traz {kinds}", "its webhook does not bring {kinds}"),
  webhook_again: both("Rode `grimbots bot webhook --bot {bot}`.", "Run `grimbots bot webhook --bot {bot}`."),
  webhook_watch: both(
    "Confira se PUBLIC_URL responde de fora e veja `grimbots logs --bot {bot}`; o Telegram tenta de novo sozinho.",
    "Check that PUBLIC_URL answers from outside, and see `grimbots logs --bot {bot}`; Telegram tries again by itself.",
  ),
  token_revoked: both("o token foi revogado", "its token is revoked"),
  token_new: both(
    "Pegue um token novo no @BotFather e rode `grimbots bot add --tenant {tenant} --token -`: ele toma o lugar do antigo.",
    "Get a new token from @BotFather and run `grimbots bot add --tenant {tenant} --token -`: it takes the old one's place.",
  ),
  bot_unasked: both("{reason}", "{reason}"),
  bot_check: both(
    "Confira o token no @BotFather, SECRET_KEY e TELEGRAM_API_ROOT.",
    "Check the token with @BotFather, SECRET_KEY and TELEGRAM_API_ROOT.",
  ),
  credentials_taken: both("credenciais aceitas ({status})", "credentials taken ({status})"),
  credentials_refused: both("credenciais recusadas ({reason})", "credentials refused ({reason})"),
  account_again: both(
    "Adicione a conta de novo (grimbots gateway add --tenant {tenant} --kind {kind}) e feche esta (grimbots gateway close --account {account}).",
    "Add the account anew (grimbots gateway add --tenant {tenant} --kind {kind}), and close this one (grimbots gateway close --account {account}).",
  ),
  gateway_away: both("sem resposta ({reason})", "no answer ({reason})"),
  gateway_status: both(
    "Veja a página de status do gateway e a rede desta máquina.",
    "Look at the gateway's status page and this machine's network.",
  ),
  gateway_unknown: both("este programa não conhece o gateway", "this program does not know the gateway"),
  account_sealed: both("as credenciais não abrem ({reason})", "its credentials cannot be opened ({reason})"),
} as const satisfies Record<string, Words>;
