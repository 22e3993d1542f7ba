// What words and payments of a person lead to: an answer to a question of the bot's, a command, or the funnel's reply. Pure.

import { runReply } from "../funnel/run.ts";
import { type TextName, textOf } from "../funnel/texts.ts";
import type { Decision } from "../inbox/line.ts";
import type { Effect, PaymentBody } from "../kernel/effect.ts";
import type { Fact } from "../kernel/fact.ts";
import { readCpf, readEmail } from "../kernel/payer.ts";
import type { Scene } from "./decide.ts";
import { decideFact } from "./facts.ts";
import type { Incoming, Person } from "./update.ts";
import { namesOf, sendsOf } from "./walk-from.ts";

type Said = Extract<Incoming, { kind: "text" | "media" }>;
type Customer = Scene["customer"];

export const asking = (body: PaymentBody): Effect => ({ kind: "payment", policy: "reply", body });

export const valuesOf = (person: Pick<Person, "firstName" | "lastName">) => {
  const { firstName, fullName } = namesOf(person);
  return { primeiro_nome: firstName, nome: fullName };
};

const COMMAND = /^\/(meuspedidos|suporte|paysupport)(?:@\w+)?\s*$/i;

/** A command about one's purchases; undefined when it is none. */
export function decideCommand(said: Said, scene: Scene, seen: Customer): Decision | undefined {
  const command = COMMAND.exec(said.text)?.[1]?.toLowerCase();
  if (command === undefined) return undefined;
  const customer = { ...seen, asked: null };
  if (command === "meuspedidos") return { outcome: "processed", customer, effects: [asking({ ask: "orders" })] };
  const name: TextName = command === "paysupport" ? "paySupport" : "support";
  return { outcome: "processed", customer, effects: tell(scene, name, said.person) };
}

/** A message as it is kept when its words must not be. */
export const hiddenMessage = ({ messageId, at }: Said) => ({ messageId, kind: "text", body: "•••", fileId: null, at });

/**
 * The answer to what the bot asked for: sealed, and kept nowhere else. What does not pass its check is asked for again; it may still be a
 * mistyped number, so it is not kept either.
 */
export function decideTold(said: Said, scene: Scene, seen: Customer): Decision | undefined {
  const { asked } = seen;
  if (asked === null) return undefined;
  const value = asked === "cpf" ? readCpf(said.text) : readEmail(said.text);
  const hidden = { outcome: "processed" as const, message: hiddenMessage(said), wipe: true };
  if (value === undefined)
    return {
      ...hidden,
      customer: seen,
      effects: tell(scene, asked === "cpf" ? "wrongCpf" : "wrongEmail", said.person),
    };
  const effects = [asking({ ask: "payer", field: asked, sealed: scene.seal(value) })];
  return { ...hidden, customer: { ...seen, asked: null }, effects };
}

/** What the funnel answers to words that no step waits for. */
export function replyOf(said: Said, { own, current }: Scene): Effect[] {
  const version = own ?? current;
  return version ? sendsOf(runReply(version.funnel, namesOf(said.person))) : [];
}

/** Telegram waits for the answer; who does not may not pay. */
export function decideCheckout({ queryId }: Extract<Incoming, { kind: "checkout" }>, { checkout }: Scene): Decision {
  const verdict = checkout ?? { ok: false, sentence: "Não foi possível conferir o pagamento. Tente de novo." };
  const sentence = verdict.ok ? {} : { sentence: verdict.sentence };
  return {
    outcome: "processed",
    effects: [],
    courtesy: { preCheckoutQueryId: queryId, isOk: verdict.ok, ...sentence },
  };
}

export function decideStars(said: Extract<Incoming, { kind: "stars" }>, { customer }: Scene): Decision {
  const { payload, amount, currency, paymentId, isRefund } = said;
  const body: PaymentBody = { ask: "stars", payload, amount, currency, paymentId, isRefund };
  return { outcome: "processed", customer: { ...customer, blockedAt: null }, effects: [asking(body)] };
}

/** A fact becomes messages; it may leave the person at the end of a delivered sequence, or with a question. */
export function decideFactTold(fact: Fact, scene: Scene): Decision {
  const { customer, tapped, own, current } = scene;
  const { effects, at } = decideFact(fact, { funnel: (tapped ?? own ?? current)?.funnel, now: scene.now });
  const stands = at !== null && tapped ? { funnelVersionId: tapped.id, stepId: at } : {};
  const asked = fact.kind === "payer.ask" ? { asked: fact.field } : {};
  return { outcome: "processed", customer: { ...customer, ...stands, ...asked }, effects };
}

function tell({ own, current }: Scene, name: TextName, person: Person): Effect[] {
  return sendsOf([{ text: textOf((own ?? current)?.funnel, name, valuesOf(person)), linkPreview: false }]);
}
