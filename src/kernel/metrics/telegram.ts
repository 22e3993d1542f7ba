// Metrics of Telegram: calls to the Bot API, buttons answered, and bots that cannot or must not speak.

import { Gauge } from "prom-client";
import { openCounter, openHistogram } from "./hot.ts";
import { ofAll, ofProcess } from "./registries.ts";

const registers = [ofProcess];
const shared = [ofAll];

export const telegramMetrics = {
  courtesies: openCounter({
    name: "grimbots_button_answers_total",
    help: "Tapped buttons answered, by outcome.",
    labelNames: ["outcome"],
    registers,
  }),
  telegramCalls: openHistogram({
    name: "grimbots_telegram_call_seconds",
    help: "Calls to the Bot API by method and outcome: ok, flood (429), network, or what else a refusal means.",
    labelNames: ["method", "outcome"],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
    registers,
  }),
  bots: new Gauge({
    name: "grimbots_bots",
    help: "Bots by status.",
    labelNames: ["status"],
    registers: shared,
  }),
  botsRevoked: new Gauge({
    name: "grimbots_bots_token_revoked",
    help: "Bots whose token Telegram no longer takes.",
    registers: shared,
  }),
  webhooksStolen: new Gauge({
    name: "grimbots_bots_webhook_stolen",
    help: "Bots whose webhook leads elsewhere, or nowhere, as Telegram last said.",
    registers: shared,
  }),
  webhooksFailing: new Gauge({
    name: "grimbots_bots_webhook_failing",
    help: "Bots whose updates Telegram could not hand over, as it last said.",
    registers: shared,
  }),
  botsSilenced: new Gauge({
    name: "grimbots_bots_silenced",
    help: "Bots that are silent for a while because Telegram answered 429.",
    registers: shared,
  }),
};

/** Methods that have a series of their own; what a funnel sends begins with "send" and is bounded by its steps. */
const METHODS = new Set([
  ...[
    "sendMessage",
    "sendPhoto",
    "sendVideo",
    "sendAnimation",
    "sendAudio",
    "sendVoice",
    "sendVideoNote",
    "sendDocument",
  ],
  ...["sendMediaGroup", "sendInvoice", "answerCallbackQuery", "answerPreCheckoutQuery", "getUpdates", "getMe"],
  ...[
    "editMessageText",
    "editMessageCaption",
    "editMessageReplyMarkup",
    "deleteMessage",
    "setWebhook",
    "getWebhookInfo",
  ],
  ...["refundStarPayment", "getStarTransactions", "copyMessage", "sendChatAction"],
]);

/** The method as a label: a name that nobody foresaw makes no series of its own. */
export const methodLabel = (method: string): string => (METHODS.has(method) ? method : "other");
