// Joins the customers of broadcasts with what the fake Telegram got for them: everybody once, and each bot's pace. Pure.

import type { SendRow } from "#src/fake-telegram/sends.ts";

/** Bots side by side, each with as many customers; chat ids count up from `firstChat`, bot after bot. */
export type Crowds = { firstChat: number; bots: number; people: number };

export type Delivered = {
  /** Customers who got nothing, and who got more than one. */
  lost: number;
  doubled: number;
  /** Messages per second of each bot, from its first to its last; NaN = fewer than two came. */
  perSecond: Float64Array;
  /** The most that one bot sent in any one second. */
  mostInASecond: number;
};

/** Sends to other chats are left out. */
export function joinCrowds({ firstChat, bots, people }: Crowds, sends: Iterable<SendRow>): Delivered {
  const counts = new Uint16Array(bots * people);
  const times: number[][] = Array.from({ length: bots }, () => []);
  for (const [chatId, , atMs] of sends) {
    const n = chatId - firstChat;
    if (n < 0 || n >= counts.length) continue;
    counts[n] = (counts[n] ?? 0) + 1;
    times[Math.floor(n / people)]?.push(atMs);
  }
  for (const some of times) some.sort((a, b) => a - b);
  return {
    lost: counts.filter((count) => count === 0).length,
    doubled: counts.filter((count) => count > 1).length,
    perSecond: Float64Array.from(times, paceOf),
    mostInASecond: Math.max(0, ...times.map(mostWithin)),
  };
}

function paceOf(times: number[]): number {
  const lastedMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
  return lastedMs > 0 ? ((times.length - 1) * 1_000) / lastedMs : Number.NaN;
}

function mostWithin(times: number[]): number {
  let most = 0;
  let first = 0;
  for (const [last, at] of times.entries()) {
    while (at - (times[first] ?? at) >= 1_000) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
