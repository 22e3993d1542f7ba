// How a try to perform an effect ended.

import type { ChatId } from "../kernel/ids.ts";
import type { KeptMessage } from "./line.ts";

export type Tried = {
  state: "done" | "refused" | "unknown" | "pending";
  /** A short stable word for rows and metrics; null when there is nothing to explain. */
  reason: string | null;
  /** When to try again, for `pending`. */
  dueAt: Date | null;
  message: KeptMessage | null;
  /** false: it was not even begun, so it does not count against the bounded number of tries. Default true. */
  countsAsTry?: boolean;
  /** The chat's new id, when it has moved. */
  chatId?: ChatId;
  /** The outcome holds for what waits behind it in the chat, too. */
  behind?: boolean;
};

/** A try that decides the effect's fate. */
export function final(
  state: "done" | "refused" | "unknown",
  reason: string | null,
  message: KeptMessage | null = null,
): Tried {
  return { state, reason, dueAt: null, message };
}

/** A try that is known not to have happened. */
export function later(reason: string, dueAt: Date): Tried {
  return { state: "pending", reason, dueAt, message: null };
}
