// Flood control before Telegram has to ask for it: a bucket per chat for everything, a bucket per bot for bulk. What a person waits
// for is never held back by its bot's bucket but counts in it, so answers come before bulk.

import type { BotId, ChatId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";

type Bucket = { tokens: number; atMs: number };

export type Pace = {
  /** Takes a place and returns 0, or takes none and returns how many milliseconds to wait. */
  take(botId: BotId, chatId: ChatId, bulk: boolean): number;
};

/** `share`: the part of a bot's bulk rate that falls to this process (1 / number of processes). `nowMs`: a monotonic clock. */
export function openPace(options: { nowMs?: () => number; share?: number } = {}): Pace {
  const { nowMs = () => performance.now(), share = 1 } = options;
  const chats = new Map<string, Bucket>();
  const bots = new Map<BotId, Bucket>();
  const bulkPerSecond = limits.bulkPerSecond * share;
  // At least one whole message, or a small share would never send any.
  const bulkBurst = Math.max(1, limits.bulkBurst * share);

  return {
    take(botId, chatId, bulk) {
      const now = nowMs();
      const chat = refill(chats, `${botId}:${chatId}`, limits.chatBurst, limits.chatPerSecond, now);
      const bot = refill(bots, botId, bulkBurst, bulkPerSecond, now);
      const waitMs = Math.max(waitFor(chat, limits.chatPerSecond), bulk ? waitFor(bot, bulkPerSecond) : 0);
      if (waitMs > 0) return waitMs;
      chat.tokens -= 1;
      // Answers may overdraw the bot's bucket by one second's worth; bulk then waits for it.
      bot.tokens = Math.max(bot.tokens - 1, -bulkPerSecond);
      return 0;
    },
  };
}

function refill<Key>(buckets: Map<Key, Bucket>, key: Key, capacity: number, perSecond: number, nowMs: number): Bucket {
  const known = buckets.get(key);
  // Moved to the end of the map: the first entries are the ones unused for longest.
  if (known) buckets.delete(key);
  const bucket = known ?? { tokens: capacity, atMs: nowMs };
  bucket.tokens = Math.min(capacity, bucket.tokens + ((nowMs - bucket.atMs) / 1_000) * perSecond);
  bucket.atMs = nowMs;
  buckets.set(key, bucket);
  if (buckets.size > limits.pacedChats) forgetOldest(buckets);
  return bucket;
}

function forgetOldest<Key>(buckets: Map<Key, Bucket>): void {
  const oldest = buckets.keys().next();
  if (!oldest.done) buckets.delete(oldest.value);
}

const waitFor = (bucket: Bucket, perSecond: number): number =>
  bucket.tokens >= 1 ? 0 : Math.ceil(((1 - bucket.tokens) / perSecond) * 1_000);
