// Chats, their members and invite links.

import { randomBytes } from "node:crypto";
import { badRequest } from "../api-failure.ts";
import { readableChat, writableChat } from "../chats.ts";
import { flagOf, integerOf, textOf } from "../params.ts";
import type { Bot, Chat, ChatShape } from "../state.ts";
import type { Call } from "./call.ts";

export function getChat(call: Call): ChatShape {
  const acceptedGifts = {
    unlimited_gifts: true,
    limited_gifts: true,
    unique_gifts: true,
    premium_subscription: true,
    gifts_from_channels: true,
  };
  const chat = readableChat(call);
  return { ...chat.shape, accent_color_id: 0, max_reaction_count: 11, accepted_gift_types: acceptedGifts };
}

/** In a private chat both sides are members; in groups, whoever an update or a ban named, and the bot as administrator. */
export function getChatMember(call: Call): { status: string; [field: string]: unknown } {
  const chat = readableChat(call);
  const id = memberId(call);
  const known = chat.members.get(id);
  if (id === call.bot.user.id) {
    return { user: call.bot.user, status: known ?? (chat.shape.type === "private" ? "member" : "administrator") };
  }
  const user = userOf(call.bot, id);
  if (!user) throw badRequest("user not found");
  return { user, status: known ?? (chat.shape.id === id ? "member" : "left") };
}

function userOf(bot: Bot, id: number): Record<string, unknown> | undefined {
  const shape = bot.chats.get(id)?.shape;
  if (!shape) return undefined;
  const { type: _type, ...person } = shape;
  return { is_bot: false, ...person };
}

export function banChatMember(call: Call): true {
  const chat = groupOf(call, "can't ban members in private chats");
  chat.members.set(memberId(call), "kicked");
  return true;
}

/** Without only_if_banned a member who is there is removed as well, as by Telegram. */
export function unbanChatMember(call: Call): true {
  const chat = groupOf(call, "method is available for supergroup and channel chats only");
  const id = memberId(call);
  const isBanned = chat.members.get(id) === "kicked";
  if (isBanned || !flagOf(call.params, "only_if_banned")) chat.members.set(id, "left");
  return true;
}

export function createChatInviteLink(call: Call): Record<string, unknown> {
  const { params } = call;
  groupOf(call, "not enough rights to manage chat invite link");
  const createsRequest = flagOf(params, "creates_join_request");
  const limit = integerOf(params, "member_limit");
  if (limit && createsRequest) {
    throw badRequest("member limit can't be specified for links requiring administrator approval");
  }
  const [name, expireDate] = [textOf(params, "name"), integerOf(params, "expire_date")];
  return {
    invite_link: `https://t.me/+${randomBytes(12).toString("base64url")}`,
    creator: call.bot.user,
    creates_join_request: createsRequest,
    is_primary: false,
    is_revoked: false,
    ...(name ? { name } : {}),
    ...(expireDate ? { expire_date: expireDate } : {}),
    ...(limit ? { member_limit: limit } : {}),
  };
}

function groupOf(call: Call, refusal: string): Chat {
  const chat = writableChat(call);
  if (chat.shape.type === "private") throw badRequest(refusal);
  return chat;
}

function memberId({ params }: Call): number {
  const id = integerOf(params, "user_id");
  if (id === undefined || id <= 0) throw badRequest("invalid user_id specified");
  return id;
}
