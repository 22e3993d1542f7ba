// The keyboard under a message, checked as Telegram checks it.

import { badRequest } from "./api-failure.ts";
import { isObject, jsonOf, type Params } from "./params.ts";
import type { FakeMessage } from "./state.ts";

type Button = Record<string, unknown>;

const CALLBACK_DATA_MAX_BYTES = 64;
const COPY_TEXT_MAX = 256;
/** Telegram takes no more buttons than this under one message. */
const BUTTONS_MAX = 100;

const ACTIONS = [
  "url",
  "callback_data",
  "callback_game",
  "pay",
  "switch_inline_query",
  "switch_inline_query_chosen_chat",
  "switch_inline_query_current_chat",
  "login_url",
  "web_app",
  "copy_text",
];

/** The inline keyboard as a message carries it; {} for none, and for the keyboards that messages do not show. */
export function readMarkup(params: Params): Pick<FakeMessage, "reply_markup"> {
  if (params.reply_markup === undefined) return {};
  const markup = jsonOf(params, "reply_markup", "reply keyboard markup");
  if (markup === undefined) return {};
  if (!isObject(markup)) throw badRequest("object expected as reply markup");
  const rows = markup.inline_keyboard;
  if (rows === undefined) return {};
  if (!Array.isArray(rows)) throw badRequest('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array');
  const keyboard = rows.map(checkRow).filter((row) => row.length > 0);
  if (keyboard.length === 0) return {};
  if (keyboard.flat().length > BUTTONS_MAX) throw badRequest("reply markup is too long");
  return { reply_markup: { inline_keyboard: keyboard } };
}

function checkRow(row: unknown): Button[] {
  if (!Array.isArray(row))
    throw badRequest('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays');
  for (const button of row) checkButton(button);
  return row;
}

function checkButton(button: unknown): void {
  if (!isObject(button)) throw badRequest("can't parse inline keyboard button: InlineKeyboardButton must be an Object");
  const { text } = button;
  if (typeof text !== "string")
    throw badRequest('can\'t parse inline keyboard button: Field "text" must be of type String');
  if (text === "") throw badRequest('can\'t parse inline keyboard button: Field "text" must be non-empty');
  const actions = ACTIONS.filter((action) => button[action] !== undefined && button[action] !== "");
  if (button.callback_data === "") throw badRequest("BUTTON_DATA_INVALID");
  if (actions.length === 0) {
    throw badRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard");
  }
  if (actions.length > 1) throw badRequest("can't parse inline keyboard button: exactly one action must be specified");
  checkAction(button);
}

function checkAction(button: Button): void {
  const { url, callback_data: data, copy_text: copy, web_app: webApp } = button;
  if (data !== undefined) {
    const isValid = typeof data === "string" && Buffer.byteLength(data) <= CALLBACK_DATA_MAX_BYTES;
    if (!isValid) throw badRequest("BUTTON_DATA_INVALID");
  } else if (url !== undefined) {
    checkUrl(String(url), "URL");
  } else if (copy !== undefined) {
    const text = isObject(copy) ? copy.text : undefined;
    const isValid = typeof text === "string" && text.length >= 1 && text.length <= COPY_TEXT_MAX;
    if (!isValid) throw badRequest("BUTTON_COPY_TEXT_INVALID");
  } else if (webApp !== undefined) {
    checkUrl(String(isObject(webApp) ? webApp.url : ""), "Web App URL");
  }
}

/** http and https with a dotted host, tg:// and its kin; a bare domain counts as http. */
function checkUrl(url: string, called: string): void {
  const refuse = (why: string) => badRequest(`inline keyboard button ${called} '${url}' is invalid: ${why}`);
  const full = /^[a-z][a-z0-9+.-]*:/i.test(url) && !/^[\w.-]+:\d/.test(url) ? url : `http://${url}`;
  if (!URL.canParse(full)) throw refuse("Wrong HTTP URL");
  const { protocol, hostname } = new URL(full);
  if (protocol === "tg:" || protocol === "ton:") return;
  if (protocol !== "http:" && protocol !== "https:") throw refuse("Unsupported URL protocol");
  if (!hostname.includes(".") && !hostname.startsWith("[")) throw refuse("Wrong HTTP URL");
}
