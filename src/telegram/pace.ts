// Flood control before Telegram has to ask for it: a bucket per chat for everything, a bucket per bot for bulk. What a person waits
// for is never held back by its bot's bucket but counts in it, so answers come before bulk.

import type { BotId, ChatId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";

type Bucket = { tokens: number; atMs: number };

export type Pace = {
  /** Takes a place and returns 0, or takes none and returns how many milliseconds to wait. */
  take(botId: BotId, chatId: ChatId, bulk: boolean): number;
  /** How long the bot's own bucket holds bulk back; whatever more a chat has to wait is for that chat alone. */
  bulkWait(botId: BotId): number;
  /** All of the bot's bulk is sent by this process from now on, so its whole rate is this process'; false = shared again. */
  own(botId: BotId, isOwn: boolean): void;
};

/** `share`: the part of a bot's bulk rate that falls to this process (1 / number of processes). `nowMs`: a monotonic clock. */
export function openPace(options: { nowMs?: () => number; share?: number } = {}): Pace {
  const { nowMs = () => performance.now(), share = 1 } = options;
  const chats = new Map<string, Bucket>();
  const bots = new Map<BotId, Bucket>();
  const owned = new Set<BotId>();
  const shareOf = (botId: BotId): number => (owned.has(botId) ? 1 : share);

  function bulkOf(botId: BotId, now: number): { bot: Bucket; bulkPerSecond: number } {
    const bulkPerSecond = limits.bulkPerSecond * shareOf(botId);
    // At least one whole message, or a small share would never send any.
    const burst = Math.max(1, limits.bulkBurst * shareOf(botId));
    return { bot: refill(bots, botId, burst, bulkPerSecond, now), bulkPerSecond };
  }

  return {
    take(botId, chatId, bulk) {
      const now = nowMs();
      const chat = refill(chats, `${botId}:${chatId}`, limits.chatBurst, limits.chatPerSecond, now);
      const { bot, bulkPerSecond } = bulkOf(botId, now);
      const waitMs = Math.max(waitFor(chat, limits.chatPerSecond), bulk ? waitFor(bot, bulkPerSecond) : 0);
      if (waitMs > 0) return waitMs;
      chat.tokens -= 1;
      // Answers may overdraw the bot's bucket by one second's worth; bulk then waits for it.
      bot.tokens = Math.max(bot.tokens - 1, -bulkPerSecond);
      return 0;
    },
    bulkWait(botId) {
      const { bot, bulkPerSecond } = bulkOf(botId, nowMs());
      return waitFor(bot, bulkPerSecond);
    },
    own(botId, isOwn) {
      if (isOwn) owned.add(botId);
      else owned.delete(botId);
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
