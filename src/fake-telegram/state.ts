// The world of the fake: bots, their chats, messages and files. Everything lives in memory and is gone with it.

import type { MessageEntity, User } from "grammy/types";
import { type CallLog, createCallLog } from "./calls.ts";
import { createFaultBook, type FaultBook } from "./faults.ts";
import type { BotFiles } from "./media.ts";
import { createRing, type Ring } from "./ring.ts";
import { createStarBook, type StarBook } from "./star-book.ts";
import type { Timeline } from "./timeline.ts";
import { createUpdateLog, type UpdateLog } from "./updates.ts";
import type { Webhook } from "./webhook.ts";

/** A message as it is stored and answered. Stored messages are replaced, never changed: updates point at them. */
export type FakeMessage = {
  message_id: number;
  date: number;
  chat: ChatShape;
  from?: User;
  text?: string;
  entities?: MessageEntity[];
  caption?: string;
  caption_entities?: MessageEntity[];
  reply_markup?: { inline_keyboard: Record<string, unknown>[][] };
  [field: string]: unknown;
};

export type ChatShape = { id: number; type: string; [field: string]: unknown };

/** `closed`: the sentence after "Forbidden: ", while the bot may not write here. `members`: the status by user id. */
export type Chat = {
  shape: ChatShape;
  lastMessageId: number;
  messages: Map<number, FakeMessage>;
  members: Map<number, string>;
  closed: string | undefined;
};

/** `queries`: until when (ms) a callback, shipping or pre-checkout query may be answered. */
export type Bot = {
  user: User & { username: string };
  openChats: boolean;
  chats: Map<number, Chat>;
  files: BotFiles;
  updates: UpdateLog;
  webhook: Webhook | undefined;
  queries: Map<string, number>;
  stars: StarBook;
  commands: unknown;
};

export type WorldSettings = {
  timeline: Timeline;
  random: () => number;
  responseTimeoutMs: number;
  callCapacity: number;
  sendCapacity: number;
  messageCapacity: number;
};

/** Makes the call that a webhook's 2xx answer may carry; its result is discarded. */
export type AnswerExecutor = (world: World, bot: Bot, token: string, answerBody: string) => Promise<void>;

export type World = {
  settings: WorldSettings;
  execute: AnswerExecutor;
  bots: Map<number, Bot>;
  /** Tokens seen so far, so that the hot path parses each only once. */
  tokens: Map<string, Bot>;
  revoked: Set<string>;
  calls: CallLog;
  faults: FaultBook;
  failingUrls: Set<string>;
  messages: Ring<{ chat: Chat; messageId: number }>;
  /** Updates of all bots that nobody has taken yet, and those who wait for none to be left. */
  pending: { count: number; waiters: Set<() => void> };
  delivered: { count: number };
};

export function createWorld(settings: WorldSettings, execute: AnswerExecutor): World {
  return {
    settings,
    execute,
    bots: new Map(),
    tokens: new Map(),
    revoked: new Set(),
    calls: createCallLog(settings.callCapacity, settings.sendCapacity),
    faults: createFaultBook(settings.random),
    failingUrls: new Set(),
    messages: createRing(settings.messageCapacity, ({ chat, messageId }) => chat.messages.delete(messageId)),
    pending: { count: 0, waiters: new Set() },
    delivered: { count: 0 },
  };
}

/** The bot behind a token: it comes into being at first sight. Undefined: no token by its looks, or revoked. */
export function botByToken(world: World, token: string): Bot | undefined {
  const seen = world.tokens.get(token);
  if (seen) return seen;
  const [, digits] = /^(\d{3,15}):[A-Za-z0-9_-]{3,}$/.exec(token) ?? [];
  if (digits === undefined || world.revoked.has(token)) return undefined;
  const id = Number(digits);
  const bot = world.bots.get(id) ?? createBot(world, id);
  world.bots.set(id, bot);
  world.tokens.set(token, bot);
  return bot;
}

function createBot(world: World, id: number): Bot {
  return {
    user: { id, is_bot: true, first_name: `Bot ${id}`, username: `bot${id}_bot` },
    openChats: false,
    chats: new Map(),
    files: { byId: new Map(), byContent: new Map(), byPath: new Map() },
    updates: createUpdateLog(world),
    webhook: undefined,
    queries: new Map(),
    stars: createStarBook(),
    commands: [],
  };
}

/** Forgets everything, closes every webhook and long poll; `calls` goes on counting. */
export function resetWorld(world: World): void {
  for (const bot of world.bots.values()) {
    bot.webhook?.close();
    bot.updates.drop();
    bot.updates.endPoll();
    for (const settle of [...bot.stars.checkouts.values()]) settle(undefined);
  }
  for (const collection of [world.bots, world.tokens, world.revoked, world.failingUrls]) collection.clear();
  world.calls.clear();
  world.faults.remove();
  world.messages.clear();
  world.delivered.count = 0;
}
