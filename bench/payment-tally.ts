// What each buyer was sent, counted by chat and method in columns: a hundred thousand buyers stay small.

import type { SendRow } from "#src/fake-telegram/sends.ts";

/** Messages by method. */
export type Counts = Record<string, number>;

/** What a buyer is sent: the charge, and for his payment the delivery. Methods of the two differ. */
export type Shape = { shown: Counts; delivered: Counts };

export type Tally = {
  /** Rows of other chats are left out. */
  add(rows: Iterable<SendRow>): void;
  /** Chats that were sent exactly this, of the methods in it. */
  exactly(counts: Counts): number;
  /** Chats that were sent more than this of any method, or anything by another method. */
  beyond(counts: Counts): number;
  /** When the first message of any of these methods came, by chat; NaN = none did. By the fake's clock, since 1970. */
  firstMs(methods: string[]): Float64Array;
};

/** Of the chats from `firstChat` on, `count` of them. */
export function openTally(firstChat: number, count: number): Tally {
  const columns = new Map<string, { counts: Uint16Array; firstMs: Float64Array }>();

  function columnOf(method: string) {
    const known = columns.get(method);
    if (known) return known;
    const made = { counts: new Uint16Array(count), firstMs: new Float64Array(count).fill(Number.NaN) };
    columns.set(method, made);
    return made;
  }
  const countOf = (method: string, chat: number): number => columns.get(method)?.counts[chat] ?? 0;

  function chatsWhere(isSo: (chat: number) => boolean): number {
    let chats = 0;
    for (let chat = 0; chat < count; chat++) if (isSo(chat)) chats += 1;
    return chats;
  }

  return {
    add(rows) {
      for (const [chatId, method, atMs] of rows) {
        const chat = chatId - firstChat;
        if (chat < 0 || chat >= count) continue;
        const { counts, firstMs } = columnOf(method);
        counts[chat] = (counts[chat] ?? 0) + 1;
        // Rows come in the order of arrival.
        if (counts[chat] === 1) firstMs[chat] = atMs;
      }
    },
    exactly: (counts) =>
      chatsWhere((chat) => Object.entries(counts).every(([method, many]) => countOf(method, chat) === many)),
    beyond: (counts) =>
      chatsWhere((chat) => [...columns.keys()].some((method) => countOf(method, chat) > (counts[method] ?? 0))),
    firstMs(methods) {
      const first = new Float64Array(count).fill(Number.NaN);
      for (const method of methods)
        for (const [chat, atMs] of (columns.get(method)?.firstMs ?? []).entries())
          if (!(atMs >= (first[chat] ?? Number.NaN)) && !Number.isNaN(atMs)) first[chat] = atMs;
      return first;
    },
  };
}

/** How many of each method. */
export function countSends(rows: Iterable<SendRow>): Counts {
  const counts: Counts = {};
  for (const [, method] of rows) counts[method] = (counts[method] ?? 0) + 1;
  return counts;
}
