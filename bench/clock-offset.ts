// Two processes on one machine read the same clock, but each begins with its own reading of it: how far apart they are.

import { fakeTelegramControl } from "#src/fake-telegram/control-client.ts";

const TRIES = 50;
/** Nobody else writes to this chat. */
const CHAT = 1;

/**
 * `aheadMs`: how far the fake's clock is ahead of ours; the truth is within ± `withinMs`. Sends messages and compares the time at which
 * the fake says they came with when they left and were answered; the quickest exchange tells most. `token`: a bot with open chats.
 */
export async function measureClock(fakeUrl: string, token: string): Promise<{ aheadMs: number; withinMs: number }> {
  const control = fakeTelegramControl(fakeUrl);
  const { calls } = await control.stats();
  const exchanges: { leftMs: number; backMs: number }[] = [];
  for (let n = 0; n < TRIES; n++) {
    const leftMs = performance.timeOrigin + performance.now();
    const answer = await fetch(`${fakeUrl}/bot${token}/sendMessage`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ chat_id: CHAT, text: "?" }),
    });
    await answer.text();
    exchanges.push({ leftMs, backMs: performance.timeOrigin + performance.now() });
  }
  const { sends } = await control.sends({ since_seq: calls });
  const atMs = sends.filter(([chatId]) => chatId === CHAT).map(([, , at]) => at);
  const readings = exchanges.map(({ leftMs, backMs }, n) => ({
    aheadMs: (atMs[n] ?? Number.NaN) - (leftMs + backMs) / 2,
    withinMs: (backMs - leftMs) / 2,
  }));
  const [best] = readings.toSorted((a, b) => a.withinMs - b.withinMs);
  if (!best || Number.isNaN(best.aheadMs)) throw new Error("the fake Telegram kept no send of the clock's measurement");
  return best;
}
