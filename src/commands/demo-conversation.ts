// The scripted customer of the demo: what he does, what he gets, and how long it took.

import type { FakeTelegramControl } from "../fake-telegram/control.ts";

export type Exchange = { did: string; got: string; ms: number | null };
export type Played = { exchanges: Exchange[]; isAnswered: boolean };

type Stage = { control: FakeTelegramControl; token: string; tell: (line: string) => void };

const ANSWER_MS = 10_000;

type Person = { id: number; first_name: string; language_code: string };

/** Plays the conversation; an exchange without an answer within ten seconds counts as not answered. */
export async function playConversation({ control, token, tell }: Stage): Promise<Played> {
  const chatId = 500_000_000 + Math.floor(Math.random() * 1e9);
  const alice: Person = { id: chatId, first_name: "Alice", language_code: "pt-br" };
  const bob: Person = { id: chatId + 1, first_name: "Bob", language_code: "pt-br" };
  const exchanges: Exchange[] = [];

  async function exchange(user: Person, did: string, method: string, act: () => Promise<unknown>): Promise<number> {
    const since = (await control.calls({ token, limit: 100_000 })).at(-1)?.seq ?? 0;
    tell(`\n  ${user.first_name}: ${did}`);
    const began = performance.timeOrigin + performance.now();
    await act();
    const { calls } = await control.wait({ token, chat_id: user.id, since, method, timeout_ms: ANSWER_MS });
    const call = calls[0];
    const ms = call ? Math.max(0, call.at - began) : null;
    const got = call ? textOf(call.payload) : "(no answer)";
    exchanges.push({ did, got, ms });
    tell(`  bot: ${got.replaceAll("\n", "\n       ")}`);
    tell(ms === null ? "       — no answer" : `       — ${ms.toFixed(1)} ms until the answer left`);
    return call?.outcome?.message_id ?? 0;
  }

  const write = (user: Person, text: string, method: string) =>
    exchange(user, text, method, () => control.say({ token, user, text }));
  const welcome = await write(alice, "/start", "sendPhoto");
  // The bot's first photo is uploaded; from now on it is sent by its file_id.
  await write(bob, "/start promo-verao", "sendPhoto");
  await exchange(alice, "[Como funciona?]", "sendMessage", () =>
    control.tap({ token, user: alice, message_id: welcome, button: "Como funciona?" }),
  );
  await write(alice, "Quanto tempo leva por dia?", "sendMessage");
  return { exchanges, isAnswered: exchanges.every(({ ms }) => ms !== null) };
}

function textOf(payload: Record<string, unknown>): string {
  const { text, caption, photo } = payload;
  const words = String(text ?? caption ?? "");
  return photo === undefined ? words : `[photo]\n${words}`;
}
