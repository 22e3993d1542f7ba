// What travels along the line: an update as it arrived, the row it became, and what was decided about it.

import type { Effect } from "../kernel/effect.ts";
import type { BotId, ChatId, FunnelVersionId, MessageId, RowId, Slot, UpdateId } from "../kernel/ids.ts";

/** Where a row stands: enough to find it again, and all that a job carries. */
export type RowKey = { slot: Slot; id: RowId };

/**
 * An update at the door, checked to be one. `atOnce`: a person waits for the answer, so the door's process deals with it. `isIgnored`: it
 * asks nothing of us, so it is done as it is kept.
 */
export type Arrival<Update = unknown> = {
  botId: BotId;
  updateId: UpdateId;
  body: string;
  update: Update;
  receivedAt: Date;
  /** performance.now() at arrival: what the latency to the first send is measured from. */
  arrivedMs: number;
  atOnce: boolean;
  isIgnored?: boolean;
};

/** A kept row with its update parsed. `arrivedMs` is absent when another process received it, or this one in an earlier life. */
export type InboxRow<Update = unknown> = RowKey & {
  botId: BotId;
  updateId: UpdateId;
  update: Update;
  receivedAt: Date;
  arrivedMs?: number;
  attempts: number;
};

/** What is known of a person in one bot when his row is decided. */
export type Customer = {
  botId: BotId;
  chatId: ChatId;
  funnelVersionId: FunnelVersionId | null;
  stepId: string | null;
  startPayload: string | null;
  startedAt: Date | null;
  answeredWhat: string | null;
  answeredAt: Date | null;
  blockedAt: Date | null;
  /** What the bot asked him for and waits to hear. */
  asked: "cpf" | "email" | null;
};

/** A message as it is kept. */
export type KeptMessage = { messageId: MessageId; kind: string; body: string | null; fileId: string | null; at: Date };

/** What was decided about one row: all of it is saved in one transaction, or nothing. */
export type Decision = {
  outcome: "processed" | "ignored";
  /** The customer as he is afterwards; absent = unchanged. */
  customer?: Customer;
  message?: KeptMessage;
  effects: Effect[];
  /** What was said must not be kept: the row's body is wiped as it is done. */
  wipe?: boolean;
  courtesy?: Courtesy;
};

/**
 * Stops the waiting sign on a tapped button, or tells Telegram whether an invoice may be paid. A courtesy: given at once, never kept, never in
 * the way of an effect. An invoice whose answer is lost is not paid, and can be tried again.
 */
export type Courtesy =
  | { callbackQueryId: string; text?: string }
  | { preCheckoutQueryId: string; isOk: boolean; sentence?: string };

/** A decided effect with its place, as it is performed. */
export type PlacedEffect = Effect &
  RowKey & {
    n: number;
    botId: BotId;
    chatId: ChatId;
    attempts: number;
    /** Set when an earlier owner may have begun it and died: whether it happened is not known. */
    begunBefore: boolean;
    /** The epoch of the owner's lease as it took this: after a gap in the lease somebody else may have it. */
    epoch: number;
    /** The row whose messages to this chat go out first, when they were not all out as this was decided. */
    after: RowKey | null;
    arrivedMs?: number;
  };
