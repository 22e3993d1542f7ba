// What the tests of facts share: one sale, and messages as they are read, with every mark beside the words it marks.

import type { Effect } from "#src/kernel/effect.ts";
import type { Bought, Fact, FactBody } from "#src/kernel/fact.ts";
import type { ChatId } from "#src/kernel/ids.ts";
import { cents } from "#src/kernel/money.ts";
import { decideFact, type FactScene } from "#src/telegram/facts.ts";

export const KEY = "k".repeat(16);
export const now = new Date("2026-03-01T17:05:00Z");
export const expiresAt = "2026-03-01T17:35:00Z";
export const sale: Bought = { order: 123, product: "Guia da Rotina Leve", amount: cents(1990), currency: "BRL" };
export const starSale: Bought = { ...sale, amount: cents(250), currency: "XTR" };

const alice = { chatId: 501 as ChatId, firstName: "Alice", lastName: "Souza" };

export type Names = Partial<Pick<Fact, "firstName" | "lastName">>;

export function decideAll(body: FactBody, scene: Partial<FactScene> = {}, names: Names = {}) {
  return decideFact({ ...alice, ...names, ...body } as Fact, { funnel: undefined, now, ...scene });
}

/** A message as a person sees it: method, text, its marks as "type: words", and the rest as it is. */
export function read(effect: Effect | undefined) {
  if (effect?.kind !== "send") throw new Error("that is no message");
  const { method, payload, media } = effect.body;
  const { text, caption, entities, caption_entities, reply_markup, ...rest } = payload;
  const words = String(text ?? caption ?? "");
  const marks = (entities ?? caption_entities ?? []) as { type: string; offset: number; length: number }[];
  const keyboard = (reply_markup as { inline_keyboard: object[][] } | undefined)?.inline_keyboard;
  return {
    method,
    policy: effect.policy,
    ...(words !== "" && { words }),
    marks: marks.map(({ type, offset, length }) => `${type}: ${words.slice(offset, offset + length)}`),
    ...(keyboard && { keyboard: keyboard.flat() }),
    ...(media && { media }),
    rest,
  };
}

/** All messages of a fact, as `read` shows them. */
export function told(body: FactBody, scene: Partial<FactScene> = {}, names: Names = {}) {
  return decideAll(body, scene, names).effects.map(read);
}
