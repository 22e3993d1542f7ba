// Joins what was sent to the program with what the fake Telegram got from it, by chat: every chat here wrote once.

import type { SendRow } from "#src/fake-telegram/sends.ts";
import type { Driven } from "./drive.ts";

export type Joined = {
  /** Intended arrival → the bot's first send to that chat, in milliseconds, by arrival; NaN = no send. */
  sendMs: Float64Array;
  /** Acknowledged with 200, but nothing was sent. */
  lost: number;
  /** Chats that got more than the one message of the welcome. */
  doubled: number;
};

/** `clockAheadMs`: how far the clock of the fake is ahead of the generator's. Sends to other chats are left out. */
export function joinSends(driven: Driven, sends: Iterable<SendRow>, clockAheadMs: number): Joined {
  const { firstChat, startedAtMs, dueMs, status } = driven;
  const sendMs = new Float64Array(dueMs.length).fill(Number.NaN);
  const counts = new Uint16Array(dueMs.length);
  for (const [chatId, , atMs] of sends) {
    const arrival = chatId - firstChat;
    const due = dueMs[arrival];
    if (due === undefined) continue;
    const afterMs = atMs - clockAheadMs - (startedAtMs + due);
    const earlier = sendMs[arrival] ?? Number.NaN;
    sendMs[arrival] = Number.isNaN(earlier) ? afterMs : Math.min(earlier, afterMs);
    counts[arrival] = (counts[arrival] ?? 0) + 1;
  }
  let lost = 0;
  let doubled = 0;
  for (const [arrival, count] of counts.entries()) {
    if (count === 0 && status[arrival] === 200) lost += 1;
    if (count > 1) doubled += 1;
  }
  return { sendMs, lost, doubled };
}
