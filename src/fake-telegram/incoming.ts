// Something happens to a bot: what the update teaches about the world is noted, then the update goes on its way.

import { openQuery } from "./bot-api/queries.ts";
import { isChatShape, knowChat } from "./chats.ts";
import { knowUserMedia } from "./media.ts";
import { mediaKinds } from "./media-shapes.ts";
import { isObject } from "./params.ts";
import { learnPayment } from "./star-book.ts";
import type { Bot, Chat, World } from "./state.ts";
import type { UpdateBody } from "./update-kinds.ts";

/** Hands the update to the webhook, the waiting long poll, or the pending ones. Answers its number. */
export function addUpdate(world: World, bot: Bot, { update_id: givenId, ...body }: UpdateBody): number {
  for (const [kind, content] of Object.entries(body)) if (isObject(content)) learn(world, bot, kind, content);
  const { id, update } = bot.updates.add(body, Number.isSafeInteger(givenId) ? (givenId as number) : undefined);
  if (update) {
    bot.webhook?.add(update);
    bot.updates.poll?.wake();
  }
  return id;
}

function learn(world: World, bot: Bot, kind: string, content: Record<string, unknown>): void {
  const chat = isChatShape(content.chat) ? knowChat(bot, content.chat) : undefined;
  const isQuery = kind === "callback_query" || kind === "shipping_query" || kind === "pre_checkout_query";
  if (isQuery && typeof content.id === "string") openQuery(world, bot, content.id);
  if (kind === "message") learnMessage(world, bot, content);
  if (chat && (kind === "my_chat_member" || kind === "chat_member")) learnMember(bot, chat, content);
}

function learnMessage(world: World, bot: Bot, message: Record<string, unknown>): void {
  for (const kind of mediaKinds) if (message[kind] !== undefined) knowUserMedia(bot, kind, message[kind]);
  learnPayment(world, bot, message.from, message.successful_payment);
}

function learnMember(bot: Bot, chat: Chat, content: Record<string, unknown>): void {
  const member = content.new_chat_member;
  if (!isObject(member) || !isObject(member.user)) return;
  const id = Number(member.user.id);
  const status = String(member.status);
  chat.members.set(id, status);
  if (id !== bot.user.id) return;
  const isOut = status === "kicked" || status === "left";
  const outSentence =
    chat.shape.type === "private" ? "bot was blocked by the user" : `bot was kicked from the ${chat.shape.type} chat`;
  chat.closed = isOut ? outSentence : undefined;
}
