// What an update leads to. Pure: the update, what is known of the person, the funnel and the time go in; a decision comes out.

import { findButton, type SealedFunnel } from "../funnel/seal.ts";
import { type TextName, textOf } from "../funnel/texts.ts";
import type { Customer, Decision, KeptMessage } from "../inbox/line.ts";
import type { PaymentBody } from "../kernel/effect.ts";
import type { Fact } from "../kernel/fact.ts";
import type { FunnelVersionId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import { readCpf } from "../kernel/payer.ts";
import {
  asking,
  decideCheckout,
  decideCommand,
  decideFactTold,
  decideStars,
  decideTold,
  hiddenMessage,
  replyOf,
  valuesOf,
} from "./decide-said.ts";
import type { Incoming, Person } from "./update.ts";
import { walkFrom } from "./walk-from.ts";

/** A funnel in one of its immutable versions. */
export type FunnelVersion = { id: FunnelVersionId; funnel: SealedFunnel };

export type Scene = {
  customer: Customer;
  /** The version that a start begins; absent = the bot has no funnel yet. */
  current?: FunnelVersion;
  /** The version that this customer began; absent = none, or the one that is current. */
  own?: FunnelVersion;
  /** The version in which a tapped button stands; absent = we know no such button. */
  tapped?: FunnelVersion;
  /** Whether the invoice may be paid that Telegram asks about. */
  checkout?: { ok: true } | { ok: false; sentence: string };
  /** Seals what he told about himself. */
  seal: (value: string) => string;
  receivedAt: Date;
  now: Date;
};

type Speaking = Extract<Incoming, { person: Person }>;
type Words = Extract<Incoming, { kind: "text" | "media" }>;

/** What another domain tells, for a person. */
export type FactTold = { kind: "fact"; fact: Fact; person: Person };

export function decide(incoming: Incoming | FactTold, scene: Scene): Decision {
  if (incoming.kind === "fact") return decideFactTold(incoming.fact, scene);
  const decision = decideIncoming(incoming, scene);
  // He had blocked the bot and is back: what could not be delivered meanwhile is delivered now.
  const isBack = scene.customer.blockedAt !== null && decision.customer?.blockedAt === null;
  return isBack ? { ...decision, effects: [...decision.effects, asking({ ask: "redeliver" })] } : decision;
}

function decideIncoming(incoming: Incoming, scene: Scene): Decision {
  switch (incoming.kind) {
    case "ignored":
      return { outcome: "ignored", effects: [] };
    case "member":
      return decideMember(incoming.blocked, scene);
    case "tap":
      return decideTap(incoming, scene);
    case "checkout":
      return decideCheckout(incoming, scene);
    case "stars":
      return { ...decideStars(incoming, scene), message: keptMessage(incoming) };
    case "start":
      return { ...decideStart(incoming, incoming.payload, scene), message: keptMessage(incoming) };
    default: {
      const said = decideSaid(incoming, scene);
      const decision = { message: keptMessage(incoming), ...said };
      // A CPF that nobody asked for, or that was sent twice, is kept as little as one that was.
      return isHidden(incoming.text) ? { ...decision, message: hiddenMessage(incoming), wipe: true } : decision;
    }
  }
}

/** Begins the funnel from the start and answers again; tapped again within five seconds it is answered once. */
function decideStart(incoming: Speaking, payload: string | null, scene: Scene): Decision & { customer: Customer } {
  const { customer, current, receivedAt } = scene;
  const seen = { ...customer, blockedAt: null };
  if (isWithin(customer.startedAt, receivedAt, limits.startRepeatMs))
    return { outcome: "processed", customer: seen, effects: [] };
  const started: Customer = {
    ...seen,
    startPayload: payload ?? customer.startPayload,
    startedAt: receivedAt,
    funnelVersionId: current?.id ?? null,
    stepId: null,
    answeredWhat: null,
    answeredAt: null,
    asked: null,
  };
  if (!current) return { outcome: "processed", customer: started, effects: [] };
  const { sends, at } = walkFrom(current.funnel, current.funnel.start, incoming.person);
  return { outcome: "processed", customer: { ...started, stepId: at }, effects: sends };
}

/** The first words of somebody who sent no /start are a start; the same words again within three seconds are answered by it, too. */
function decideFirst(incoming: Speaking & { text: string }, scene: Scene): Decision & { customer: Customer } {
  const decision = decideStart(incoming, null, scene);
  const answered = { answeredWhat: whatIsSaid(incoming), answeredAt: scene.receivedAt };
  return { ...decision, customer: { ...decision.customer, ...answered } };
}

/** An answer, a command, or words; somebody who never began is welcomed, whatever he writes. */
function decideSaid(incoming: Words, scene: Scene): Decision {
  const seen = { ...scene.customer, blockedAt: null };
  const isText = incoming.kind === "text";
  const decision = isText && (decideCommand(incoming, scene, seen) ?? decideTold(incoming, scene, seen));
  return decision || (hasBegun(scene.customer) ? decideText(incoming, scene) : decideFirst(incoming, scene));
}

/** Text outside a step gets the bot's configured reply, the same text again within three seconds only once. */
function decideText(incoming: Words, scene: Scene): Decision {
  const { customer, receivedAt } = scene;
  const what = whatIsSaid(incoming);
  const seen = { ...customer, blockedAt: null };
  if (isRepeat(customer, what, receivedAt)) return { outcome: "processed", customer: seen, effects: [] };
  const answered = { ...seen, answeredWhat: what, answeredAt: receivedAt };
  const effects = replyOf(incoming, scene);
  return { outcome: "processed", customer: answered, effects };
}

const BUTTON_GONE = "Este botão não vale mais. Envie /start para recomeçar.";

function decideTap(tap: Incoming & { kind: "tap" }, scene: Scene): Decision {
  const { customer, tapped, receivedAt, now } = scene;
  // Telegram has forgotten the query by now; acting on it would surprise the person.
  if (now.getTime() - receivedAt.getTime() > limits.callbackAgeMs) return { outcome: "ignored", effects: [] };
  const courtesy = (text?: string) => ({
    callbackQueryId: tap.callbackQueryId,
    ...(text === undefined ? {} : { text }),
  });
  const what = `tap:${tap.key}`;
  const isAgain = isRepeat(customer, what, receivedAt);
  const answered = { ...customer, blockedAt: null, asked: null, answeredWhat: what, answeredAt: receivedAt };
  const asks = (body: PaymentBody, name: TextName): Decision => ({
    outcome: "processed",
    customer: answered,
    effects: isAgain ? [] : [asking(body)],
    courtesy: courtesy(textOf((tapped ?? scene.own ?? scene.current)?.funnel, name, valuesOf(tap.person)).text),
  });
  const button = tapped && findButton(tapped.funnel, tap.key)?.button;
  if (!button && CHARGE_KEY.test(tap.key)) return asks({ ask: "verify", key: tap.key }, "verifying");
  if (!tapped || !button) return { outcome: "processed", effects: [], courtesy: courtesy(BUTTON_GONE) };
  if (!("step" in button)) return asks({ ask: "checkout", key: tap.key }, "generating");
  if (isAgain) return { outcome: "processed", effects: [], courtesy: courtesy() };
  const { sends, at } = walkFrom(tapped.funnel, button.step, tap.person);
  const moved: Customer = { ...answered, funnelVersionId: tapped.id, stepId: at };
  return { outcome: "processed", customer: moved, effects: sends, courtesy: courtesy() };
}

/** The key of a charge, on the "verify" button under its message: longer than a funnel's, so that neither is taken for the other. */
const CHARGE_KEY = /^[A-Za-z0-9_-]{22}$/;

function decideMember(blocked: boolean, scene: Scene): Decision {
  const { customer, receivedAt } = scene;
  return { outcome: "processed", customer: { ...customer, blockedAt: blocked ? receivedAt : null }, effects: [] };
}

function keptMessage(
  incoming: Speaking & { messageId: KeptMessage["messageId"]; at: Date; text: string },
): KeptMessage {
  const media = incoming.kind === "media" ? incoming : undefined;
  return {
    messageId: incoming.messageId,
    kind: media?.media ?? "text",
    body: incoming.text || null,
    fileId: media?.fileId ?? null,
    at: incoming.at,
  };
}

const isHidden = (text: string): boolean => readCpf(text) !== undefined;

const whatIsSaid = ({ text }: { text: string }): string => (isHidden(text) ? "text:•••" : `text:${text.slice(0, 200)}`);

/** Who taps a button has begun, too, even if we never saw his /start. */
const hasBegun = ({ startedAt, stepId }: Customer): boolean => startedAt !== null || stepId !== null;

const isWithin = (earlier: Date | null, now: Date, ms: number): boolean =>
  earlier !== null && Math.abs(now.getTime() - earlier.getTime()) < ms;

const isRepeat = (customer: Customer, what: string, at: Date): boolean =>
  customer.answeredWhat === what && isWithin(customer.answeredAt, at, limits.sameTextMs);
