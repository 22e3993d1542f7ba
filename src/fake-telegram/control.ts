// The control: what tests, the demo and benchmarks do to the fake, and what they ask it. The same in-process and over
// HTTP (control-routes.ts, control-client.ts).

import { RejectedError } from "../kernel/errors.ts";
import type { CallFilter, CallRecord, WaitedCalls } from "./calls.ts";
import type {
  BotInput,
  FaultInput,
  FileUrlInput,
  MemberInput,
  PayInvoiceInput,
  SayInput,
  SendsInput,
  TapInput,
  UpdateInput,
} from "./control-shapes.ts";
import { type Paid, payInvoice } from "./paying.ts";
import { changeMember, injectUpdate, type Said, say, type Tapped, tap } from "./people.ts";
import type { SendsPage } from "./sends.ts";
import { type Bot, botByToken, type FakeMessage, resetWorld, type World } from "./state.ts";
import type { DeliveredRow } from "./updates.ts";

export type Stats = {
  calls: number;
  byMethod: Record<string, number>;
  updatesDelivered: number;
  updatesPending: number;
  cpuMs: number;
  rss: number;
};

export type CallsQuery = CallFilter & { limit?: number };
export type WaitQuery = CallFilter & { count?: number; timeout_ms?: number };

/** Inputs are described in control-shapes.ts. A refused input rejects with a RejectedError. */
export type FakeTelegramControl = {
  say(input: SayInput): Promise<Said>;
  tap(input: TapInput): Promise<Tapped>;
  /** Answers once he has paid, or the bot has refused, or ten seconds are over without its answer. */
  payInvoice(input: PayInvoiceInput): Promise<Paid>;
  update(input: UpdateInput): Promise<{ update_id: number }>;
  member(input: MemberInput): Promise<{ update_id: number }>;
  fault(input: FaultInput): Promise<{ id: string }>;
  /** Without an id all faults. */
  clearFault(id?: string): Promise<void>;
  bot(input: BotInput): Promise<{ id: number; username: string }>;
  fileUrl(input: FileUrlInput): Promise<void>;
  /** In the order of arrival; `limit` defaults to 1,000. */
  calls(query?: CallsQuery): Promise<CallRecord[]>;
  /** Answers once `count` (1) matching calls have an outcome, or after `timeout_ms` (10,000) with `complete` false. */
  wait(query: WaitQuery): Promise<WaitedCalls>;
  delivered(query: { token: string }): Promise<DeliveredRow[]>;
  /** What stands in a chat now, in order: edits have taken their messages' places, deleted ones are gone. */
  messages(query: { token: string; chat_id: number }): Promise<FakeMessage[]>;
  /** Answers `idle` true once no update of any bot is pending, false after `timeout_ms` (10,000). */
  idle(query?: { timeout_ms?: number }): Promise<{ idle: boolean }>;
  stats(): Promise<Stats>;
  /** The messages sent by calls after `since_seq`; go on with the answer's `last_seq`. `limit` defaults to 100,000. */
  sends(input?: SendsInput): Promise<SendsPage>;
  /** Forgets everything but the port. */
  reset(): Promise<void>;
};

const CALLS_LIMIT = 1_000;
const SENDS_LIMIT = 100_000;
const WAIT_MS = 10_000;

export function createControl(world: World): FakeTelegramControl {
  return {
    say: async (input) => say(world, needBot(world, input.token), input),
    tap: async (input) => tap(world, needBot(world, input.token), input),
    payInvoice: async (input) => payInvoice(world, needBot(world, input.token), input),
    update: async (input) => injectUpdate(world, needBot(world, input.token), input.update),
    member: async (input) => changeMember(world, needBot(world, input.token), input),
    fault: async (input) => ({ id: world.faults.add(input) }),
    clearFault: async (id) => world.faults.remove(id),
    bot: async (input) => changeBot(world, input),
    fileUrl: async ({ url, failing }) => {
      if (failing) world.failingUrls.add(url);
      else world.failingUrls.delete(url);
    },
    calls: async ({ limit = CALLS_LIMIT, ...filter } = {}) => world.calls.find(filter, limit),
    wait: ({ count = 1, timeout_ms: timeoutMs = WAIT_MS, ...filter }) => world.calls.wait(filter, count, timeoutMs),
    messages: async ({ token, chat_id: chatId }) => [
      ...(needBot(world, token).chats.get(chatId)?.messages.values() ?? []),
    ],
    delivered: async ({ token }) => needBot(world, token).updates.rows(),
    idle: ({ timeout_ms: timeoutMs = WAIT_MS } = {}) => waitForIdle(world, timeoutMs),
    stats: async () => statsOf(world),
    sends: async ({ since_seq: since = 0, limit = SENDS_LIMIT } = {}) => world.calls.sends.page(since, limit),
    reset: async () => resetWorld(world),
  };
}

function needBot(world: World, token: string): Bot {
  const bot = botByToken(world, token);
  if (!bot) throw new RejectedError(404, `No bot with the token "${token}": not a token by its looks, or revoked.`);
  return bot;
}

function changeBot(world: World, input: BotInput): { id: number; username: string } {
  if (input.revoked === false) world.revoked.delete(input.token);
  const bot = needBot(world, input.token);
  if (input.username !== undefined) bot.user = { ...bot.user, username: input.username };
  if (input.first_name !== undefined) bot.user = { ...bot.user, first_name: input.first_name };
  if (input.openChats !== undefined) bot.openChats = input.openChats;
  if (input.revoked) {
    world.revoked.add(input.token);
    world.tokens.delete(input.token);
    bot.webhook?.close();
    bot.webhook = undefined;
    bot.updates.endPoll();
  }
  return { id: bot.user.id, username: bot.user.username };
}

function waitForIdle(world: World, timeoutMs: number): Promise<{ idle: boolean }> {
  const { pending } = world;
  if (pending.count === 0) return Promise.resolve({ idle: true });
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      pending.waiters.delete(finish);
      resolve({ idle: pending.count === 0 });
    };
    const timer = setTimeout(finish, timeoutMs);
    pending.waiters.add(finish);
  });
}

function statsOf(world: World): Stats {
  const { user, system } = process.cpuUsage();
  return {
    ...world.calls.counts(),
    updatesDelivered: world.delivered.count,
    updatesPending: world.pending.count,
    cpuMs: (user + system) / 1_000,
    rss: process.memoryUsage.rss(),
  };
}
