// Who the bot is, and the commands it offers.

import { badRequest } from "../api-failure.ts";
import { isObject, jsonOf } from "../params.ts";
import type { Call } from "./call.ts";

export function getMe({ bot }: Call): Record<string, unknown> {
  return {
    ...bot.user,
    can_join_groups: true,
    can_read_all_group_messages: false,
    supports_inline_queries: false,
    can_connect_to_business: false,
    has_main_web_app: false,
    has_topics_enabled: false,
    allows_users_to_create_topics: false,
    can_manage_bots: false,
    supports_join_request_queries: false,
  };
}

const COMMANDS_MAX = 100;

export function setMyCommands({ bot, params }: Call): true {
  const commands = jsonOf(params, "commands");
  if (!Array.isArray(commands)) throw badRequest("can't parse commands JSON object");
  if (commands.length > COMMANDS_MAX) throw badRequest("BOT_COMMANDS_TOO_MUCH");
  for (const command of commands) {
    const { command: name, description } = isObject(command) ? command : {};
    if (typeof name !== "string" || !/^\/?[a-z0-9_]{1,32}$/.test(name)) throw badRequest("BOT_COMMAND_INVALID");
    const isDescribed = typeof description === "string" && description.length >= 1 && description.length <= 256;
    if (!isDescribed) throw badRequest("BOT_COMMAND_DESCRIPTION_INVALID");
  }
  bot.commands = commands;
  return true;
}
