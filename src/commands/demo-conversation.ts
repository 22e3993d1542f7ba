// The scripted customers of the demo: what they do, what they get, and how long it took; then a sale from the tap to the delivery.

import type { FakeTelegramControl } from "../fake-telegram/control.ts";
import type { SandboxControl } from "../sandbox-gateway/control.ts";

export type Exchange = { did: string; got: string; ms: number | null };
export type Played = { exchanges: Exchange[]; isAnswered: boolean; isDelivered: boolean };

type Stage = {
  control: FakeTelegramControl;
  token: string;
  /** The sandbox gateway, and the merchant of the bot's seller there. */
  sandbox: SandboxControl;
  merchant: string;
  /** Resolves once everything that was paid for has arrived; false when that takes longer than ten seconds. */
  untilDelivered: () => Promise<boolean>;
  tell: (line: string) => void;
};

const ANSWER_MS = 10_000;

type Person = { id: number; first_name: string; language_code: string };
/** What a person does, and the method whose call is the answer to it. */
type Doing = { user: Person; did: string; method: string; act: () => Promise<unknown> };

/** Plays it all; an exchange without an answer within ten seconds counts as not answered. */
export async function playConversation(stage: Stage): Promise<Played> {
  const { control, token } = stage;
  const chatId = 500_000_000 + Math.floor(Math.random() * 1e9);
  const alice: Person = { id: chatId, first_name: "Alice", language_code: "pt-br" };
  const bob: Person = { id: chatId + 1, first_name: "Bob", language_code: "pt-br" };
  const exchanges: Exchange[] = [];
  const play = async (doing: Doing): Promise<number> => {
    const { exchange, messageId } = await playOne(stage, doing);
    exchanges.push(exchange);
    return messageId;
  };
  const write = (user: Person, text: string, method: string) =>
    play({ user, did: text, method, act: () => control.say({ token, user, text }) });
  const tap = (user: Person, messageId: number, button: string, method: string) =>
    play({ user, did: `[${button}]`, method, act: () => control.tap({ token, user, message_id: messageId, button }) });

  const welcome = await write(alice, "/start", "sendPhoto");
  // The bot's first photo is uploaded; from now on it is sent by its file_id.
  await write(bob, "/start promo-verao", "sendPhoto");
  await tap(alice, welcome, "Como funciona?", "sendMessage");
  await write(alice, "Quanto tempo leva por dia?", "sendMessage");
  await tap(alice, welcome, "🌿 Quero o guia - R$ 19,90", "sendPhoto");
  await play({ user: alice, did: "(paga o PIX no app do banco)", method: "sendMessage", act: () => pay(stage) });
  const isDelivered = await stage.untilDelivered();
  await showRest(stage, alice);
  return { exchanges, isAnswered: exchanges.every(({ ms }) => ms !== null), isDelivered };
}

/** The messages of the delivery after its first one. */
async function showRest({ control, token, tell }: Stage, { id }: Person): Promise<void> {
  const calls = await control.calls({ token, chat_id: id, limit: 1_000 });
  const paid = calls.findLastIndex(({ method }) => method.startsWith("edit"));
  for (const { payload } of calls.slice(paid + 2)) tell(`\n  bot: ${textOf(payload).replaceAll("\n", "\n       ")}`);
}

async function pay({ sandbox, merchant }: Stage): Promise<unknown> {
  const [charge] = await sandbox.charges({ token: merchant, limit: 1 });
  return charge && sandbox.pay({ id: charge.id });
}

async function playOne({ control, token, tell }: Stage, { user, did, method, act }: Doing) {
  const since = (await control.calls({ token, limit: 100_000 })).at(-1)?.seq ?? 0;
  tell(`\n  ${user.first_name}: ${did}`);
  const began = performance.timeOrigin + performance.now();
  await act();
  const { calls } = await control.wait({ token, chat_id: user.id, since, method, timeout_ms: ANSWER_MS });
  const call = calls[0];
  const ms = call ? Math.max(0, call.at - began) : null;
  const got = call ? textOf(call.payload) : "(no answer)";
  tell(`  bot: ${got.replaceAll("\n", "\n       ")}`);
  tell(ms === null ? "       — no answer" : `       — ${ms.toFixed(1)} ms until the answer left`);
  return { exchange: { did, got, ms }, messageId: call?.outcome?.message_id ?? 0 };
}

function textOf(payload: Record<string, unknown>): string {
  const { text, caption, photo } = payload;
  const words = String(text ?? caption ?? "");
  return photo === undefined ? words : `[photo]\n${words}`;
}
