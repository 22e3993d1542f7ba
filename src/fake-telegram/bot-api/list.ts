// LIST: every method of the Bot API that the fake knows, under Telegram's name. Any other name is answered with 404.

import type { Method } from "./call.ts";
import { banChatMember, createChatInviteLink, getChat, getChatMember, unbanChatMember } from "./chat-methods.ts";
import { editMessageCaption, editMessageMedia, editMessageReplyMarkup, editMessageText } from "./edits.ts";
import { getFile, getUserProfilePhotos } from "./file-methods.ts";
import { getUpdates } from "./get-updates.ts";
import { getMe, setMyCommands } from "./identity.ts";
import { sendMediaGroup } from "./media-group.ts";
import { answerPreCheckoutQuery, createInvoiceLink, sendInvoice } from "./payments.ts";
import { answerCallbackQuery } from "./queries.ts";
import { sendMedia } from "./send-media.ts";
import { getStarTransactions, refundStarPayment } from "./stars.ts";
import { copyMessage, deleteMessage, sendChatAction, sendMessage } from "./texts.ts";
import { deleteWebhook, getWebhookInfo, setWebhook } from "./webhook-methods.ts";

export const methods: Readonly<Record<string, Method>> = {
  answerCallbackQuery,
  answerPreCheckoutQuery,
  banChatMember,
  copyMessage,
  createChatInviteLink,
  createInvoiceLink,
  deleteMessage,
  deleteWebhook,
  editMessageCaption,
  editMessageMedia,
  editMessageReplyMarkup,
  editMessageText,
  getChat,
  getChatMember,
  getFile,
  getMe,
  getStarTransactions,
  getUpdates,
  getUserProfilePhotos,
  getWebhookInfo,
  refundStarPayment,
  sendAnimation: (call) => sendMedia(call, "animation"),
  sendAudio: (call) => sendMedia(call, "audio"),
  sendChatAction,
  sendDocument: (call) => sendMedia(call, "document"),
  sendInvoice,
  sendMediaGroup,
  sendMessage,
  sendPhoto: (call) => sendMedia(call, "photo"),
  sendVideo: (call) => sendMedia(call, "video"),
  sendVoice: (call) => sendMedia(call, "voice"),
  setMyCommands,
  setWebhook,
  unbanChatMember,
};

const byLowerCase = new Map(Object.keys(methods).map((name) => [name.toLowerCase(), name]));

/** Telegram's spelling of a method name in any case; undefined for an unknown one. */
export function canonicalName(name: string): string | undefined {
  return Object.hasOwn(methods, name) ? name : byLowerCase.get(name.toLowerCase());
}
